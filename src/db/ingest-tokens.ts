import type { Db } from './db.ts'
import type { IngestTokenRow } from './tables.ts'

/** A token of a source that only puts rows into one tenant, as stored: the keyed hash, never the token. */
export interface IngestToken {
  readonly id: string
  readonly tenantId: string
  /** The source it was made for. */
  readonly name: string
  /** HMAC-SHA-256, hex. */
  readonly hash: string
  readonly createdAt: number
  /** Not exact: noted at most once a minute. */
  readonly lastUsedAt: number | undefined
  readonly revokedAt: number | undefined
}

export async function insertIngestToken(db: Db, token: IngestToken): Promise<void> {
  await db
    .insertInto('ingest_tokens')
    .values({
      id: token.id,
      tenant_id: token.tenantId,
      name: token.name,
      hash: token.hash,
      created_at: token.createdAt,
      last_used_at: token.lastUsedAt ?? null,
      revoked_at: token.revokedAt ?? null,
    })
    .execute()
}

export async function findIngestTokenByHash(db: Db, hash: string): Promise<IngestToken | undefined> {
  const row = await db.selectFrom('ingest_tokens').selectAll().where('hash', '=', hash).executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

/** All of the tenant's, revoked ones too, oldest first. */
export async function listIngestTokens(db: Db, tenantId: string): Promise<IngestToken[]> {
  const rows = await db
    .selectFrom('ingest_tokens')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(fromRow)
}

export async function noteIngestTokenUse(db: Db, id: string, at: number): Promise<void> {
  await db.updateTable('ingest_tokens').set({ last_used_at: at }).where('id', '=', id).execute()
}

/** Idempotent: the first moment stays. False when the tenant has no such token. */
export async function revokeIngestToken(db: Db, tenantId: string, id: string, at: number): Promise<boolean> {
  const result = await db
    .updateTable('ingest_tokens')
    .set(({ fn, val }) => ({ revoked_at: fn.coalesce('revoked_at', val(at)) }))
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

function fromRow(row: IngestTokenRow): IngestToken {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    name: row.name,
    hash: row.hash,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
  }
}
