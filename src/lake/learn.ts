import { inTransaction, type Store } from '../db/db.ts'
import type { QueryName } from '../model/lake-table.ts'
import { decorationName, isReserved } from '../row-sql/columns.ts'
import { resultTable } from '../row-sql/tail.ts'
import { columnsOf, growColumns, isNotedName, noteQueryNames, queryNamesOf } from './schema.ts'

/** What the open tail brings, as ingest has read it: keys in lower case. */
export interface TailContent {
  readonly queryNames: readonly QueryName[]
  readonly decorations: readonly string[]
}

/**
 * Makes what the tail brings known before it is converted, so that a statement can name it: columns get their ids,
 * query names are noted without rows (the conversion counts those). True when something new was learnt.
 */
export async function learnTail(store: Store, tenantId: string, tail: TailContent, now: number): Promise<boolean> {
  if (tail.queryNames.length === 0 && tail.decorations.length === 0) return false
  const brought = tail.queryNames.flatMap(({ columns }) => columns.filter(column => !isReserved(column)))
  const decorations = tail.decorations.map(decorationName)
  const before = await columnsOf(store, tenantId, resultTable)
  await growColumns(store, tenantId, resultTable, [...brought, ...decorations], now)
  const columns = await columnsOf(store, tenantId, resultTable)
  const known = new Set(columns.map(({ name }) => name))
  const noted = await queryNamesOf(store, tenantId)
  const fresh = tail.queryNames
    .filter(({ name }) => isNotedName(name))
    .map(({ name, columns }) => ({ name, columns: columns.filter(key => known.has(key) && !isReserved(key)) }))
    .filter(({ name, columns }) => {
      const same = noted.find(other => other.name.toLowerCase() === name.toLowerCase())
      return same === undefined || columns.some(column => !same.columns.includes(column))
    })
  if (fresh.length > 0) {
    const seen = fresh.map(name => ({ ...name, rows: 0, firstSeen: now, lastSeen: now }))
    await inTransaction(store, transaction => noteQueryNames(transaction, tenantId, resultTable, seen))
  }
  return fresh.length > 0 || columns.length > before.length
}
