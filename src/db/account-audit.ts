import type { AuditEntry } from '../model/audit.ts'
import { type Db, inTransaction, type Store } from './db.ts'

// What was done in the name of a partner or an organization itself. It belongs to no tenant, so it is in no lake.

/** Keeps the entry, and of the account's entries the newest `keptMax`. */
export async function insertAccountAudit(
  store: Store,
  accountId: string,
  entry: AuditEntry,
  keptMax: number,
): Promise<void> {
  await inTransaction(store, async transaction => {
    await transaction
      .insertInto('account_audit')
      .values({ account_id: accountId, at: entry.at, entry_json: JSON.stringify(entry) })
      .execute()
    const oldest = await transaction
      .selectFrom('account_audit')
      .select('id')
      .where('account_id', '=', accountId)
      .orderBy('id', 'desc')
      .offset(keptMax)
      .limit(1)
      .executeTakeFirst()
    if (oldest === undefined) return
    await transaction
      .deleteFrom('account_audit')
      .where('account_id', '=', accountId)
      .where('id', '<=', oldest.id)
      .execute()
  })
}

/** Entries `[offset, offset + count)` of the account, newest first. */
export async function listAccountAudit(
  db: Db,
  accountId: string,
  offset: number,
  count: number,
): Promise<AuditEntry[]> {
  const rows = await db
    .selectFrom('account_audit')
    .select('entry_json')
    .where('account_id', '=', accountId)
    .orderBy('id', 'desc')
    .limit(count)
    .offset(offset)
    .execute()
  return rows.map(row => JSON.parse(row.entry_json) as AuditEntry)
}

export async function countAccountAudit(db: Db, accountId: string): Promise<number> {
  const row = await db
    .selectFrom('account_audit')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('account_id', '=', accountId)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}
