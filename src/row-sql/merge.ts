import type { LakeColumn } from '../model/lake-table.ts'
import { duckdbTypes } from '../model/lake-type.ts'
import { conditionSql, copySql, type FileSql, sortColumns } from './convert.ts'
import { identityColumns } from './identity.ts'
import { quoteInteger, quoteName, quoteText } from './quote.ts'

// Compaction's statements: data files in, data files out, not a value changed.

/** Rows that a rewrite leaves out: those of these hosts, and those of these query names (compared without case). */
export interface Excluded {
  readonly hosts?: ExcludedHosts
  readonly queryNames?: readonly string[]
}

export interface ExcludedHosts {
  /** The column that holds a host's id. */
  readonly column: string
  readonly ids: readonly string[]
  /** Only rows that came in segments up to this number; undefined: all. */
  readonly lastSegment?: number | undefined
}

/** A condition that is true for the rows to keep; a row whose column is NULL is kept. */
function keptSql({ hosts, queryNames = [] }: Excluded): string {
  const isOf = (value: string, texts: readonly string[], and = '') =>
    texts.length === 0 ? [] : [`coalesce(${value} IN (${texts.map(quoteText).join(', ')})${and}, false)`]
  const names = queryNames.map(name => name.toLowerCase())
  const last = hosts?.lastSegment
  const upTo = last === undefined ? '' : ` AND row_segment <= ${quoteInteger(last)}`
  const ofHosts = hosts === undefined ? [] : isOf(quoteName(hosts.column), hosts.ids, upTo)
  const conditions = [...ofHosts, ...isOf('lower(query_name)', names)]
  return conditions.length === 0 ? 'true' : `NOT (${conditions.join(' OR ')})`
}

/** One row: `rows`, how many of the files' rows are left out. */
export function excludedCountSql(paths: readonly string[], columns: readonly LakeColumn[], excluded: Excluded): string {
  return `SELECT count(*) AS rows FROM (${filesSql(paths, identified(columns))}) WHERE NOT (${keptSql(excluded)})`
}

/** With the row's identity, which what is left out may depend on. */
function identified(columns: readonly LakeColumn[]): readonly LakeColumn[] {
  return [...identityColumns, ...columns.filter(({ name }) => !identityColumns.some(known => known.name === name))]
}

/** SELECT of the columns over data files, matched by field id: what a file lacks reads as NULL. */
export function filesSql(paths: readonly string[], columns: readonly LakeColumn[]): string {
  const fields = columns.map(({ fieldId, name, type }) => {
    const field = `{name: ${quoteText(name)}, type: ${quoteText(duckdbTypes[type])}, default_value: NULL}`
    return `${quoteInteger(fieldId)}: ${field}`
  })
  const names = columns.map(({ name }) => quoteName(name)).join(', ')
  const list = paths.map(quoteText).join(', ')
  return `SELECT ${names} FROM read_parquet([${list}], schema = MAP {${fields.join(', ')}})`
}

/** A row for each query name as spelled: query_name, `rows`, and `counts`, how many values each of `counted` has. */
export function mergeShapesSql(
  paths: readonly string[],
  columns: readonly LakeColumn[],
  counted: readonly LakeColumn[],
  excluded: Excluded = {},
): string {
  const counts = counted.map(({ name }) => `count(${quoteName(name)})`).join(', ')
  const list = counts === '' ? '[]::BIGINT[]' : `[${counts}]`
  const rows = `(${filesSql(paths, identified(columns))}) WHERE ${keptSql(excluded)}`
  // A table without query names has one row here, with NULL for its name.
  const name = hasColumn(columns, 'query_name') ? 'query_name' : 'NULL'
  return `SELECT ${name} AS query_name, count(*) AS rows, ${list} AS counts FROM ${rows} GROUP BY ${name}`
}

/** The footer entries of data files that say where their rows come from: `segments`, JSON text, one row a file. */
export function mergeSourcesSql(paths: readonly string[]): string {
  const list = paths.map(quoteText).join(', ')
  return `SELECT decode(value) AS segments FROM parquet_kv_metadata([${list}]) WHERE decode(key) = 'segments'`
}

function hasColumn(columns: readonly LakeColumn[], name: string): boolean {
  return columns.some(column => column.name === name)
}

/** The COPY that writes the rows of one file of a merge, sorted as every file is. */
export function mergeFileSql(paths: readonly string[], file: FileSql, excluded: Excluded = {}): string {
  const sorted = (file.sortedBy ?? sortColumns).filter(name => hasColumn(file.columns, name))
  const order = [...sorted.map(quoteName), 'row_segment', 'row_ordinal'].join(', ')
  const kept = `SELECT * FROM (${filesSql(paths, file.columns)}) WHERE ${keptSql(excluded)}`
  return copySql(`SELECT * FROM (${kept})${conditionSql(file)} ORDER BY ${order}`, file)
}
