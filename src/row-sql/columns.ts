import type { LakeColumn } from '../model/lake-table.ts'
import { type ColumnType, duckdbTypes } from '../model/lake-type.ts'
import { rowIdentifierSql } from './identity.ts'
import { queryNameOf, rawLineKey, rawValueKey } from './lines.ts'
import { quoteName, quoteText } from './quote.ts'

// The value of each column of the wide table, over the rows of lines.ts. Every value arrives as text and is cast; what
// does not cast is kept in `raw_values`, with every key that is no column.

/** What the shipped rows of this layout say in `schema_version`. */
export const schemaVersion = '23'

export const receivedAt = 'make_timestamp_ms(t)'

/** Seconds since the epoch that a timestamp column can hold: years 0 to 9999. */
const secondsMin = -62_135_596_800
const secondsMax = 253_402_300_799

const unixSeconds = 'TRY_CAST(x.unixTime AS DOUBLE)'

/** Rounded first: 1433188255.253 · 1000 is a little less than 1433188255253. */
const unixMilliseconds = `floor(round(${unixSeconds} * 1000, 3))::BIGINT`

/**
 * `unixTime` decides; `calendarTime`, which may be local time, only where that is missing; then the time of receipt.
 */
export const eventTime = `coalesce(
  CASE WHEN ${unixSeconds} BETWEEN ${secondsMin} AND ${secondsMax}
    THEN make_timestamp_ms(${unixMilliseconds}) END,
  ${castTo('timestamp', 'x.calendarTime')},
  CASE WHEN contains(x.calendarTime, ':')
    THEN try_strptime(x.calendarTime, ['%a %b %d %H:%M:%S %Y UTC', '%a %b %d %H:%M:%S %Y']) END,
  ${receivedAt})`

/**
 * Columns that the lake itself or the line's header decides: a query's column of the same name never overrides them.
 */
export const headerColumns: Readonly<Record<string, string>> = {
  row_segment: 'row_segment',
  row_ordinal: 'row_ordinal',
  message_identifier: rowIdentifierSql,
  record_identifier: rowIdentifierSql,
  query_name: queryNameOf('x.name'),
  query_name_raw: 'x.name',
  osquery_action: 'action',
  host_identifier: 'coalesce(x.hostIdentifier, x.hostname, hi)',
  calendar_time: eventTime,
  unix_time: eventTime,
  epoch: 'TRY_CAST(x.epoch AS BIGINT)',
  counter: 'TRY_CAST(x.counter AS BIGINT)',
  numerics: 'TRY_CAST(coalesce(x.numerics, x.logNumericsAsNumbers) AS BOOLEAN)',
  endpoint_id: 'h',
  ingestion_timestamp: receivedAt,
  ingest_date: `strftime(${receivedAt}, '%Y-%m-%d')`,
  stream_ingest_date: `strftime(${receivedAt}, '%Y-%m-%d')`,
  upload_size: 'line_bytes // n',
  schema_version: quoteText(schemaVersion),
  query_source: "coalesce(qs, 'xdr_only')",
  partition_bucket: 'NULL',
}

/** True for names that only decorations may fill. */
export function isDecoration(name: string): boolean {
  return name.startsWith('meta_')
}

/** The column of a decoration, whose agent may have left out `meta_`. */
export function decorationName(key: string): string {
  return isDecoration(key) ? key : `meta_${key}`
}

/** True where a query's own column of this name is kept in `raw_values` instead. */
export function isReserved(name: string): boolean {
  return (
    Object.hasOwn(headerColumns, name) ||
    isDecoration(name) ||
    ['customer_id', 'raw_values', rawLineKey, rawValueKey].includes(name)
  )
}

/**
 * SELECT of `columns` over rows (`FROM` text: a subquery or a table with what `rowsSql` gives). Names and types are the
 * columns'. `raw_values` holds, beside what did not cast, every key that is none of `columns`: whoever asks for it
 * names all columns of the table.
 */
export function valuesSql(rows: string, columns: readonly LakeColumn[], tenantId: string): string {
  const asked = columns.filter(({ name }) => !Object.hasOwn(headerColumns, name))
  const values = asked.filter(({ name }) => !isReserved(name))
  const decorations = asked.filter(({ name }) => isDecoration(name))
  const shapes = [shapeSql('c', 'y', namesOf(values)), shapeSql('d', 'm', namesOf(decorations).flatMap(decorationKeys))]
  // Casts stand one level below: both the column and `raw_values` look at what came of them.
  const typed = [...values, ...decorations].filter(({ type }) => type !== 'string')
  const casts = typed.map(({ name, type }, index) => ({ name, sql: castTo(type, textOf(name)), alias: `v${index}` }))
  const castOf = new Map(casts.map(cast => [cast.name, cast.alias]))
  const selected = columns.map(({ name, type }) => {
    const value = name === 'raw_values' ? rawValuesSql(castOf, values, decorations) : valueSql(name, castOf, tenantId)
    return `(${value})::${duckdbTypes[type]} AS ${quoteName(name)}`
  })
  const cast = casts.map(({ sql, alias }) => `, ${sql} AS ${alias}`).join('')
  return `SELECT ${selected.join(', ')} FROM (SELECT *${cast} FROM (SELECT *${shapes.join('')} FROM ${rows}))`
}

