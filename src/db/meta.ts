import type { Db } from './db.ts'

// Facts about the store itself, by key.

export async function findMeta(db: Db, key: string): Promise<string | undefined> {
  return (await db.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirst())?.value
}

export async function putMeta(db: Db, key: string, value: string): Promise<void> {
  const row = { key, value }
  await db
    .insertInto('meta')
    .values(row)
    .onConflict(conflict => conflict.column('key').doUpdateSet({ value }))
    .execute()
}
