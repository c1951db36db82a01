import { type Selectable, sql } from 'kysely'
import {
  type LiveHostCounts,
  type LivePerformance,
  type LiveRun,
  type LiveRunEvent,
  type LiveRunState,
  type LiveTruncation,
  liveRunTransitions,
} from '../model/live-run.ts'
import { type Db, inTransaction, type Store } from './db.ts'
import type { LiveRunRow } from './live-tables.ts'

// Live runs. A run's state changes only through `liveRunTransitions`, read and written in one transaction.

/** Stores a run as preparing; its number. */
export async function insertLiveRun(db: Db, run: Omit<LiveRun, 'number'>): Promise<number> {
  const row = await db
    .insertInto('live_runs')
    .values({
      id: run.id,
      tenant_id: run.tenantId,
      state: run.state,
      name: run.name ?? null,
      template: run.template,
      variables_json: toJson(run.variables),
      sql: run.sql,
      saved_query_id: run.savedQueryId ?? null,
      category_id: run.categoryId ?? null,
      match_json: JSON.stringify(run.match),
      created_by_json: JSON.stringify(run.createdBy),
      created_at: run.createdAt,
      deadline: run.deadline,
      finished_at: null,
      expires_at: run.expiresAt,
      row_count: 0,
      row_bytes: 0,
      stored_bytes: 0,
      truncated_json: null,
      columns_json: JSON.stringify(run.columns),
      performance_json: JSON.stringify(run.performance),
      counts_json: null,
    })
    .returning('number')
    .executeTakeFirstOrThrow()
  return row.number
}

