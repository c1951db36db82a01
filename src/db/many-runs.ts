import { sql } from 'kysely'
import type { ManyRun, ManyRunPart, PartState } from '../model/many-run.ts'
import type { AccountType } from '../model/principal.ts'
import { type Db, inTransaction, type Store } from './db.ts'
import type { ManyRunPartRow, ManyRunRow } from './tables.ts'

// Requests to many tenants and their parts. A part moves only forward: waiting → started → ended, or waiting → ended.

export async function insertManyRun(
  store: Store,
  run: ManyRun,
  tenants: readonly { readonly id: string; readonly name: string }[],
): Promise<void> {
  const parts = tenants.map(
    ({ id, name }, position): ManyRunPartRow => ({
      ...{ many_run_id: run.id, position, tenant_id: id, tenant_name: name, state: 'waiting' },
      ...{ run_id: null, row_count: null, error_json: null, truncated_json: null },
    }),
  )
  await inTransaction(store, async transaction => {
    await transaction.insertInto('many_runs').values(toRow(run)).execute()
    // A statement has a bounded number of parameters.
    for (let at = 0; at < parts.length; at += 500) {
      await transaction
        .insertInto('many_run_parts')
        .values(parts.slice(at, at + 500))
        .execute()
    }
  })
}

/** The account's, or undefined: unknown, another's, or expired at `now`. */
export async function findManyRun(db: Db, accountId: string, id: string, now: number): Promise<ManyRun | undefined> {
  const row = await db
    .selectFrom('many_runs')
    .selectAll()
    .where('id', '=', id)
    .where('account_id', '=', accountId)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

/** The account's unexpired ones, newest first, at most `count`. */
export async function listManyRuns(db: Db, accountId: string, now: number, count: number): Promise<ManyRun[]> {
  const rows = await db
    .selectFrom('many_runs')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('expires_at', '>', now)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(count)
    .execute()
  return rows.map(fromRow)
}

/** Those that have not ended, of every account, oldest first. */
export async function listLiveManyRuns(db: Db): Promise<ManyRun[]> {
  const rows = await db
    .selectFrom('many_runs')
    .selectAll()
    .where('is_ended', '=', sql.lit(0))
    .orderBy('created_at')
    .execute()
  return rows.map(fromRow)
}

/** Its parts in order; of one state, or all. */
export async function listParts(db: Db, id: string, state?: PartState, count?: number): Promise<ManyRunPart[]> {
  let query = db.selectFrom('many_run_parts').selectAll().where('many_run_id', '=', id).orderBy('position')
  if (state !== undefined) query = query.where('state', '=', state)
  if (count !== undefined) query = query.limit(count)
  return (await query.execute()).map(partFromRow)
}

/** False where the part no longer waits: it was canceled meanwhile. */
export async function startPart(db: Db, id: string, position: number, runId: string): Promise<boolean> {
  const result = await db
    .updateTable('many_run_parts')
    .set({ state: 'started', run_id: runId })
    .where('many_run_id', '=', id)
    .where('position', '=', position)
    .where('state', '=', 'waiting')
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

export type PartEnd = Pick<ManyRunPart, 'state'> & Partial<Pick<ManyRunPart, 'rowCount' | 'error' | 'truncated'>>

/** A part that has ended stays as it is. */
export async function endPart(db: Db, id: string, position: number, end: PartEnd): Promise<void> {
  await db
    .updateTable('many_run_parts')
    .set({
      state: end.state,
      row_count: end.rowCount ?? null,
      error_json: end.error === undefined ? null : JSON.stringify(end.error),
      truncated_json: end.truncated === undefined ? null : JSON.stringify(end.truncated),
    })
    .where('many_run_id', '=', id)
    .where('position', '=', position)
    .where('state', 'in', ['waiting', 'started'])
    .execute()
}

/** No part is started any more. Idempotent. False when it had ended or been canceled. */
export function cancelManyRun(store: Store, id: string): Promise<boolean> {
  return inTransaction(store, async transaction => {
    const result = await transaction
      .updateTable('many_runs')
      .set({ is_canceled: 1 })
      .where('id', '=', id)
      .where('is_ended', '=', 0)
      .where('is_canceled', '=', 0)
      .executeTakeFirst()
    await transaction
      .updateTable('many_run_parts')
      .set({ state: 'canceled' })
      .where('many_run_id', '=', id)
      .where('state', '=', 'waiting')
      .execute()
    return result.numUpdatedRows > 0n
  })
}

/** Ends it when no part waits or is under way; true when this call did. */
export async function endManyRun(db: Db, id: string, now: number): Promise<boolean> {
  const result = await db
    .updateTable('many_runs')
    .set({ is_ended: 1, finished_at: now })
    .where('id', '=', id)
    .where('is_ended', '=', 0)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('many_run_parts')
            .select('position')
            .where('many_run_id', '=', id)
            .where('state', 'in', ['waiting', 'started']),
        ),
      ),
    )
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** Ended ones that have expired; their parts go with them. */
export async function deleteExpiredManyRuns(db: Db, now: number): Promise<void> {
  await db.deleteFrom('many_runs').where('expires_at', '<=', now).where('is_ended', '=', 1).execute()
}

function toRow(run: ManyRun): ManyRunRow {
  return {
    id: run.id,
    account_type: run.accountType,
    account_id: run.accountId,
    principal_id: run.principalId,
    name: run.name ?? null,
    request: run.request,
    is_ended: run.isEnded ? 1 : 0,
    is_canceled: run.isCanceled ? 1 : 0,
    created_at: run.createdAt,
    expires_at: run.expiresAt,
    finished_at: run.finishedAt ?? null,
  }
}

function fromRow(row: ManyRunRow): ManyRun {
  return {
    id: row.id,
    accountType: row.account_type as AccountType,
    accountId: row.account_id,
    principalId: row.principal_id,
    name: row.name ?? undefined,
    request: row.request,
    isEnded: row.is_ended === 1,
    isCanceled: row.is_canceled === 1,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    finishedAt: row.finished_at ?? undefined,
  }
}

function partFromRow(row: ManyRunPartRow): ManyRunPart {
  return {
    position: row.position,
    tenantId: row.tenant_id,
    tenantName: row.tenant_name,
    state: row.state as PartState,
    runId: row.run_id ?? undefined,
    rowCount: row.row_count ?? undefined,
    error: row.error_json === null ? undefined : JSON.parse(row.error_json),
    truncated: row.truncated_json === null ? undefined : JSON.parse(row.truncated_json),
  }
}
