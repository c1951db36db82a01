import type { AuditEntry } from '../model/audit.ts'
import { type Db, inPassingTransaction, type Store } from './db.ts'

// What is about to be done, kept before it is. Its commit does not wait for the disk: a change of the store that does
// comes after it in the same log, so no change outlives a power failure that its intent does not.

/** The id to end it by. */
export async function beginIntent(store: Store, entry: AuditEntry): Promise<number> {
  const { id } = await inPassingTransaction(store, transaction =>
    transaction
      .insertInto('audit_intents')
      .values({ entry_json: JSON.stringify(entry) })
      .returning('id')
      .executeTakeFirstOrThrow(),
  )
  return id
}

/** It is known what became of it. Idempotent. */
export async function endIntent(store: Store, id: number): Promise<void> {
  await inPassingTransaction(store, transaction =>
    transaction.deleteFrom('audit_intents').where('id', '=', id).execute(),
  )
}

/** The oldest ones, at most `count`. */
export async function listIntents(
  db: Db,
  count: number,
): Promise<{ readonly id: number; readonly entry: AuditEntry }[]> {
  const rows = await db.selectFrom('audit_intents').selectAll().orderBy('id').limit(count).execute()
  return rows.map(({ id, entry_json }) => ({ id, entry: JSON.parse(entry_json) as AuditEntry }))
}
