import { type Db, inTransaction, type Store } from '../db/db.ts'
import type { SegmentRecord } from '../db/tables.ts'
import { convertAttemptsMax } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import type { Segment, SegmentState } from '../model/segment.ts'

// Segments and manifest versions in the metadata store. Each exported function is one transaction. The modes of a
// segment and how it moves between them are in model/segment.ts: open → sealed here, sealed → consumed in commit.ts,
// sealed → quarantined here.

/** A segment with what is known of its content once it is sealed. */
export interface StoredSegment extends Segment {
  readonly frames: number | undefined
  readonly lines: number | undefined
  readonly bytes: number | undefined
  readonly sealedAt: number | undefined
  readonly consumedAt: number | undefined
  /** Conversions that failed. */
  readonly attempts: number
  /** Why the last one failed. */
  readonly error: string | undefined
}

export interface SegmentContent {
  readonly frames: number
  readonly lines: number
  readonly bytes: number
}

/** A new open segment. Its row is durable before its file exists, so a file without a row is garbage. */
export function openSegment(store: Store, tenantId: string, now: number): Promise<StoredSegment> {
  return inTransaction(store, async transaction => {
    const { number } = await transaction
      .insertInto('segments')
      .values({ tenant_id: tenantId, file_name: `new/${tenantId}/${now}`, state: 'open', created_at: now })
      .returning('number')
      .executeTakeFirstOrThrow()
    const row = await transaction
      .updateTable('segments')
      .set({ file_name: `${tenantId}/${number}.ndjson` })
      .where('number', '=', number)
      .returningAll()
      .executeTakeFirstOrThrow()
    return asSegment(row)
  })
}

/**
 * Open → sealed: nothing more is appended, the content is as given. Sealing a sealed segment again changes nothing.
 * Rejects with `not_found`, or `conflict` when its rows are in data files already.
 */
export async function sealSegment(store: Store, number: number, content: SegmentContent, now: number): Promise<void> {
  await inTransaction(store, async transaction => {
    const { state } = await getSegmentRow(transaction, number)
    if (state === 'sealed' || state === 'quarantined') return
    if (state !== 'open') throw new AppError('conflict', `segment ${number} is ${state}`)
    await transaction
      .updateTable('segments')
      .set({ state: 'sealed', ...content, sealed_at: now })
      .where('number', '=', number)
      .execute()
  })
}

/** Segments whose rows are not in data files, oldest first: open, sealed and quarantined ones. */
export async function listUnconsumedSegments(store: Db, tenantId?: string): Promise<readonly StoredSegment[]> {
  return listSegments(store, ['open', 'sealed', 'quarantined'], tenantId)
}

/** Segments whose rows are in data files and whose file is still there, oldest first. */
export async function listConsumedSegments(store: Db, tenantId?: string): Promise<readonly StoredSegment[]> {
  return listSegments(store, ['consumed'], tenantId)
}

async function listSegments(store: Db, states: readonly SegmentState[], tenantId: string | undefined) {
  let query = store.selectFrom('segments').selectAll().where('state', 'in', states).orderBy('number')
  if (tenantId !== undefined) query = query.where('tenant_id', '=', tenantId)
  return (await query.execute()).map(asSegment)
}

export async function findSegment(store: Db, number: number): Promise<StoredSegment | undefined> {
  const row = await store.selectFrom('segments').selectAll().where('number', '=', number).executeTakeFirst()
  return row === undefined ? undefined : asSegment(row)
}

/**
 * Notes that a sealed segment could not be converted, and why; after `convertAttemptsMax` times it is quarantined: no
 * longer converted, still read as part of the tail, and shown in health. Resolves with its state.
 */
export function failSegment(store: Store, number: number, reason: string): Promise<SegmentState> {
  return inTransaction(store, async transaction => {
    const row = await getSegmentRow(transaction, number)
    if (row.state !== 'sealed') return row.state as SegmentState
    const attempts = row.attempts + 1
    const state = attempts >= convertAttemptsMax ? 'quarantined' : 'sealed'
    await transaction
      .updateTable('segments')
      .set({ attempts, state, error: reason })
      .where('number', '=', number)
      .execute()
    return state
  })
}

/** Quarantined → sealed with one more try: the cause may be gone, or a newer program may know better. */
export async function retryQuarantined(store: Store): Promise<void> {
  await store
    .updateTable('segments')
    .set({ state: 'sealed', attempts: convertAttemptsMax - 1 })
    .where('state', '=', 'quarantined')
    .execute()
}

/** The tenant's current manifest version; 0 before its first commit. */
export async function manifestVersion(store: Db, tenantId: string): Promise<number> {
  const row = await store.selectFrom('manifests').select('version').where('tenant_id', '=', tenantId).executeTakeFirst()
  return row?.version ?? 0
}

export async function getSegmentRow(store: Db, number: number): Promise<SegmentRecord> {
  const row = await store.selectFrom('segments').selectAll().where('number', '=', number).executeTakeFirst()
  if (row === undefined) throw new AppError('not_found', `there is no segment ${number}`)
  return row
}

function asSegment(row: SegmentRecord): StoredSegment {
  return {
    number: row.number,
    tenantId: row.tenant_id,
    fileName: row.file_name,
    state: row.state as SegmentState,
    createdAt: row.created_at,
    frames: row.frames ?? undefined,
    lines: row.lines ?? undefined,
    bytes: row.bytes ?? undefined,
    sealedAt: row.sealed_at ?? undefined,
    consumedAt: row.consumed_at ?? undefined,
    attempts: row.attempts,
    error: row.error ?? undefined,
  }
}
