import { AppError } from '../../model/errors.ts'
import type { LakeColumn } from '../../model/lake-table.ts'
import { duckdbTypes } from '../../model/lake-type.ts'
import type { RunView, ViewRelation } from '../../model/run-view.ts'
import { identifierColumns, identityColumns, rowIdentifierSql } from '../../row-sql/identity.ts'
import { quoteInteger, quoteName, quoteText } from '../../row-sql/quote.ts'
import { tailRowsSql } from '../../row-sql/tail.ts'

// RunView → SQL. A relation is one scan of its data files (matched by field id, so a narrow file lacks columns
// instead of failing, and none is opened to bind) and one branch for the open tail. The window, the hosts and the query
// names are conditions of the view: the statement cannot reach behind them.

/**
 * Every relation of the view as the WITH of one statement, '' where there is none: what follows it names them. A CREATE
 * VIEW would have its files bound once more, which costs tens of milliseconds where there are a thousand.
 * `isOneScan`: all files of a relation are read together, which finding few rows by their sort keys needs; otherwise
 * the time of rows is not read where all of a file's lie within the window (measured: 77 → 32 ms of a count by host).
 */
export function withRelations(view: RunView, isOneScan = false): string {
  if (view.relations.length === 0) return ''
  const parts = view.relations.map(relation => {
    const rows = relationSql(isOneScan ? { ...relation, filesWithin: [] } : relation, view.tenantId)
    return `${quoteName(relation.name)} AS NOT MATERIALIZED (${rows})`
  })
  return `WITH ${parts.join(', ')} `
}

/** Statements that make the same relations without rows: enough to bind a statement and learn its types. */
export function emptyViewStatements(view: RunView): string[] {
  return view.relations.map(({ name, columns }) => `CREATE OR REPLACE VIEW ${quoteName(name)} AS ${emptySql(columns)}`)
}

/** Every file the view's statements read. */
export function viewPaths(view: RunView): string[] {
  const paths = view.relations.flatMap(relation => [...relation.files, ...relation.tail.map(pin => pin.path)])
  return [...new Set(paths)]
}

function relationSql(relation: ViewRelation, tenantId: string): string {
  const stored = storedColumns(relation)
  const { filesWithin } = relation
  const within = new Set(filesWithin)
  const others = relation.files.filter(path => !within.has(path))
  const window = whereSql(windowConditions(relation))
  const branches: string[] = []
  if (filesWithin.length > 0) branches.push(filesSql(filesWithin, stored))
  if (others.length > 0) branches.push(`${filesSql(others, stored)}${window}`)
  if (relation.tail.length > 0) branches.push(`${tailBranchSql(relation, tenantId, stored)}${window}`)
  if (branches.length === 0) return emptySql(relation.columns)
  const outputs = relation.columns.map(column =>
    identifierColumns.includes(column.name)
      ? `${rowIdentifierSql} AS ${quoteName(column.name)}`
      : quoteName(column.name),
  )
  const where = whereSql(rowConditions(relation))
  return `SELECT ${outputs.join(', ')} FROM (${branches.join(' UNION ALL ')}) AS "rows"${where}`
}

/** What the branches read: the relation's columns, less the computed ones, and a row's identity for those. */
function storedColumns(relation: ViewRelation): LakeColumn[] {
  const stored = relation.columns.filter(column => !identifierColumns.includes(column.name))
  const isIdentified = stored.length < relation.columns.length
  return isIdentified ? [...stored, ...identityColumns] : stored
}

function filesSql(files: readonly string[], columns: readonly LakeColumn[]): string {
  const fields = columns.map(column => {
    const type = duckdbTypes[column.type]
    const field = `name: ${quoteText(column.name)}, type: ${quoteText(type)}, default_value: NULL`
    return `${quoteInteger(column.fieldId)}: {${field}}`
  })
  const paths = files.map(quoteText).join(', ')
  return `SELECT ${namesOf(columns)} FROM read_parquet([${paths}], schema = MAP {${fields.join(', ')}})`
}

function tailBranchSql(relation: ViewRelation, tenantId: string, columns: readonly LakeColumn[]): string {
  // The conditions of the view stand outside as well: these only spare lines from being taken apart for nothing.
  const only = { queryNames: relation.queryNames, hostIds: relation.hosts?.ids }
  const declared = relation.isDeclared === true ? { timeColumn: relation.window?.column ?? '' } : undefined
  const rows = tailRowsSql(relation.tail, relation.table, tenantId, columns, only, declared)
  return `SELECT ${namesOf(columns)} FROM (${rows}) AS "tail"`
}

function namesOf(columns: readonly LakeColumn[]): string {
  return columns.map(column => quoteName(column.name)).join(', ')
}

function emptySql(columns: readonly LakeColumn[]): string {
  const nulls = columns.map(column => `CAST(NULL AS ${duckdbTypes[column.type]}) AS ${quoteName(column.name)}`)
  return `SELECT ${nulls.join(', ')} WHERE false`
}

function whereSql(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
}

function windowConditions(relation: ViewRelation): string[] {
  if (relation.window === undefined) return []
  const column = existingColumn(relation, relation.window.column)
  const { start, end } = relation.window.range
  return [`${column} >= ${instantSql(start)}`, ...(end === undefined ? [] : [`${column} < ${instantSql(end)}`])]
}

/** Hosts and query names. */
function rowConditions(relation: ViewRelation): string[] {
  const conditions: string[] = []
  if (relation.hosts !== undefined) {
    const column = existingColumn(relation, relation.hosts.column)
    const ids = relation.hosts.ids.map(quoteText)
    conditions.push(ids.length === 0 ? 'false' : `${column} IN (${ids.join(', ')})`)
  }
  if (relation.queryNames !== undefined) {
    const names = relation.queryNames.map(name => quoteText(name.toLowerCase()))
    const column = existingColumn(relation, 'query_name')
    conditions.push(names.length === 0 ? 'false' : `lower(${column}) IN (${names.join(', ')})`)
  }
  return conditions
}

/** Throws `internal`: a view whose condition has no column would show rows outside it. */
function existingColumn(relation: ViewRelation, name: string): string {
  const isThere = relation.columns.some(column => column.name === name && !identifierColumns.includes(name))
  if (!isThere) throw new AppError('internal', `the view of ${relation.name} is limited by ${name}, which it lacks`)
  return quoteName(name)
}

/** Milliseconds since the epoch as a naive UTC timestamp; beyond the calendar's ends, infinity. */
function instantSql(ms: number): string {
  const date = new Date(Math.trunc(ms))
  const year = date.getUTCFullYear()
  if (Number.isNaN(year) || year < 1 || year > 9999) return `TIMESTAMP '${ms < 0 ? '-' : ''}infinity'`
  return `TIMESTAMP '${date.toISOString().slice(0, 23).replace('T', ' ')}'`
}
