import { dayMs, type TimeRange } from '../model/time-range.ts'
import type { Db } from './db.ts'

/** What one host (or `''`: the whole tenant) sent on one day of receipt, UTC, as far as a cap counts it. */
export interface UploadDay {
  readonly tenantId: string
  readonly hostId: string
  /** Days since the epoch. */
  readonly day: number
  /** Bytes of lines stored. */
  readonly bytes: number
  /** What was acknowledged over the cap, and not stored. */
  readonly droppedLines: number
  readonly droppedBytes: number
}

export async function putUploadDays(db: Db, days: readonly UploadDay[]): Promise<void> {
  for (const { tenantId, hostId, day, bytes, droppedLines, droppedBytes } of days) {
    const counts = { bytes, dropped_lines: droppedLines, dropped_bytes: droppedBytes }
    await db
      .insertInto('upload_days')
      .values({ tenant_id: tenantId, host_id: hostId, day, ...counts })
      .onConflict(conflict => conflict.columns(['tenant_id', 'day', 'host_id']).doUpdateSet(counts))
      .execute()
  }
}

export async function listUploadDays(db: Db, day: number): Promise<readonly UploadDay[]> {
  const rows = await db.selectFrom('upload_days').selectAll().where('day', '=', day).execute()
  return rows.map(row => ({
    ...{ tenantId: row.tenant_id, hostId: row.host_id, day: row.day, bytes: row.bytes },
    ...{ droppedLines: row.dropped_lines, droppedBytes: row.dropped_bytes },
  }))
}

/** Days without a dropped line are only needed while they last. */
export async function deleteUploadDays(db: Db, before: number): Promise<void> {
  await db.deleteFrom('upload_days').where('day', '<', before).where('dropped_lines', '=', 0).execute()
}

export interface OverCap {
  readonly lines: number
  readonly bytes: number
  /** Hosts with dropped lines. */
  readonly hosts: number
}

/**
 * What was dropped over a cap and may have had its place in the range. An event is received on its own day or, just
 * before midnight, on the next. `hostIds` undefined: any host.
 */
export async function overCapWithin(
  db: Db,
  tenantId: string,
  range: TimeRange,
  hostIds?: readonly string[],
): Promise<OverCap> {
  let query = db
    .selectFrom('upload_days')
    .select(({ fn }) => [
      fn.sum<number | null>('dropped_lines').as('lines'),
      fn.sum<number | null>('dropped_bytes').as('bytes'),
      fn.count<number>('host_id').distinct().as('hosts'),
    ])
    .where('tenant_id', '=', tenantId)
    .where('host_id', '<>', '')
    .where('dropped_lines', '>', 0)
    .where('day', '>=', Math.floor(range.start / dayMs))
  if (range.end !== undefined) query = query.where('day', '<=', Math.floor((range.end - 1) / dayMs) + 1)
  if (hostIds !== undefined) query = query.where('host_id', 'in', hostIds)
  const { lines, bytes, hosts } = await query.executeTakeFirstOrThrow()
  return { lines: lines ?? 0, bytes: bytes ?? 0, hosts }
}
