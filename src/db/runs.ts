import { type Selectable, sql } from 'kysely'
import { AppError } from '../model/errors.ts'
import { type QueryRun, type RunEvent, type RunState, runTransitions } from '../model/query-run.ts'
import { type Db, inPassingTransaction, inTransaction, type Store } from './db.ts'
import type { RunRow } from './tables.ts'

// Query runs. A run's state changes only through `runTransitions`, read and written in one transaction: of a cancel and
// a finish that race, the second finds a closed state and changes nothing.

/** How many runs may wait before a new one is refused. */
export interface QueueBounds {
  readonly queuedMax: number
  readonly queuedPerTenantMax: number
}

/** What must become true together with a new run, in its transaction; when it rejects, there is no run either. */
export type WithRun = (transaction: Db, run: QueryRun) => Promise<void>

/** In letters, not as parameters: only so is the index of the few live runs used, and not all that are stored read. */
export const isLive = sql<boolean>`state IN ('queued', 'running')`

/**
 * Stores a new run as queued, with the text of its checked statement. Rejects with `rate_limited` when the tenant has
 * too many runs waiting and with `unavailable` when all tenants have; nothing is stored then.
 */
export function insertRun(
  store: Store,
  run: QueryRun,
  statementJson: string,
  bounds: QueueBounds,
  withRun?: WithRun,
): Promise<void> {
  return inTransaction(store, async transaction => {
    const rows = await transaction
      .selectFrom('runs')
      .select(({ fn }) => ['tenant_id', fn.countAll<number>().as('count')])
      .where(isLive)
      .where('state', '=', 'queued')
      .groupBy('tenant_id')
      .execute()
    const own = Number(rows.find(row => row.tenant_id === run.tenantId)?.count ?? 0)
    const all = rows.reduce((sum, row) => sum + Number(row.count), 0)
    if (own >= bounds.queuedPerTenantMax) throw tooMany('rate_limited', own, 'of this tenant')
    if (all >= bounds.queuedMax) throw tooMany('unavailable', all, 'in all')
    await transaction.insertInto('runs').values(toRow(run, statementJson)).execute()
    await withRun?.(transaction, run)
  })
}

function tooMany(code: 'rate_limited' | 'unavailable', count: number, whose: string): AppError {
  const message = `${count} runs ${whose} are waiting already: try again when one has finished`
  return new AppError(code, message, { details: { retryAfterSeconds: 5 } })
}

/** All that a run says of itself: without its checked statement and result columns, the bulk of most rows. */
export const shownColumns = [
  ...(['id', 'tenant_id', 'state', 'name', 'template', 'variables_json', 'saved_query_id', 'category_id'] as const),
  ...(['host_ids_json', 'range_start', 'range_end', 'is_open_ended', 'created_by_json', 'created_at'] as const),
  ...(['expires_at', 'finished_at', 'attempts', 'row_count', 'error_json', 'truncated_json', 'window_json'] as const),
  ...(['note', 'warnings_json', 'limits_json', 'is_kept'] as const),
]

export type ShownRow = Pick<Selectable<RunRow>, (typeof shownColumns)[number]>

