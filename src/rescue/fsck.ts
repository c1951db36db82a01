import { join } from 'node:path'
import { listUnconsumedSegments } from '../lake/catalog.ts'
import type { ConvertDeps } from '../lake/data-file-writer.ts'
import { declaredIn, erasedIn, type JournalEntry, journalName, readJournal } from '../lake/journal.ts'
import { eraseHost, rowsOfHost } from '../lake/upkeep/erase.ts'
import { readCatalog } from './catalog-record.ts'
import { isReadable } from './cover.ts'
import type { Difference } from './difference.ts'
import { type Comparison, compareTenant } from './differences.ts'
import { readDiskFiles } from './disk-files.ts'
import { readDiskSegments } from './disk-segments.ts'
import { repairTenant } from './repair.ts'

// `edr-lake fsck`: reads every data file and segment, compares them with the catalog and, where asked, makes the
// catalog say what is there. For a data directory that no server uses.

export interface FsckDeps extends ConvertDeps {
  /** Holds the journal as well. */
  readonly segmentsFolder: string
}

export interface FsckReport {
  readonly dataFiles: number
  readonly segments: number
  readonly differences: readonly Difference[]
  /** Objects that no live row is in: the janitor sweeps them by age. */
  readonly leftover: number
  readonly isRepaired: boolean
}

export async function fsck(deps: FsckDeps, options: { readonly repair: boolean }): Promise<FsckReport> {
  const files = await deps.writer.use(run => readDiskFiles(deps.storage, run))
  const unconsumed = await listUnconsumedSegments(deps.store)
  const sealed = unconsumed.flatMap(({ number, frames, bytes }) =>
    frames === undefined || bytes === undefined ? [] : [[number, { frames, bytes }] as const],
  )
  const segments = await readDiskSegments(deps.segmentsFolder, new Map(sealed))
  const { tenants: records, lastNumber } = await readCatalog(deps.store)
  const journal = await readJournal(join(deps.segmentsFolder, journalName))
  const fileTenants = Map.groupBy(files, ({ path }) => tenantOf(path))
  const segmentTenants = Map.groupBy(segments, ({ tenantId }) => tenantId)
  const tenantIds = [...new Set([...records.keys(), ...fileTenants.keys(), ...segmentTenants.keys()])].sort()
  const comparisons = tenantIds.map((tenantId): readonly [string, Comparison] => {
    const disk = { files: fileTenants.get(tenantId) ?? [], segments: segmentTenants.get(tenantId) ?? [] }
    const journaled = { declared: declaredIn(journal, tenantId), erased: erasedIn(journal, tenantId) }
    return [tenantId, compareTenant(tenantId, disk, records.get(tenantId), lastNumber, journaled)]
  })
  if (options.repair) {
    for (const [tenantId, { repairs }] of comparisons) {
      if (repairs.length === 0) continue
      const { store, storage, clock } = deps
      await deps.writer.use(run => repairTenant({ store, storage, run, now: clock() }, tenantId, repairs))
    }
  }
  // By now the catalog may name files again that hold rows of hosts which were erased.
  const isThere = new Set(files.filter(isReadable).map(({ path }) => path))
  const erased: Difference[] = []
  for (const tenantId of tenantIds) {
    erased.push(...(await checkErasures(deps, tenantId, journal, isThere, options.repair)))
  }
  return {
    ...{ dataFiles: files.length, segments: segments.length },
    differences: [...comparisons.flatMap(([, { differences }]) => differences), ...erased],
    leftover: comparisons.reduce((total, [, { leftover }]) => total + leftover, 0),
    isRepaired: options.repair,
  }
}

/** A host that was erased has no row that came before; where it has, it is erased again. */
async function checkErasures(
  deps: FsckDeps,
  tenantId: string,
  journal: readonly JournalEntry[],
  isThere: ReadonlySet<string>,
  repair: boolean,
): Promise<readonly Difference[]> {
  const differences: Difference[] = []
  for (const [hostId, lastSegment] of erasedIn(journal, tenantId)) {
    const held = await rowsOfHost(deps, tenantId, { hostId, lastSegment }, ({ path }) => isThere.has(path))
    const files = held.flatMap(table => table.files)
    if (files.length === 0) continue
    const rows = files.reduce((sum, file) => sum + file.rows, 0)
    const detail = `the host was erased, and ${files.length} files hold ${rows} of its rows`
    differences.push({ kind: 'erasedHost', tenantId, subject: hostId, detail })
    if (repair) await eraseHost(deps, tenantId, { hostId, lastSegment })
  }
  return differences
}

/** An object's key begins with its tenant, whatever its footer says. */
function tenantOf(path: string): string {
  return path.split('/', 1)[0] ?? ''
}
