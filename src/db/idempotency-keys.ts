import type { Db } from './db.ts'

/** What an Idempotency-Key stands for: one request of one principal and the run it started. */
export interface StoredIdempotencyKey {
  readonly tenantId: string
  readonly principalId: string
  readonly key: string
  /** SHA-256 of the request, hex. */
  readonly requestHash: string
  readonly runId: string
  readonly expiresAt: number
}

/** The key if it has not expired. */
export async function findIdempotencyKey(
  db: Db,
  tenantId: string,
  principalId: string,
  key: string,
  now: number,
): Promise<StoredIdempotencyKey | undefined> {
  const row = await db
    .selectFrom('idempotency_keys')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('principal_id', '=', principalId)
    .where('key', '=', key)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  if (row === undefined) return undefined
  return {
    tenantId: row.tenant_id,
    principalId: row.principal_id,
    key: row.key,
    requestHash: row.request_hash,
    runId: row.run_id,
    expiresAt: row.expires_at,
  }
}

/** Keeps the key, in place of an expired one of the same name; expired ones of everybody are deleted on the way. */
export async function putIdempotencyKey(db: Db, entry: StoredIdempotencyKey, now: number): Promise<void> {
  await db.deleteFrom('idempotency_keys').where('expires_at', '<=', now).execute()
  await db
    .insertInto('idempotency_keys')
    .values({
      tenant_id: entry.tenantId,
      principal_id: entry.principalId,
      key: entry.key,
      request_hash: entry.requestHash,
      run_id: entry.runId,
      expires_at: entry.expiresAt,
    })
    .execute()
}
