import type { Store } from '../db/db.ts'
import { listUnconsumedSegments } from '../lake/catalog.ts'
import type { Writer } from '../lake/writer.ts'
import type { Storage } from '../storage/storage.ts'
import { readCatalog } from './catalog-record.ts'
import { type Comparison, compareTenant, type Difference } from './differences.ts'
import { readDiskFiles } from './disk-files.ts'
import { readDiskSegments } from './disk-segments.ts'
import { repairTenant } from './repair.ts'

// `edr-lake fsck`: reads every data file and segment, compares them with the catalog and, where asked, makes the
// catalog say what is there. For a data directory that no server uses.

export interface FsckDeps {
  readonly store: Store
  readonly storage: Storage
  readonly writer: Writer
  readonly segmentsFolder: string
  readonly clock: () => number
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
  const fileTenants = Map.groupBy(files, ({ path }) => tenantOf(path))
  const segmentTenants = Map.groupBy(segments, ({ tenantId }) => tenantId)
  const tenantIds = [...new Set([...records.keys(), ...fileTenants.keys(), ...segmentTenants.keys()])].sort()
  const comparisons = tenantIds.map((tenantId): readonly [string, Comparison] => {
    const disk = { files: fileTenants.get(tenantId) ?? [], segments: segmentTenants.get(tenantId) ?? [] }
    return [tenantId, compareTenant(tenantId, disk, records.get(tenantId), lastNumber)]
  })
  if (options.repair) {
    for (const [tenantId, { repairs }] of comparisons) {
      if (repairs.length === 0) continue
      const { store, storage, clock } = deps
      await deps.writer.use(run => repairTenant({ store, storage, run, now: clock() }, tenantId, repairs))
    }
  }
  return {
    ...{ dataFiles: files.length, segments: segments.length },
    differences: comparisons.flatMap(([, { differences }]) => differences),
    leftover: comparisons.reduce((total, [, { leftover }]) => total + leftover, 0),
    isRepaired: options.repair,
  }
}

/** An object's key begins with its tenant, whatever its footer says. */
function tenantOf(path: string): string {
  return path.split('/', 1)[0] ?? ''
}
