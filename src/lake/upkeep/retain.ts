import type { Store } from '../../db/db.ts'
import { queryRetentionsOf } from '../../db/query-retentions.ts'
import { AppError } from '../../model/errors.ts'
import { dayMs } from '../../model/time-range.ts'
import { commitReplacement } from '../commit.ts'
import { type LiveFile, listFilesReceivedBefore } from '../data-files.ts'
import { shippedTables } from '../tables.ts'
import type { Merge } from './compaction-plan.ts'

// Retention counts days of ingestion: agents' clocks lie. A file goes whole once every row of it is past its age; of a
// file that query names share, the rows of a name with fewer days than the tenant's are left out by a rewrite.

export interface Retention {
  readonly days: number
  /** Lower-case query name → days, where they differ. */
  readonly byQueryName: ReadonlyMap<string, number>
}

/** The files all of whose rows are past their age, and the rewrites that leave out the rows that are. Pure. */
export function planRetention(
  files: readonly LiveFile[],
  retention: Retention,
  now: number,
): { readonly drop: readonly LiveFile[]; readonly rewrite: readonly Merge[] } {
  const drop: LiveFile[] = []
  const rewrite: Merge[] = []
  for (const file of files) {
    const names = file.queryNames ?? []
    const expired = names.filter(name => isPast(file, daysOf(name, retention), now))
    const isPastAll = names.length > 0 ? expired.length === names.length : isPast(file, daysOfAny(file, retention), now)
    if (isPastAll) drop.push(file)
    else if (expired.length > 0 && file.level >= rewrittenLevelMin) {
      rewrite.push({ table: file.table, level: file.level, files: [file], excluded: { queryNames: expired } })
    }
  }
  return { drop, rewrite }
}

/** Flush files are about to be merged: a rewrite then would be done twice. */
const rewrittenLevelMin = 2

/** A file of a wide table, which only the lake ships, that says no names may hold any of them. */
function daysOfAny({ table }: LiveFile, { days, byQueryName }: Retention): number {
  const hasNames = shippedTables.find(({ name }) => name === table)?.hasQueryNames ?? false
  return hasNames ? Math.max(days, ...byQueryName.values()) : days
}

function daysOf(name: string, { days, byQueryName }: Retention): number {
  return byQueryName.get(name) ?? days
}

function isPast(file: LiveFile, days: number, now: number): boolean {
  return file.maxIngested < now - days * dayMs
}

/** The same of the tenant's files, as the catalog has them. */
export async function nextRetention(
  store: Store,
  tenantId: string,
  days: number,
  now: number,
): Promise<ReturnType<typeof planRetention>> {
  if (!(days >= 1)) throw new AppError('invalid_argument', `${days} days are less than one`)
  const byQueryName = await queryRetentionsOf(store, tenantId)
  const fewest = Math.min(days, ...byQueryName.values())
  const aged = await listFilesReceivedBefore(store, tenantId, now - fewest * dayMs)
  return planRetention(aged, { days, byQueryName }, now)
}

/**
 * Drops at most `filesMax` files of the tenant all of whose rows are past their age; collection unlinks them when no
 * run needs them. Resolves with how many.
 */
export async function retain(
  store: Store,
  tenantId: string,
  retentionDays: number,
  now: number,
  filesMax: number,
): Promise<number> {
  const { drop } = await nextRetention(store, tenantId, retentionDays, now)
  const ids = drop.slice(0, filesMax).map(({ id }) => id)
  if (ids.length > 0) await commitReplacement(store, tenantId, ids, [], now)
  return ids.length
}
