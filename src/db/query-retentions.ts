import { AppError } from '../model/errors.ts'
import { type Db, inTransaction, type Store } from './db.ts'

// Days after which rows of one query name are dropped, where they are not the tenant's.

/** Lower-case query name → days. */
export async function queryRetentionsOf(db: Db, tenantId: string): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('query_retentions')
    .select(['query_name', 'days'])
    .where('tenant_id', '=', tenantId)
    .execute()
  return new Map(rows.map(({ query_name, days }) => [query_name.toLowerCase(), days]))
}

/**
 * Sets the days of the tenant, or of one of its query names; undefined days: the query name has the tenant's again.
 * Rejects with `not_found` for an unknown tenant, `invalid_argument` for less than a day.
 */
export async function setRetention(
  db: Db,
  tenantId: string,
  queryName: string | undefined,
  days: number | undefined,
): Promise<void> {
  if (days !== undefined && !(Number.isSafeInteger(days) && days >= 1)) {
    throw new AppError('invalid_argument', `${days} is no whole number of days from 1`)
  }
  const tenant = await db.selectFrom('tenants').select('id').where('id', '=', tenantId).executeTakeFirst()
  if (tenant === undefined) throw new AppError('not_found', `there is no tenant ${tenantId}`)
  if (queryName === undefined) {
    if (days === undefined) throw new AppError('invalid_argument', 'a tenant always has a retention')
    await db.updateTable('tenants').set({ retention_days: days }).where('id', '=', tenantId).execute()
  } else if (days === undefined) {
    await db
      .deleteFrom('query_retentions')
      .where('tenant_id', '=', tenantId)
      .where('query_name', '=', queryName)
      .execute()
  } else {
    await db
      .insertInto('query_retentions')
      .values({ tenant_id: tenantId, query_name: queryName, days })
      .onConflict(conflict => conflict.columns(['tenant_id', 'query_name']).doUpdateSet({ days }))
      .execute()
  }
}

/** Several of them, all or none; null days: the query name has the tenant's again. Rejects like `setRetention`. */
export function changeRetentions(
  store: Store,
  tenantId: string,
  days: number | undefined,
  byQueryName: ReadonlyMap<string, number | null>,
): Promise<void> {
  return inTransaction(store, async transaction => {
    if (days !== undefined) await setRetention(transaction, tenantId, undefined, days)
    for (const [name, ofName] of byQueryName) await setRetention(transaction, tenantId, name, ofName ?? undefined)
  })
}
