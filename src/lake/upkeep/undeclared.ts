import { inTransaction, type Store } from '../../db/db.ts'
import { deleteDeclaredTable, listUndeclaredTables } from '../../db/declared-tables.ts'
import { commitReplacement } from '../commit.ts'
import { listLiveFiles } from '../data-files.ts'

/**
 * Drops files of tables that were undeclared, at most `filesMax`, and forgets the tables of which nothing is left: no
 * file, and no segment that was begun before. Until then rows that were on their way when the table went still become
 * files, and go with the next pass. Resolves with how many files were dropped, by tenant.
 */
export async function emptyUndeclared(
  store: Store,
  now: number,
  filesMax: number,
): Promise<ReadonlyMap<string, number>> {
  const dropped = new Map<string, number>()
  let left = filesMax
  for (const { tenantId, name, undeclaredAt } of await listUndeclaredTables(store)) {
    const ids = (await listLiveFiles(store, tenantId, name)).slice(0, left).map(({ id }) => id)
    if (ids.length > 0) await commitReplacement(store, tenantId, ids, [], now)
    left -= ids.length
    if (ids.length > 0) dropped.set(tenantId, (dropped.get(tenantId) ?? 0) + ids.length)
    await forgetEmpty(store, tenantId, name, undeclaredAt)
  }
  return dropped
}

function forgetEmpty(store: Store, tenantId: string, name: string, undeclaredAt: number): Promise<void> {
  return inTransaction(store, async transaction => {
    const file = await transaction
      .selectFrom('data_files')
      .select('id')
      .where('tenant_id', '=', tenantId)
      .where('table_name', '=', name)
      .limit(1)
      .executeTakeFirst()
    const segment = await transaction
      .selectFrom('segments')
      .select('number')
      .where('tenant_id', '=', tenantId)
      .where('created_at', '<=', undeclaredAt)
      .limit(1)
      .executeTakeFirst()
    if (file === undefined && segment === undefined) await deleteDeclaredTable(transaction, tenantId, name)
  })
}
