import { setTimeout as wait } from 'node:timers/promises'
import type { Store } from '../db/db.ts'
import { findDeclaredTable, insertDeclaredTable, listDeclaredTables, undeclareTable } from '../db/declared-tables.ts'
import { appendJournal } from '../lake/journal.ts'
import { queryNamesOf } from '../lake/schema.ts'
import { flatTables, shippedTables } from '../lake/tables.ts'
import { declaredTablesMax, undeclareWaitMsMax } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import { type DeclaredTable, declareTable, type TableDraft } from '../model/declared-table.ts'
import { AppError } from '../model/errors.ts'

// Tables that a tenant declares for rows of its own sources. Modes of one: declared → undeclared (nobody can name it,
// its rows are being dropped) → gone (the janitor has emptied it: its name is free). While one is being undeclared no
// body goes into it, and those on their way are waited for, so that none is acknowledged and then dropped.

export interface DeclaredTables {
  /** Those that can be named, by name. */
  list(tenantId: string): Promise<readonly DeclaredTable[]>
  /** Rejects with `not_found`. */
  get(tenantId: string, name: string): Promise<DeclaredTable>
  /** Rejects with `invalid_argument` (the draft), or `conflict` (the name is taken, or there are too many). */
  declare(tenantId: string, draft: TableDraft): Promise<DeclaredTable>
  /**
   * Takes the table away. Rejects with `conflict` while it has rows, unless they are to be dropped, or while bodies for
   * it do not end; with `not_found`.
   */
  undeclare(tenantId: string, name: string, dropsRows: boolean): Promise<void>
  /**
   * Does work that stores rows of the table, shipped or declared, by its name in lower case. Rejects with `not_found`
   * where it takes no rows.
   */
  into<Result>(tenantId: string, name: string, work: (table: string) => Promise<Result>): Promise<Result>
}

export interface DeclaredTablesDeps {
  readonly store: Store
  readonly clock: Clock
  readonly journalFile: string
  /** Tables that the tenant's tail has rows of; those of lines that are not in data files yet. */
  readonly tailTables: (tenantId: string) => Promise<ReadonlySet<string>>
}

const lookMs = 20

export function openDeclaredTables({ store, clock, journalFile, tailTables }: DeclaredTablesDeps): DeclaredTables {
  /** `<tenant>/<table>` → bodies on their way. */
  const underWay = new Map<string, number>()
  const closing = new Set<string>()
  const keyOf = (tenantId: string, name: string) => `${tenantId}/${name}`

  async function find(tenantId: string, name: string): Promise<DeclaredTable | undefined> {
    const table = await findDeclaredTable(store, tenantId, name.toLowerCase())
    return table?.undeclaredAt === undefined ? table : undefined
  }

  async function get(tenantId: string, name: string): Promise<DeclaredTable> {
    const table = await find(tenantId, name)
    if (table === undefined) throw new AppError('not_found', `no table ${JSON.stringify(name)} is declared`)
    return table
  }

  async function declare(tenantId: string, draft: TableDraft): Promise<DeclaredTable> {
    const table = declareTable(draft, clock())
    if (shippedTables.some(({ name }) => name === table.name)) throw taken(`every lake has a table ${table.name}`)
    const names = await queryNamesOf(store, tenantId)
    if (names.some(({ name }) => name.toLowerCase() === table.name)) {
      throw taken(`${table.name} is the name of a query that has rows: the table would hide them`)
    }
    const others = await listDeclaredTables(store, tenantId)
    const same = others.find(({ name }) => name === table.name)
    if (same !== undefined) {
      const isGoing = same.undeclaredAt !== undefined
      const why = isGoing
        ? 'its rows are still being dropped: its name is free in some hours'
        : 'it is declared already'
      throw taken(`${table.name}: ${why}`)
    }
    if (others.length >= declaredTablesMax) throw taken(`a tenant has at most ${declaredTablesMax} tables of its own`)
    // A table that the journal has and the store has not was never used.
    await appendJournal(journalFile, { kind: 'declared', tenantId, table })
    if (!(await insertDeclaredTable(store, tenantId, table))) throw taken(`${table.name}: it is declared already`)
    return table
  }

  async function undeclare(tenantId: string, name: string, dropsRows: boolean): Promise<void> {
    const { name: known } = await get(tenantId, name)
    const key = keyOf(tenantId, known)
    if (closing.has(key)) throw taken(`${known} is being undeclared already`)
    closing.add(key)
    try {
      await untilIdle(key, known)
      if (!dropsRows && (await hasRows(tenantId, known))) {
        throw taken(`${known} has rows: they go with it only where that is asked for (dropRows)`)
      }
      const now = clock()
      await appendJournal(journalFile, { kind: 'undeclared', tenantId, name: known, at: now })
      await undeclareTable(store, tenantId, known, now)
    } finally {
      closing.delete(key)
    }
  }

  async function untilIdle(key: string, name: string): Promise<void> {
    for (let waited = 0; (underWay.get(key) ?? 0) > 0; waited += lookMs) {
      if (waited >= undeclareWaitMsMax) throw taken(`rows of ${name} are on their way: stop their source first`)
      await wait(lookMs)
    }
  }

  async function hasRows(tenantId: string, name: string): Promise<boolean> {
    const file = await store
      .selectFrom('data_files')
      .select('id')
      .where('tenant_id', '=', tenantId)
      .where('table_name', '=', name)
      .where('dropped_version', 'is', null)
      .limit(1)
      .executeTakeFirst()
    return file !== undefined || (await tailTables(tenantId)).has(name)
  }

  async function into<Result>(
    tenantId: string,
    name: string,
    work: (table: string) => Promise<Result>,
  ): Promise<Result> {
    const known = name.toLowerCase()
    if (flatTables.includes(known)) return work(known)
    const key = keyOf(tenantId, known)
    // Before it is looked for, so that nobody takes it away between.
    underWay.set(key, (underWay.get(key) ?? 0) + 1)
    try {
      if (closing.has(key) || (await find(tenantId, known)) === undefined) throw await noTable(tenantId, name)
      return await work(known)
    } finally {
      const left = (underWay.get(key) ?? 0) - 1
      if (left > 0) underWay.set(key, left)
      else underWay.delete(key)
    }
  }

  async function noTable(tenantId: string, name: string): Promise<AppError> {
    const own = (await list(tenantId)).map(table => table.name)
    const all = [...flatTables, ...own].join(', ')
    return new AppError('not_found', `rows go into ${all}; there is no table ${name} of that kind`)
  }

  async function list(tenantId: string): Promise<readonly DeclaredTable[]> {
    return (await listDeclaredTables(store, tenantId)).filter(({ undeclaredAt }) => undeclaredAt === undefined)
  }

  return { list, get, declare, undeclare, into }
}

function taken(message: string): AppError {
  return new AppError('conflict', message)
}