/** The tenant's run, or undefined: unknown, another tenant's, or expired at `now`. */
export async function findLiveRun(db: Db, tenantId: string, id: string, now: number): Promise<LiveRun | undefined> {
  const row = await db
    .selectFrom('live_runs')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('expires_at', '>', now)
    .where('state', '<>', 'preparing')
    .executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

/** Every run of every tenant that has not ended, oldest first: what is under way when a process starts. */
export async function listOpenLiveRuns(db: Db): Promise<LiveRun[]> {
  const rows = await db
    .selectFrom('live_runs')
    .selectAll()
    .where(sql<boolean>`state IN ('preparing', 'pending', 'started')`)
    .orderBy('number')
    .execute()
  return rows.map(fromRow)
}

export interface LiveRunFilter {
  /** undefined: any. */
  readonly states: readonly LiveRunState[] | undefined
  readonly savedQueryId: string | undefined
  readonly categoryId: string | undefined
  /** At least one; the first counts most. */
  readonly sorts: readonly { readonly by: 'createdAt' | 'name' | 'finishedAt'; readonly order: 'asc' | 'desc' }[]
  readonly offset: number
  readonly count: number
  readonly isTotalWanted: boolean
}

const sortColumns = { createdAt: 'created_at', name: 'name', finishedAt: 'finished_at' } as const

/** The tenant's unexpired runs, and how many match in all: 0 where that is not wanted. */
export function listLiveRuns(
  store: Store,
  tenantId: string,
  filter: LiveRunFilter,
  now: number,
): Promise<{ runs: LiveRun[]; total: number }> {
  return inTransaction(store, async transaction => {
    let matching = transaction
      .selectFrom('live_runs')
      .where('tenant_id', '=', tenantId)
      .where('expires_at', '>', now)
      .where('state', '<>', 'preparing')
    const { states, savedQueryId, categoryId, sorts } = filter
    if (states !== undefined) matching = matching.where('state', 'in', states)
    if (savedQueryId !== undefined) matching = matching.where('saved_query_id', '=', savedQueryId)
    if (categoryId !== undefined) matching = matching.where('category_id', '=', categoryId)
    const counted = filter.isTotalWanted
      ? await matching.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow()
      : { count: 0 }
    const sorted = sorts.reduce((query, { by, order }) => query.orderBy(sortColumns[by], order), matching.selectAll())
    const rows = await sorted.orderBy('number', sorts.at(-1)?.order).limit(filter.count).offset(filter.offset).execute()
    return { runs: rows.map(fromRow), total: Number(counted.count) }
  })
}

/** What stands on a run beside its state. */
export interface LiveRunChange {
  readonly rowCount?: number
  readonly rowBytes?: number
  readonly storedBytesAdded?: number
  readonly truncated?: LiveTruncation | undefined
  readonly columns?: readonly string[]
  readonly performance?: LivePerformance
}

/** Notes what came in. In the caller's transaction, with the answers that brought it. */
export async function growLiveRun(db: Db, number: number, change: LiveRunChange): Promise<void> {
  const { rowCount, rowBytes, storedBytesAdded = 0, truncated, columns, performance } = change
  await db
    .updateTable('live_runs')
    .set(({ eb }) => ({
      stored_bytes: eb('stored_bytes', '+', storedBytesAdded),
      ...(rowCount === undefined ? {} : { row_count: rowCount }),
      ...(rowBytes === undefined ? {} : { row_bytes: rowBytes }),
      ...(truncated === undefined ? {} : { truncated_json: JSON.stringify(truncated) }),
      ...(columns === undefined ? {} : { columns_json: JSON.stringify(columns) }),
      ...(performance === undefined ? {} : { performance_json: JSON.stringify(performance) }),
    }))
    .where('number', '=', number)
    .execute()
}

/**
 * Applies an event, in the caller's transaction. False where it means nothing in the run's state: nothing has changed.
 */
export async function changeLiveRun(
  db: Db,
  number: number,
  event: LiveRunEvent,
  now: number,
  counts?: LiveHostCounts,
): Promise<boolean> {
  const found = await db.selectFrom('live_runs').select('state').where('number', '=', number).executeTakeFirst()
  if (found === undefined) return false
  const from = found.state as LiveRunState
  const to = liveRunTransitions[from][event]
  if (to === from) return false
  const isEnd = to !== 'pending' && to !== 'started'
  await db
    .updateTable('live_runs')
    .set({
      state: to,
      ...(isEnd ? { finished_at: now } : {}),
      ...(counts ? { counts_json: JSON.stringify(counts) } : {}),
    })
    .where('number', '=', number)
    .execute()
  return true
}

export async function deleteLiveRun(db: Db, number: number): Promise<void> {
  await db.deleteFrom('live_runs').where('number', '=', number).execute()
}

/** Numbers of ended runs that have expired at `now`, at most `count`. */
export async function listExpiredLiveRuns(db: Db, now: number, count: number): Promise<number[]> {
  const rows = await db
    .selectFrom('live_runs')
    .select('number')
    .where('expires_at', '<=', now)
    .where('state', 'not in', ['preparing', 'pending', 'started'])
    .orderBy('expires_at')
    .limit(count)
    .execute()
  return rows.map(row => row.number)
}

/** Lets ended runs of a tenant expire now, oldest first, until what the others hold is within the bound. */
export async function expireLiveRunsBeyond(db: Db, tenantId: string, bytesMax: number, now: number): Promise<number> {
  const rows = await db
    .selectFrom('live_runs')
    .select(['number', 'stored_bytes', 'finished_at'])
    .where('tenant_id', '=', tenantId)
    .where('expires_at', '>', now)
    .orderBy('number', 'desc')
    .execute()
  let held = 0
  const over = rows.filter(row => {
    held += row.stored_bytes
    return held > bytesMax && row.finished_at !== null
  })
  for (const { number } of over) {
    await db.updateTable('live_runs').set({ expires_at: now }).where('number', '=', number).execute()
  }
  return over.length
}

function fromRow(row: Selectable<LiveRunRow>): LiveRun {
  return {
    id: row.id,
    number: row.number,
    tenantId: row.tenant_id,
    state: row.state as LiveRunState,
    name: row.name ?? undefined,
    template: row.template,
    variables: fromJson(row.variables_json),
    sql: row.sql,
    savedQueryId: row.saved_query_id ?? undefined,
    categoryId: row.category_id ?? undefined,
    match: JSON.parse(row.match_json),
    createdBy: JSON.parse(row.created_by_json),
    createdAt: row.created_at,
    deadline: row.deadline,
    finishedAt: row.finished_at ?? undefined,
    expiresAt: row.expires_at,
    rowCount: row.row_count,
    rowBytes: row.row_bytes,
    truncated: fromJson(row.truncated_json),
    columns: JSON.parse(row.columns_json),
    performance: JSON.parse(row.performance_json),
    counts: fromJson(row.counts_json),
  }
}

function toJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value)
}

/** The store's own JSON, so trusted to have its shape. */
function fromJson<Value>(text: string | null): Value | undefined {
  return text === null ? undefined : (JSON.parse(text) as Value)
}
