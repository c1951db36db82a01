import { cellText } from './cell-text.ts'

export interface TopValue {
  readonly value: unknown
  readonly text: string
  readonly rows: number
}

export interface TopValues {
  readonly values: readonly TopValue[]
  /** Different values there are; nulls count as one. */
  readonly distinct: number
  readonly rows: number
}

/** The commonest values, most rows first; equal counts by text. */
export function topValues(values: Iterable<unknown>, limit: number): TopValues {
  const counts = new Map<string, { value: unknown; rows: number }>()
  let rows = 0
  for (const value of values) {
    rows += 1
    const key = value === null || value === undefined ? '\u0000' : cellText(value)
    const known = counts.get(key)
    if (known === undefined) counts.set(key, { value: value ?? null, rows: 1 })
    else known.rows += 1
  }
  const sorted = [...counts.values()]
    .map(({ value, rows: number }) => ({ value, text: cellText(value), rows: number }))
    .sort((a, b) => b.rows - a.rows || (a.text < b.text ? -1 : 1))
  return { values: sorted.slice(0, limit), distinct: counts.size, rows }
}
