import { sql } from 'kysely'
import type { Db } from './db.ts'

// Hashes of accepted frames, by which a body that comes again unchanged is known for a week.

export interface FrameHash {
  readonly tenantId: string
  readonly hostId: string
  readonly hash: string
  readonly receivedAt: number
}

/** Idempotent: a hash that is known keeps its time. At most a few hundred at once: it is one statement. */
export async function putFrameHashes(db: Db, hashes: readonly FrameHash[]): Promise<void> {
  if (hashes.length === 0) return
  const rows = hashes.map(({ tenantId, hostId, hash, receivedAt }) => ({
    tenant_id: tenantId,
    host_id: hostId,
    hash,
    received_at: receivedAt,
  }))
  await db
    .insertInto('frame_hashes')
    .values(rows)
    .onConflict(conflict => conflict.doNothing())
    .execute()
}

/** True when the host sent this frame at or after `since`. */
export async function hasFrameHash(
  db: Db,
  tenantId: string,
  hostId: string,
  hash: string,
  since: number,
): Promise<boolean> {
  const row = await db
    .selectFrom('frame_hashes')
    .select('received_at')
    .where('tenant_id', '=', tenantId)
    .where('host_id', '=', hostId)
    .where('hash', '=', hash)
    .executeTakeFirst()
  return row !== undefined && row.received_at >= since
}

/** Forgets hashes received before `before`, at most `rowsMax`; returns how many, to be called until it says fewer. */
export async function deleteFrameHashes(db: Db, before: number, rowsMax: number): Promise<number> {
  const result = await sql`
    DELETE FROM frame_hashes WHERE (tenant_id, host_id, hash) IN (
      SELECT tenant_id, host_id, hash FROM frame_hashes
      WHERE received_at < ${before} ORDER BY received_at LIMIT ${rowsMax})`.execute(db)
  return Number(result.numAffectedRows ?? 0n)
}
