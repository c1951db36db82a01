import { dayMs, type TimeRange } from '../model/time-range.ts'
import type { Db } from './db.ts'

// Data files that went because a disk budget was used up: whoever asks for their time must hear of it.

/** A data file that went for want of disk. */
export interface BudgetDrop {
  readonly table: string
  /** Lower case; undefined: any. */
  readonly queryNames: readonly string[] | undefined
  /** Bounds of its event times, ms; undefined: every one was null. */
  readonly minTime: number | undefined
  readonly maxTime: number | undefined
  readonly rows: number
  readonly bytes: number
}

/** Part of the transaction that drops the files. */
export async function insertBudgetDrops(
  transaction: Db,
  tenantId: string,
  drops: readonly BudgetDrop[],
  now: number,
): Promise<void> {
  for (const { table, queryNames, minTime, maxTime, rows, bytes } of drops) {
    await transaction
      .insertInto('budget_drops')
      .values({
        ...{ tenant_id: tenantId, table_name: table, rows, bytes, dropped_at: now },
        query_names_json: queryNames === undefined ? null : JSON.stringify(queryNames),
        ...{ min_time: minTime ?? null, max_time: maxTime ?? null },
      })
      .execute()
  }
}

/** A part of the lake that a statement reads. */
export interface ReadPart {
  readonly table: string
  /** Lower case; undefined: any. */
  readonly queryNames: readonly string[] | undefined
}

/** True where a file was dropped that may have held a row of one of the parts, within the range of event times. */
export async function hasBudgetDrops(
  db: Db,
  tenantId: string,
  parts: readonly ReadPart[],
  range: TimeRange,
): Promise<boolean> {
  for (const { table, queryNames } of parts) {
    let query = db
      .selectFrom('budget_drops')
      .select('query_names_json')
      .distinct()
      .where('tenant_id', '=', tenantId)
      .where('table_name', '=', table)
      .where('max_time', '>=', range.start)
    if (range.end !== undefined) query = query.where('min_time', '<', range.end)
    for (const { query_names_json: json } of await query.execute()) {
      if (json === null || queryNames === undefined) return true
      const names: readonly string[] = JSON.parse(json)
      if (names.some(name => queryNames.includes(name))) return true
    }
  }
  return false
}

export interface DropSums {
  readonly files: number
  readonly rows: number
  readonly bytes: number
}

/** What the tenant lost to budgets, of all that is remembered. */
export async function budgetDropsOf(db: Db, tenantId: string): Promise<DropSums> {
  const { files, rows, bytes } = await db
    .selectFrom('budget_drops')
    .select(({ fn }) => [
      fn.countAll<number>().as('files'),
      fn.sum<number | null>('rows').as('rows'),
      fn.sum<number | null>('bytes').as('bytes'),
    ])
    .where('tenant_id', '=', tenantId)
    .executeTakeFirstOrThrow()
  return { files, rows: rows ?? 0, bytes: bytes ?? 0 }
}

/** Forgets drops whose rows would be past the tenant's days by now. */
export async function forgetBudgetDrops(db: Db, tenantId: string, days: number, now: number): Promise<void> {
  await db
    .deleteFrom('budget_drops')
    .where('tenant_id', '=', tenantId)
    .where('dropped_at', '<', now - days * dayMs)
    .execute()
}