/** The tenant's run, or undefined: unknown, another tenant's, or expired at `now`. */
export async function findRun(db: Db, tenantId: string, id: string, now: number): Promise<QueryRun | undefined> {
  const row = await unexpired(db, tenantId, now).select(shownColumns).where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

/** The tenant's runs that have not expired at `now`. */
export function unexpired(db: Db, tenantId: string, now: number) {
  return db.selectFrom('runs').where('tenant_id', '=', tenantId).where('expires_at', '>', now)
}

/** A run that has not ended, as a runner looks at it. */
export interface LiveRun {
  readonly id: string
  readonly tenantId: string
  readonly state: RunState
  readonly attempts: number
  readonly expiresAt: number
  readonly limits?: QueryRun['limits']
}

/** Every live run of every tenant, oldest first: what a runner chooses from. At most the queue's bound and a few. */
export async function listLiveRuns(db: Db): Promise<LiveRun[]> {
  const rows = await db
    .selectFrom('runs')
    .select(['id', 'tenant_id', 'state', 'attempts', 'expires_at', 'limits_json'])
    .where(isLive)
    .orderBy('created_at')
    .execute()
  return rows.map(row => ({
    id: row.id,
    tenantId: row.tenant_id,
    state: row.state as RunState,
    attempts: row.attempts,
    expiresAt: row.expires_at,
    ...(row.limits_json === null ? {} : { limits: fromJson<NonNullable<QueryRun['limits']>>(row.limits_json) }),
  }))
}

/**
 * Makes a queued run running, with a lease; undefined where it is no longer queued. Of two claims one wins. A claim
 * that a power failure takes back leaves the run queued, which is what becomes of it then anyhow.
 */
export function claimRun(
  store: Store,
  tenantId: string,
  id: string,
  leaseExpiresAt: number,
): Promise<{ run: QueryRun; statementJson: string } | undefined> {
  return inPassingTransaction(store, async transaction => {
    const row = await transaction
      .updateTable('runs')
      .set(({ eb }) => ({
        state: runTransitions.queued.claim,
        attempts: eb('attempts', '+', 1),
        lease_expires_at: leaseExpiresAt,
      }))
      .where('tenant_id', '=', tenantId)
      .where('id', '=', id)
      .where('state', '=', 'queued')
      .returningAll()
      .executeTakeFirst()
    return row === undefined ? undefined : { run: fromRow(row), statementJson: row.statement_json }
  })
}

/** Extends a running run's lease; false where it is no longer running. */
export async function renewRun(db: Db, tenantId: string, id: string, leaseExpiresAt: number): Promise<boolean> {
  const result = await db
    .updateTable('runs')
    .set({ lease_expires_at: leaseExpiresAt })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('state', '=', 'running')
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** What an event leaves on the run, beside its state. */
export interface RunChange {
  readonly error?: QueryRun['error']
  readonly truncated?: QueryRun['truncated']
  readonly window?: QueryRun['window']
  readonly note?: QueryRun['note']
  readonly rowCount?: number
  readonly columnsJson?: string
}

/**
 * Applies an event to a run. Commit point of its outcome: a result counts once this says true. False where the event
 * means nothing in the run's state (it has ended otherwise, or is unknown); nothing is changed then.
 */
export function changeRun(
  store: Store,
  tenantId: string,
  id: string,
  event: RunEvent,
  now: number,
  change: RunChange = {},
): Promise<boolean> {
  return inTransaction(store, async transaction => {
    const found = await transaction
      .selectFrom('runs')
      .select('state')
      .where('tenant_id', '=', tenantId)
      .where('id', '=', id)
      .executeTakeFirst()
    if (found === undefined) return false
    const from = found.state as RunState
    const to = runTransitions[from][event]
    if (to === from) return false
    await transaction
      .updateTable('runs')
      .set({
        state: to,
        lease_expires_at: null,
        finished_at: to === 'queued' || to === 'running' ? null : now,
        error_json: toJson(change.error),
        truncated_json: toJson(change.truncated),
        window_json: toJson(change.window),
        note: change.note ?? null,
        row_count: change.rowCount ?? null,
        columns_json: change.columnsJson ?? null,
      })
      .where('tenant_id', '=', tenantId)
      .where('id', '=', id)
      .execute()
    return true
  })
}

/** Changes when a run expires, and whether it counts as kept; false where it is unknown or has expired at `now`. */
export async function keepRun(
  db: Db,
  tenantId: string,
  id: string,
  kept: { readonly expiresAt: number; readonly isKept: boolean },
  now: number,
): Promise<boolean> {
  const result = await db
    .updateTable('runs')
    .set({ expires_at: kept.expiresAt, is_kept: kept.isKept ? 1 : 0 })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** Kept runs that have not expired: the tenant's, or everybody's. */
export async function listKeptRuns(db: Db, now: number, tenantId?: string): Promise<string[]> {
  const kept = db
    .selectFrom('runs')
    .select('id')
    .where(sql<boolean>`is_kept = 1`)
    .where(sql<number>`+expires_at`, '>', now)
  const rows = await (tenantId === undefined ? kept : kept.where('tenant_id', '=', tenantId)).execute()
  return rows.map(row => row.id)
}

/** The columns of a succeeded run's result, as stored; undefined for any other run. */
export async function findRunColumns(db: Db, tenantId: string, id: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('runs')
    .select('columns_json')
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row?.columns_json ?? undefined
}

/** Deletes ended runs that have expired, at most `count`; their ids, for the deletion of their results. */
export async function deleteExpiredRuns(db: Db, now: number, count: number): Promise<string[]> {
  const rows = await db
    .deleteFrom('runs')
    .where('id', 'in', eb =>
      eb
        .selectFrom('runs')
        .select('id')
        .where('expires_at', '<=', now)
        .where('state', 'not in', ['queued', 'running'])
        .limit(count),
    )
    .returning('id')
    .execute()
  return rows.map(row => row.id)
}

/** Those of `ids` that are runs, of any tenant: what remains belongs to nobody. */
export async function listExistingRuns(db: Db, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const rows = await db.selectFrom('runs').select('id').where('id', 'in', ids).execute()
  return rows.map(row => row.id)
}

function toRow(run: QueryRun, statementJson: string): RunRow {
  return {
    id: run.id,
    tenant_id: run.tenantId,
    state: run.state,
    name: run.name ?? null,
    template: run.template,
    variables_json: toJson(run.variables),
    saved_query_id: run.savedQueryId ?? null,
    category_id: run.categoryId ?? null,
    host_ids_json: toJson(run.hostIds),
    range_start: run.range.start,
    range_end: run.range.end ?? null,
    is_open_ended: run.isOpenEnded ? 1 : 0,
    created_by_json: JSON.stringify(run.createdBy),
    created_at: run.createdAt,
    expires_at: run.expiresAt,
    finished_at: run.finishedAt ?? null,
    attempts: run.attempts,
    lease_expires_at: null,
    statement_json: statementJson,
    columns_json: null,
    row_count: run.rowCount ?? null,
    error_json: toJson(run.error),
    truncated_json: toJson(run.truncated),
    window_json: toJson(run.window),
    note: run.note ?? null,
    warnings_json: toJson(run.warnings),
    limits_json: toJson(run.limits),
    is_kept: run.isKept === true ? 1 : 0,
  }
}

export function fromRow(row: ShownRow): QueryRun {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    state: row.state as RunState,
    name: row.name ?? undefined,
    template: row.template,
    variables: fromJson(row.variables_json),
    savedQueryId: row.saved_query_id ?? undefined,
    categoryId: row.category_id ?? undefined,
    hostIds: fromJson(row.host_ids_json),
    range: { start: row.range_start, end: row.range_end ?? undefined },
    isOpenEnded: row.is_open_ended === 1,
    createdBy: JSON.parse(row.created_by_json),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    finishedAt: row.finished_at ?? undefined,
    attempts: row.attempts,
    error: fromJson(row.error_json),
    truncated: fromJson(row.truncated_json),
    window: fromJson(row.window_json),
    note: row.note ?? undefined,
    warnings: fromJson(row.warnings_json),
    rowCount: row.row_count ?? undefined,
    ...(row.limits_json === null ? {} : { limits: fromJson(row.limits_json) }),
    ...(row.is_kept === 1 ? { isKept: true } : {}),
  }
}

function toJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value)
}

/** The store's own JSON: written by `toJson` above, so trusted to have its shape. */
function fromJson<Value>(text: string | null): Value | undefined {
  return text === null ? undefined : (JSON.parse(text) as Value)
}
