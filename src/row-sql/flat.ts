import type { LakeColumn } from '../model/lake-table.ts'
import { duckdbTypes } from '../model/lake-type.ts'
import { castTo, receivedAt, schemaVersion, shapeSql, unknownSql } from './columns.ts'
import { rowIdentifierSql, rowsPerLineMax } from './identity.ts'
import { jsonLinesSql, lowerCaseKeys, rawLineKey, type SegmentSource } from './lines.ts'
import { quoteName, quoteText } from './quote.ts'

// Rows that come as they are: one line is one row of a table, its keys are the columns. Every value is cast to its
// column's type; what does not cast is kept in `raw_values`, with every key that is no column.

/** Columns that the lake decides; a row's own key of that name is kept in `raw_values`. */
const assigned: Readonly<Record<string, string>> = {
  row_segment: 'row_segment',
  row_ordinal: 'row_ordinal',
  message_identifier: rowIdentifierSql,
  record_identifier: rowIdentifierSql,
  ingestion_timestamp: receivedAt,
  ingest_date: `strftime(${receivedAt}, '%Y-%m-%d')`,
  stream_ingest_date: `strftime(${receivedAt}, '%Y-%m-%d')`,
  upload_size: 'line_bytes',
}

/** True for a column that no key of a row fills. */
export function isAssigned(name: string): boolean {
  return Object.hasOwn(assigned, name) || name === 'customer_id' || name === 'raw_values'
}

/** True for a column that has a value where the row says nothing. */
export function hasDefault(name: string, declared?: DeclaredRows): boolean {
  return defaultSql(name, () => 'NULL', declared) !== undefined
}

/** What is known of the rows of a table that the lake does not ship. */
export interface DeclaredRows {
  /** The column the window is on: the time of receipt where a row says none, or it would lie in no window. */
  readonly timeColumn: string
}

/** What a column is where the row says nothing: SQL over the values of others. A window's column is never NULL. */
function defaultSql(
  name: string,
  value: (other: string) => string | undefined,
  declared: DeclaredRows | undefined,
): string | undefined {
  // Its columns mean what those who declared them say.
  if (declared !== undefined) return name === declared.timeColumn ? receivedAt : undefined
  const first = (...others: readonly string[]) =>
    `coalesce(${[...others.map(value).filter(each => each !== undefined), receivedAt].join(', ')})`
  switch (name) {
    case 'calendar_time':
      return first('unix_time')
    case 'unix_time':
      return first('calendar_time')
    case 'timestamp':
    case 'ingestion_time':
      return first()
    case 'schema_version':
      return quoteText(schemaVersion)
    case 'meta_eid':
      return value('endpoint_id')
    case 'raw':
      return 'line'
    default:
      return undefined
  }
}

/** Columns whose default looks at others, which therefore have to be taken apart as well. */
const lookedAt: Readonly<Record<string, string>> = {
  calendar_time: 'unix_time',
  unix_time: 'calendar_time',
  meta_eid: 'endpoint_id',
}

/**
 * SELECT of every row of the table among the sources' lines: row_segment, row_ordinal, `t`, `line`, `line_bytes` and
 * `c`, a JSON object of its columns with keys in lower case.
 */
export function flatRowsSql(sources: readonly SegmentSource[], table: string): string {
  const object = `CASE WHEN json_type(j) = 'OBJECT' THEN j ELSE json_object('${rawLineKey}', line) END`
  const rows =
    `SELECT row_segment, ordinal * ${rowsPerLineMax} AS row_ordinal, t, line, strlen(line) AS line_bytes, ` +
    `${object} AS c FROM (${jsonLinesSql(sources, {}, table)})`
  return `SELECT * REPLACE (${lowerCaseKeys('c')} AS c) FROM (${rows})`
}

/** A row for each query name and each set of keys the rows have: query_name, `keys`, `rows`. */
export function flatShapesSql(rows: string): string {
  const name = "json_extract_string(c, '$.query_name')"
  return `SELECT ${name} AS query_name, json_keys(c) AS keys, count(*) AS rows FROM ${rows} GROUP BY ALL ORDER BY ALL`
}

