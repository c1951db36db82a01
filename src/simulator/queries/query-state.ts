import type { Row } from '../result-line.ts'

// What an agent keeps of a scheduled query between its executions, over restarts: the last rows, a counter and the
// epoch they belong to (osquery/core/query.cpp). The counter is 0 where a line has all rows of a query (its first
// execution, or the first of an epoch), 1 where an event query begins, and grows by one with each execution that has
// something to report.

export interface QueryState {
  /** What differs from the last execution; everything in the first one of an epoch. undefined: nothing to report. */
  differences(sql: string, epoch: number, rows: readonly Row[]): Differences | undefined
  /** Events since the last execution, all of them new. */
  events(sql: string, epoch: number, rows: readonly Row[]): Differences | undefined
}

export interface Differences {
  readonly counter: number
  readonly added: readonly Row[]
  readonly removed: readonly Row[]
}

export function openQueryState(): QueryState {
  let known: { sql: string; epoch: number; counter: number | undefined; rows: readonly Row[] } | undefined

  return {
    differences(sql, epoch, rows) {
      const previous = known?.epoch === epoch ? known : undefined
      const isNew = previous === undefined || previous.sql !== sql
      const { added, removed } = difference(previous?.rows ?? [], rows)
      const hasChanged = added.length + removed.length > 0
      const counter = isNew ? 0 : (previous.counter ?? -1) + (hasChanged ? 1 : 0)
      known = { sql, epoch, counter, rows: hasChanged ? rows : (previous?.rows ?? rows) }
      return hasChanged ? { counter, added, removed } : undefined
    },
    events(sql, epoch, rows) {
      const isNew = known === undefined || known.sql !== sql || known.epoch !== epoch
      const before = isNew ? undefined : known?.counter
      if (rows.length === 0) {
        known = { sql, epoch, counter: before, rows: [] }
        return undefined
      }
      const counter = before === undefined ? 1 : before + 1
      known = { sql, epoch, counter, rows: [] }
      return { counter, added: rows, removed: [] }
    },
  }
}

/** As multisets: of equal rows it counts how many there are. */
function difference(before: readonly Row[], now: readonly Row[]): { added: readonly Row[]; removed: readonly Row[] } {
  const left = new Map<string, Row[]>()
  for (const row of before) {
    const key = keyOf(row)
    const equal = left.get(key)
    if (equal === undefined) left.set(key, [row])
    else equal.push(row)
  }
  const added = now.filter(row => left.get(keyOf(row))?.pop() === undefined)
  return { added, removed: [...left.values()].flat() }
}

function keyOf(row: Row): string {
  return JSON.stringify(Object.entries(row).sort(([one], [other]) => (one < other ? -1 : 1)))
}
