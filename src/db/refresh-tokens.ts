import type { Db } from './db.ts'

export interface StoredRefreshToken {
  /** SHA-256 of the token, hex. */
  readonly hash: string
  readonly principalId: string
  readonly createdAt: number
  readonly expiresAt: number
}

export async function insertRefreshToken(db: Db, token: StoredRefreshToken): Promise<void> {
  await db
    .insertInto('refresh_tokens')
    .values({
      hash: token.hash,
      principal_id: token.principalId,
      created_at: token.createdAt,
      expires_at: token.expiresAt,
    })
    .execute()
}

/**
 * Removes the token and returns what it was, or undefined when there is none of that principal's. Of two callers with
 * the same token exactly one gets it.
 */
export async function takeRefreshToken(
  db: Db,
  principalId: string,
  hash: string,
): Promise<StoredRefreshToken | undefined> {
  const row = await db
    .deleteFrom('refresh_tokens')
    .where('hash', '=', hash)
    .where('principal_id', '=', principalId)
    .returningAll()
    .executeTakeFirst()
  if (row === undefined) return undefined
  return { hash: row.hash, principalId: row.principal_id, createdAt: row.created_at, expiresAt: row.expires_at }
}

/** Keeps the newest `kept` tokens of a principal: one that never uses them must not fill the store. */
export async function trimRefreshTokens(db: Db, principalId: string, kept: number): Promise<void> {
  await db
    .deleteFrom('refresh_tokens')
    .where('hash', 'in', expression =>
      expression
        .selectFrom('refresh_tokens')
        .select('hash')
        .where('principal_id', '=', principalId)
        .orderBy('created_at', 'desc')
        .orderBy('hash')
        .limit(-1)
        .offset(kept),
    )
    .execute()
}

/** Of everybody: a principal that is gone asks for no more. */
export async function deleteExpiredRefreshTokens(db: Db, now: number): Promise<void> {
  await db.deleteFrom('refresh_tokens').where('expires_at', '<=', now).execute()
}
