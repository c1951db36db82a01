import type { LakeColumn } from '../model/lake-table.ts'
import { eventTime, headerColumns, valuesSql } from './columns.ts'
import { type DeclaredRows, flatRowsSql, flatShapesSql, flatValuesSql } from './flat.ts'
import { linesSql, rowsSql, type SegmentSource } from './lines.ts'
import { quoteInteger, quoteName, quoteText } from './quote.ts'
import { reportsSql } from './reports.ts'
import { statusDecorationsSql, statusRowsSql, statusTable } from './status.ts'

// The converter's statements, over the same expressions as the tail. Lines are staged once, so that the keys they bring
// are known before the first file is written.

/** Names of the staging tables, in the writer's own database. */
const stagedLines = 'staged_lines'
const stagedRows = 'staged_rows'
/** Its own for each table: all are staged before the first file is written. */
const stagedFlat = (table: string) => quoteName(`staged_${table}`)

/** What every file of a shipped table is sorted by, as far as its table has it. */
export const sortColumns: readonly string[] = [
  ...['query_name', 'endpoint_id', 'calendar_time', 'timestamp', 'ingestion_timestamp'],
]

/** Statements that take the segments apart into the staging tables, rows sorted as files hold them. */
export function stageSql(sources: readonly SegmentSource[]): readonly string[] {
  const name = `${headerColumns['query_name']} AS query_name`
  return [
    `CREATE OR REPLACE TEMP TABLE ${stagedLines} AS ${linesSql(sources)}`,
    `CREATE OR REPLACE TEMP TABLE ${stagedRows} AS SELECT *, ${name} FROM (${rowsSql(stagedLines)}) ` +
      `ORDER BY query_name, h, ${eventTime}, row_ordinal`,
  ]
}

/** Statements that stage the rows of another table among the segments' lines, as `flatRowsSql` gives them. */
export function stageFlatSql(sources: readonly SegmentSource[], table: string): string {
  return `CREATE OR REPLACE TEMP TABLE ${stagedFlat(table)} AS ${flatRowsSql(sources, table)}`
}

/** What was staged of it: query_name, `keys`, `rows`, a row each set of keys. */
export function stagedFlatShapesSql(table: string): string {
  return flatShapesSql(stagedFlat(table))
}

export function unstageFlatSql(table: string): string {
  return `DROP TABLE IF EXISTS ${stagedFlat(table)}`
}

/** The COPY that writes one data file of the staged rows of another table. */
export function writeFlatSql(table: string, file: FileSql, declared?: DeclaredRows): string {
  const order = (file.sortedBy ?? sortColumns)
    .filter(name => file.columns.some(column => column.name === name))
    .map(quoteName)
  const values = flatValuesSql(stagedFlat(table), file.columns, file.tenantId, declared)
  return copySql(
    `SELECT * FROM (${values})${conditionSql(file)} ORDER BY ${[...order, 'row_ordinal'].join(', ')}`,
    file,
  )
}

/** Stages the status lines among the segments' lines. */
export function stageStatusSql(sources: readonly SegmentSource[]): string {
  return `CREATE OR REPLACE TEMP TABLE ${stagedFlat(statusTable)} AS ${statusRowsSql(sources)}`
}

/** A row for each set of keys that decorations of the staged status lines have: `keys`. */
export const stagedStatusDecorationsSql = statusDecorationsSql(stagedFlat(statusTable))

/** The COPY that writes the staged status lines. */
export function writeStatusSql(file: FileSql): string {
  const values = valuesSql(stagedFlat(statusTable), file.columns, file.tenantId)
  return copySql(`SELECT * FROM (${values}) ORDER BY endpoint_id, calendar_time, row_ordinal`, file)
}

/** Statements that drop the staging tables. */
export const unstageSql: readonly string[] = [
  `DROP TABLE IF EXISTS ${stagedRows}`,
  `DROP TABLE IF EXISTS ${stagedLines}`,
]

/** What was staged, in one row: `lines`, `rows` (that the lines hold) and `staged` (that became rows). */
export const stagedCountsSql =
  `SELECT count(*) AS lines, coalesce(sum(len(rs)), 0)::BIGINT AS rows, ` +
  `(SELECT count(*) FROM ${stagedRows}) AS staged FROM ${stagedLines}`

const shapes = 'query_name, json_keys(c) AS keys, count(*) AS rows'

/** A row for each query name and each set of keys its rows have: query_name, `keys`, `rows`. */
export const stagedShapesSql = `SELECT ${shapes} FROM ${stagedRows} GROUP BY ALL ORDER BY ALL`

/** A row for each set of keys that decorations have: `keys`. */
export const stagedDecorationsSql = `SELECT DISTINCT json_keys(d) AS keys FROM ${stagedRows}`

export interface FileSql {
  /** Path of the file to write; must not exist. */
  readonly path: string
  readonly tenantId: string
  readonly columns: readonly LakeColumn[]
  /** Query names, exactly as spelled, whose rows it holds; undefined: every row but those of `except`. */
  readonly only: readonly string[] | undefined
  readonly except: readonly string[]
  /** Footer entries. */
  readonly metadata: Readonly<Record<string, string>>
  readonly rowGroupRows: number
  /** Columns its rows are sorted by; undefined: `sortColumns`. */
  readonly sortedBy?: readonly string[] | undefined
  /** Dictionaries large enough for bloom filters on columns of many values; costs a small file more than it saves. */
  readonly hasLargeDictionaries?: boolean
}

/** The COPY that writes one data file of result rows, and returns its statistics. */
export function writeFileSql(file: FileSql): string {
  const rows = `(SELECT * FROM ${stagedRows}${conditionSql(file)})`
  return copySql(valuesSql(rows, file.columns, file.tenantId), file)
}

/** The COPY that writes the file of reports: one row a line, also for a line without rows. */
export function writeReportsSql(file: FileSql): string {
  return copySql(reportsSql(stagedLines, file.columns, file.tenantId), file)
}

/** The rows a file holds, as a WHERE clause over query_name. */
export function conditionSql({ only, except }: Pick<FileSql, 'only' | 'except'>): string {
  if (only !== undefined) return ` WHERE query_name IN (${only.map(quoteText).join(', ')})`
  if (except.length === 0) return ''
  return ` WHERE query_name IS NULL OR query_name NOT IN (${except.map(quoteText).join(', ')})`
}

/**
 * Row groups of our own size, every column under its field id, statistics returned, the footer saying where rows came
 * from.
 */
export function copySql(select: string, file: Omit<FileSql, 'tenantId' | 'only' | 'except'>): string {
  const ids = file.columns.map(column => `${quoteName(column.name)}: ${quoteInteger(column.fieldId)}`).join(', ')
  const dictionaries = file.hasLargeDictionaries
    ? `, STRING_DICTIONARY_PAGE_SIZE_LIMIT 8000000, DICTIONARY_SIZE_LIMIT ${quoteInteger(file.rowGroupRows >> 1)}`
    : ''
  const entries = Object.entries(file.metadata).map(([key, value]) => `${quoteName(key)}: ${quoteText(value)}`)
  return (
    `COPY (${select}) TO ${quoteText(file.path)} (FORMAT parquet, COMPRESSION zstd, ` +
    `ROW_GROUP_SIZE ${quoteInteger(file.rowGroupRows)}, FIELD_IDS {${ids}}, ` +
    `KV_METADATA {${entries.join(', ')}}${dictionaries}, RETURN_STATS)`
  )
}
