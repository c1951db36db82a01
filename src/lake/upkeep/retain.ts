import type { Store } from '../../db/db.ts'
import { AppError } from '../../model/errors.ts'
import { dayMs } from '../../model/time-range.ts'
import { commitReplacement } from '../commit.ts'

/**
 * Drops the tenant's files all of whose rows came in more than `retentionDays` ago, at most `filesMax` of them;
 * collection unlinks them when no run needs them. Resolves with how many. A file goes whole, so a row may stay until
 * the youngest row of its file (a week's, at most) is past its age.
 */
export async function retain(
  store: Store,
  tenantId: string,
  retentionDays: number,
  now: number,
  filesMax: number,
): Promise<number> {
  if (!(retentionDays >= 1)) throw new AppError('invalid_argument', `${retentionDays} days are less than one`)
  const rows = await store
    .selectFrom('data_files')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where('dropped_version', 'is', null)
    .where('max_ingested', '<', now - retentionDays * dayMs)
    .orderBy('id')
    .limit(filesMax)
    .execute()
  const ids = rows.map(({ id }) => id)
  if (ids.length > 0) await commitReplacement(store, tenantId, ids, [], now)
  return ids.length
}