/**
 * SELECT of `columns` over rows (`FROM` text: a subquery or a table with what `flatRowsSql` gives). Names and types are
 * the columns'. Whoever asks for `raw_values` names all columns of the table.
 */
export function flatValuesSql(
  rows: string,
  columns: readonly LakeColumn[],
  tenantId: string,
  declared?: DeclaredRows,
): string {
  const filled = columns.filter(({ name }) => !isAssigned(name))
  const names = new Set(filled.map(({ name }) => name))
  const looked = declared === undefined ? lookedAt : {}
  const others = filled.flatMap(({ name }) => looked[name] ?? []).filter(name => !names.has(name))
  const text = (name: string) => `y.${quoteName(name)}`
  const typed = [
    ...filled.filter(({ type }) => type !== 'string').map(({ name, type }) => ({ name, type })),
    // Only times look at times.
    ...others.filter(name => name !== 'endpoint_id').map(name => ({ name, type: 'timestamp' as const })),
  ]
  const castOf = new Map(typed.map(({ name }, at) => [name, `v${at}`]))
  const casts = typed.map(({ name, type }, at) => `, ${castFlat(type, text(name))} AS v${at}`).join('')
  const known = new Set([...names, ...others])
  const columnValue = (name: string) => (known.has(name) ? (castOf.get(name) ?? text(name)) : undefined)
  // In a wide table, whose time is another, a query's own `timestamp` is what it says, or nothing.
  const isWide = declared === undefined && columns.some(({ name }) => name === 'calendar_time')
  const selected = columns.map(({ name, type }) => {
    const isOwn = isWide && ['timestamp', 'ingestion_time'].includes(name)
    const value =
      (isOwn ? columnValue(name) : columnSql(name, tenantId, columnValue, declared)) ??
      rawValuesSql(filled, castOf, text)
    return `(${value})::${duckdbTypes[type]} AS ${quoteName(name)}`
  })
  const shaped = `SELECT *${shapeSql('c', 'y', [...known])} FROM ${rows}`
  return `SELECT ${selected.join(', ')} FROM (SELECT *${casts} FROM (${shaped}))`
}

/** undefined: the column is `raw_values`. */
function columnSql(
  name: string,
  tenantId: string,
  columnValue: (name: string) => string | undefined,
  declared: DeclaredRows | undefined,
): string | undefined {
  if (name === 'raw_values') return undefined
  if (name === 'customer_id') return quoteText(tenantId)
  if (Object.hasOwn(assigned, name)) return assigned[name]
  const value = columnValue(name) as string
  const otherwise = defaultSql(name, columnValue, declared)
  return otherwise === undefined ? value : `coalesce(${value}, ${otherwise})`
}

/** A time may also be a number: seconds since the epoch, or milliseconds where seconds would lie past the year 5138. */
function castFlat(type: LakeColumn['type'], text: string): string {
  if (type !== 'timestamp') return castTo(type, text)
  const number = `TRY_CAST(${text} AS DOUBLE)`
  const ms = `floor(CASE WHEN ${number} >= 1e11 THEN ${number} ELSE ${number} * 1000 END)::BIGINT`
  return `CASE WHEN ${number} BETWEEN 0 AND 1e14 THEN make_timestamp_ms(${ms}) ELSE ${castTo(type, text)} END`
}

function rawValuesSql(
  filled: readonly LakeColumn[],
  castOf: ReadonlyMap<string, string>,
  text: (name: string) => string,
): string {
  const names = filled.map(({ name }) => name)
  const failed = names.flatMap(name => {
    const cast = castOf.get(name)
    if (cast === undefined) return []
    const entry = `${quoteText(`${JSON.stringify(name)}:`)} || to_json(${text(name)})::VARCHAR`
    return [`CASE WHEN ${cast} IS NULL AND ${text(name)} <> '' THEN ${entry} END`]
  })
  const entries = [...failed, unknownSql('c', names, 'entry.key')]
  return `nullif('{' || concat_ws(',', ${entries.join(', ')}) || '}', '{}')`
}