function namesOf(columns: readonly LakeColumn[]): string[] {
  return columns.map(({ name }) => name)
}

function valueSql(name: string, castOf: ReadonlyMap<string, string>, tenantId: string): string {
  if (name === 'customer_id') return quoteText(tenantId)
  if (Object.hasOwn(headerColumns, name)) return headerColumns[name] as string
  const value = castOf.get(name) ?? textOf(name)
  if (name === 'meta_public_ip') return `coalesce(nullif(${value}, ''), ip, ${value})`
  return name === 'meta_eid' ? `coalesce(${value}, h)` : value
}

/** Keys of a decoration that land in a column, in order of precedence: `meta_x` itself, then `x`. */
function decorationKeys(name: string): string[] {
  const bare = name.slice('meta_'.length)
  return isDecoration(bare) ? [name] : [name, bare]
}

/** The text that arrived for a column, as SQL. */
function textOf(name: string): string {
  if (!isDecoration(name)) return `y.${quoteName(name)}`
  const keys = decorationKeys(name).map(key => `m.${quoteName(key)}`)
  return keys.length === 1 ? (keys[0] as string) : `coalesce(${keys.join(', ')})`
}

/** `, json_transform(…) AS name`: the keys of a JSON object as a struct of texts; nothing where no key is asked for. */
export function shapeSql(object: string, name: string, keys: readonly string[]): string {
  if (keys.length === 0) return ''
  const shape = JSON.stringify(Object.fromEntries(keys.map(key => [key, 'VARCHAR'])))
  return `, json_transform(${object}, ${quoteText(shape)}) AS ${name}`
}

/**
 * The text as a value of the type, NULL where it is none: nothing is rounded or cut on the way, but for
 * sub-milliseconds.
 */
export function castTo(type: ColumnType, text: string): string {
  switch (type) {
    case 'string':
      return text
    case 'bigint':
    case 'integer': {
      const whole = `TRY_CAST(${text} AS ${duckdbTypes[type]})`
      const isOdd = `contains(${text}, '.') OR contains(${text}, 'e') OR contains(${text}, 'E')`
      const exact = `CASE WHEN TRY_CAST(${text} AS DOUBLE) = ${whole} THEN ${whole} END`
      return `CASE WHEN ${isOdd} THEN ${exact} ELSE ${whole} END`
    }
    case 'timestamp':
      return `TRY(make_timestamp_ms(epoch_ms(TRY_CAST(${text} AS TIMESTAMPTZ))))`
    default:
      return `TRY_CAST(${text} AS ${duckdbTypes[type]})`
  }
}

/**
 * JSON text {column: text} of what did not cast and of keys that are no columns; NULL where there is nothing of the
 * kind.
 */
function rawValuesSql(
  castOf: ReadonlyMap<string, string>,
  values: readonly LakeColumn[],
  decorations: readonly LakeColumn[],
): string {
  const failed = [...castOf].map(([name, cast]) => {
    const entry = `${quoteText(`${JSON.stringify(name)}:`)} || to_json(${textOf(name)})::VARCHAR`
    return `CASE WHEN ${cast} IS NULL AND ${textOf(name)} <> '' THEN ${entry} END`
  })
  const prefixed = "CASE WHEN starts_with(entry.key, 'meta_') THEN entry.key ELSE 'meta_' || entry.key END"
  const unknown = [
    unknownSql('c', namesOf(values), 'entry.key'),
    unknownSql('d', namesOf(decorations).flatMap(decorationKeys), prefixed),
  ]
  return `nullif('{' || concat_ws(',', ${[...failed, ...unknown].join(', ')}) || '}', '{}')`
}

/**
 * Entries of the keys of a JSON object that are none of `known`, NULL where there are none. One regular expression over
 * all keys of a row lets nearly every row pass; keys are compared one by one only where it does not match.
 */
export function unknownSql(object: string, known: readonly string[], name: string): string {
  const isUnknown = known.length === 0 ? 'true' : `entry.key NOT IN (${known.map(quoteText).join(', ')})`
  const all = `map_entries(json_transform(${object}, '"MAP(VARCHAR, VARCHAR)"'))`
  const text = `to_json(${name})::VARCHAR || ':' || coalesce(to_json(entry.value)::VARCHAR, 'null')`
  const unknown = `list_filter(${all}, lambda entry: ${isUnknown})`
  const entries = `array_to_string(list_transform(${unknown}, lambda entry: ${text}), ',')`
  const areKnown = `regexp_full_match(to_json(json_keys(${object}))::VARCHAR, ${quoteText(keysPattern(known))})`
  return `CASE WHEN NOT ${areKnown} THEN nullif(${entries}, '') END`
}

/** A regular expression for the JSON text of an array of none but these keys. */
function keysPattern(known: readonly string[]): string {
  const keys = known.map(key =>
    JSON.stringify(key)
      .slice(1, -1)
      .replace(/[^\w ]/gu, escapedForRe2),
  )
  return `\\[(?:"(?:${keys.join('|')})",?)*\\]`
}

function escapedForRe2(character: string): string {
  return `\\x{${(character.codePointAt(0) as number).toString(16)}}`
}
