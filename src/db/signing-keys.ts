import type { Db } from './db.ts'

/** A private key that signs access tokens, or signed them until `retiredAt` and still verifies. */
export interface StoredSigningKey {
  readonly kid: string
  readonly algorithm: string
  /** Private JWK as JSON text. */
  readonly privateJwkJson: string
  readonly createdAt: number
  readonly retiredAt: number | undefined
}

export async function insertSigningKey(db: Db, key: StoredSigningKey): Promise<void> {
  await db
    .insertInto('signing_keys')
    .values({
      kid: key.kid,
      algorithm: key.algorithm,
      private_jwk_json: key.privateJwkJson,
      created_at: key.createdAt,
      retired_at: key.retiredAt ?? null,
    })
    .execute()
}

/** All keys, newest first. */
export async function listSigningKeys(db: Db): Promise<StoredSigningKey[]> {
  const rows = await db.selectFrom('signing_keys').selectAll().orderBy('created_at', 'desc').orderBy('kid').execute()
  return rows.map(row => ({
    kid: row.kid,
    algorithm: row.algorithm,
    privateJwkJson: row.private_jwk_json,
    createdAt: row.created_at,
    retiredAt: row.retired_at ?? undefined,
  }))
}

/** Retires every key that is not retired, except one. */
export async function retireOtherSigningKeys(db: Db, keptKid: string, at: number): Promise<void> {
  await db
    .updateTable('signing_keys')
    .set({ retired_at: at })
    .where('kid', '!=', keptKid)
    .where('retired_at', 'is', null)
    .execute()
}

/** Deletes keys retired before `before`: no token they signed is still valid. */
export async function deleteSigningKeysRetiredBefore(db: Db, before: number): Promise<void> {
  await db.deleteFrom('signing_keys').where('retired_at', '<', before).execute()
}
