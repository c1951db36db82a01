import type { TimeRange } from '../model/time-range.ts'
import { dayMs } from '../model/time-range.ts'
import type { Db } from './db.ts'

/** Lines of one host that were acknowledged on one day of receipt, UTC, and not stored because they are not wanted. */
export interface IngestOffDay {
  readonly tenantId: string
  readonly hostId: string
  /** Days since the epoch. */
  readonly day: number
  readonly lines: number
  readonly bytes: number
}

/** Adds to what is counted already. */
export async function addIngestOffDays(db: Db, days: readonly IngestOffDay[]): Promise<void> {
  for (const { tenantId, hostId, day, lines, bytes } of days) {
    await db
      .insertInto('ingest_off_days')
      .values({ tenant_id: tenantId, host_id: hostId, day, lines, bytes })
      .onConflict(conflict =>
        conflict.columns(['tenant_id', 'day', 'host_id']).doUpdateSet(({ eb, ref }) => ({
          lines: eb(ref('ingest_off_days.lines'), '+', ref('excluded.lines')),
          bytes: eb(ref('ingest_off_days.bytes'), '+', ref('excluded.bytes')),
        })),
      )
      .execute()
  }
}

export interface IngestOffSum {
  readonly lines: number
  readonly bytes: number
  readonly hosts: number
}

/** What was not stored and may have had its place in the range; days as in `overCapWithin`. */
export async function ingestOffWithin(
  db: Db,
  tenantId: string,
  range: TimeRange,
  hostIds?: readonly string[],
): Promise<IngestOffSum> {
  let query = db
    .selectFrom('ingest_off_days')
    .select(({ fn }) => [
      fn.sum<number | null>('lines').as('lines'),
      fn.sum<number | null>('bytes').as('bytes'),
      fn.count<number>('host_id').distinct().as('hosts'),
    ])
    .where('tenant_id', '=', tenantId)
    .where('day', '>=', Math.floor(range.start / dayMs))
  if (range.end !== undefined) query = query.where('day', '<=', Math.floor((range.end - 1) / dayMs) + 1)
  if (hostIds !== undefined) query = query.where('host_id', 'in', hostIds)
  const { lines, bytes, hosts } = await query.executeTakeFirstOrThrow()
  return { lines: lines ?? 0, bytes: bytes ?? 0, hosts }
}
