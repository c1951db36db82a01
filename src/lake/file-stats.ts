import type { ColumnStats } from '../model/data-file.ts'
import type { LakeColumn } from '../model/lake-table.ts'
import type { ColumnType } from '../model/lake-type.ts'

// What `COPY … RETURN_STATS` says of a file it wrote, in our terms. A bound that cannot be carried over exactly, or cut
// safely, is left out: bounds only ever exclude.

/** A row of RETURN_STATS, as JSON. */
export interface CopyStats {
  readonly count: string
  readonly file_size_bytes: string
  readonly column_statistics: readonly { key: string; value: readonly { key: string; value: string }[] }[]
}

export interface WrittenStats {
  readonly rows: number
  readonly bytes: number
  readonly columns: Readonly<Record<string, ColumnStats>>
}

export function parseCopyStats(row: CopyStats, columns: readonly LakeColumn[]): WrittenStats {
  const rows = Number(row.count)
  const types = new Map(columns.map(({ name, type }) => [name, type]))
  const stats: Record<string, ColumnStats> = {}
  for (const { key, value } of row.column_statistics) {
    const name = unquoted(key)
    const type = types.get(name)
    if (type === undefined) continue
    const facts = Object.fromEntries(value.map(fact => [fact.key, fact.value]))
    stats[name] = columnStats(type, facts, rows)
  }
  return { rows, bytes: Number(row.file_size_bytes), columns: stats }
}

/** The same from a row of `fileStatsSql` over the columns. */
export function fileStatsOf(
  row: Readonly<Record<string, unknown>>,
  columns: readonly LakeColumn[],
): Readonly<Record<string, ColumnStats>> {
  const stats: Record<string, ColumnStats> = {}
  for (const [at, { name, type }] of columns.entries()) {
    const facts: Record<string, string> = { null_count: String(row[`nulls${at}`]), has_nan: String(row[`nan${at}`]) }
    if (typeof row[`min${at}`] === 'string') facts['min'] = row[`min${at}`] as string
    if (typeof row[`max${at}`] === 'string') facts['max'] = row[`max${at}`] as string
    stats[name] = columnStats(type, facts, Number(row['rows']))
  }
  return stats
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}

function columnStats(type: ColumnType, facts: Readonly<Record<string, string>>, rows: number): ColumnStats {
  const nullCount = facts['null_count'] === undefined ? rows : Number(facts['null_count'])
  // Not-a-number sorts above everything and is in neither bound.
  if (facts['has_nan'] === 'true') return { nullCount }
  const min = facts['min'] === undefined ? undefined : lowerBound(type, facts['min'])
  const max = facts['max'] === undefined ? undefined : upperBound(type, facts['max'])
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }), nullCount }
}

/** Characters of a string that a bound keeps. */
const boundCharsMax = 96

function lowerBound(type: ColumnType, text: string): string | number | boolean | undefined {
  return type === 'string' ? [...text].slice(0, boundCharsMax).join('') : exactBound(type, text)
}

/** A string that is cut is rounded up: its last character becomes the next one. */
function upperBound(type: ColumnType, text: string): string | number | boolean | undefined {
  if (type !== 'string') return exactBound(type, text)
  const characters = [...text]
  if (characters.length <= boundCharsMax) return text
  const last = characters[boundCharsMax - 1]?.codePointAt(0) ?? 0
  if (last >= 0x10ffff) return undefined
  const next = last === 0xd7ff ? 0xe000 : last + 1
  return characters.slice(0, boundCharsMax - 1).join('') + String.fromCodePoint(next)
}

function exactBound(type: ColumnType, text: string): number | boolean | undefined {
  switch (type) {
    case 'boolean':
      return text === 'true' || text === '1'
    case 'timestamp': {
      const ms = Date.parse(`${text.replace(' ', 'T')}Z`)
      return Number.isNaN(ms) ? undefined : ms
    }
    case 'double': {
      const value = Number(text)
      return Number.isFinite(value) ? value : undefined
    }
    default: {
      const value = Number(text)
      return Number.isSafeInteger(value) ? value : undefined
    }
  }
}
