import type { LakeTable } from '../../model/lake-table.ts'
import { type Excluded, excludedCountSql } from '../../row-sql/merge.ts'
import type { ConvertDeps } from '../data-file-writer.ts'
import { type LiveFile, listLiveFiles, withStats } from '../data-files.ts'
import { prune } from '../prune.ts'
import { tablesOf } from '../schema.ts'
import { storedTableOf } from '../tables.ts'
import { compact } from './compact.ts'

/** A host's rows that are not to be in the lake. */
export interface Erasure {
  readonly hostId: string
  /** Only rows that came in segments up to this number; undefined: all. A host may report again later. */
  readonly lastSegment?: number | undefined
}

export interface Erased {
  readonly rows: number
  /** Files that were rewritten or went whole. */
  readonly files: number
}

/** Live files of one table, each with how many of a host's rows it holds. */
export interface HeldRows {
  readonly table: LakeTable
  readonly excluded: Excluded
  readonly files: readonly { readonly file: LiveFile; readonly rows: number }[]
}

/** Where the host's rows are: only files whose statistics may contain it, and that `isWanted`, are looked into. */
export async function rowsOfHost(
  { store, storage, writer }: Pick<ConvertDeps, 'store' | 'storage' | 'writer'>,
  tenantId: string,
  { hostId, lastSegment }: Erasure,
  isWanted: (file: LiveFile) => boolean = () => true,
): Promise<readonly HeldRows[]> {
  const held: HeldRows[] = []
  for (const table of await tablesOf(store, tenantId)) {
    const { name, hostColumn, columns } = table
    if (hostColumn === undefined || storedTableOf(name) !== name) continue
    const live = await withStats(store, await listLiveFiles(store, tenantId, name))
    // A file without the column has no host's rows.
    const withHosts = live.filter(
      file => isWanted(file) && Object.hasOwn(file.stats ?? { [hostColumn]: 0 }, hostColumn),
    )
    const bounds = [{ column: hostColumn, in: [hostId] }]
    const excluded = { hosts: { column: hostColumn, ids: [hostId], lastSegment } }
    const asked = columns.filter(column => column.name === hostColumn)
    const files = []
    for (const file of prune(withHosts, { range: undefined, queryNames: undefined, hosts: undefined, bounds })) {
      const local = await storage.locate(file.path)
      const [row] = await writer.use(run => run(excludedCountSql([local], asked, excluded)))
      if (Number(row?.['rows']) > 0) files.push({ file, rows: Number(row?.['rows']) })
    }
    if (files.length > 0) held.push({ table, excluded, files })
  }
  return held
}

/**
 * Leaves a host's rows out of every file that holds some, each in a commit of its own, so it may be stopped and run
 * again. Rows that are still in segments are not touched: seal and convert them first. The bytes are gone when
 * collection has unlinked the old files and the consumed segments.
 */
export async function eraseHost(deps: ConvertDeps, tenantId: string, erasure: Erasure): Promise<Erased> {
  let [rows, files] = [0, 0]
  for (const { table, excluded, files: held } of await rowsOfHost(deps, tenantId, erasure)) {
    for (const { file } of held) {
      const merge = { table: table.name, level: file.level, files: [file], excluded }
      rows += file.rows - (await compact(deps, tenantId, merge)).rows
      files += 1
    }
  }
  return { rows, files }
}
