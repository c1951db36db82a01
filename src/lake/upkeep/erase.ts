import type { ConvertDeps } from '../data-file-writer.ts'
import { listLiveFiles, withStats } from '../data-files.ts'
import { prune } from '../prune.ts'
import { shippedTables, storedTables } from '../tables.ts'
import { compact } from './compact.ts'

export interface Erased {
  readonly rows: number
  /** Files that were rewritten or went whole. */
  readonly files: number
}

/**
 * Leaves a host's rows out of every file that may hold some: only files whose statistics contain it are rewritten, each
 * in a commit of its own, so it may be stopped and run again. Rows that are still in segments are not touched: seal and
 * convert them first. The bytes are gone when collection has unlinked the old files and the consumed segments.
 */
export async function eraseHost(deps: ConvertDeps, tenantId: string, hostId: string): Promise<Erased> {
  let [rows, files] = [0, 0]
  for (const { name, hostColumn } of shippedTables) {
    if (hostColumn === undefined || !storedTables.includes(name)) continue
    const live = await withStats(deps.store, await listLiveFiles(deps.store, tenantId, name))
    const bounds = [{ column: hostColumn, in: [hostId] }]
    for (const file of prune(live, { range: undefined, queryNames: undefined, hosts: undefined, bounds })) {
      const merge = { table: name, level: file.level, files: [file], excluded: { hostIds: [hostId] } }
      rows += file.rows - (await compact(deps, tenantId, merge)).rows
      files += 1
    }
  }
  return { rows, files }
}
