import { type Span, SqlRefusal } from '../diagnostics.ts'
import {
  engineType,
  fieldName,
  isInstant,
  isInteger,
  isNumeric,
  isSameStorage,
  isText,
  quoteName,
  quoteText,
  type SqlType,
  typeText,
} from '../sql-type.ts'
import type { Typed } from './context.ts'
import { localTime } from './zones.ts'

// CAST and TRY_CAST as Trino means them, chosen by the types on both sides. Where the engine's own cast says something
// else (rounding, text of doubles and timestamps, JSON), the difference is spelled out here.

/** How a failing cast ends: the run with an error, or this value with NULL. */
export type CastMode = 'CAST' | 'TRY_CAST'

/** `value` converted explicitly to `to`; refuses what Trino has no cast for. */
export function castTo(value: Typed, to: SqlType, mode: CastMode, span: Span): Typed {
  const sql = castSql(value.sql, value.type, to, mode)
  if (sql === undefined) {
    throw new SqlRefusal(`cannot cast ${typeText(value.type)} to ${typeText(to)}`, span)
  }
  return { sql, type: to }
}

/** `value` as the type an operator or function needs; only for conversions Trino makes by itself. */
export function coerce(value: Typed, to: SqlType): Typed {
  if (isSameStorage(value.type, to)) return { sql: value.sql, type: to }
  return { sql: castSql(value.sql, value.type, to, 'CAST') ?? `CAST(${value.sql} AS ${engineType(to)})`, type: to }
}

function castSql(sql: string, from: SqlType, to: SqlType, mode: CastMode): string | undefined {
  const native = `${mode}(${sql} AS ${engineType(to)})`
  if (from.kind === 'unknown' || from.kind === 'any') return native
  if (to.kind === 'json') return toJson(sql, from)
  if (from.kind === 'json') return fromJson(sql, to, mode)
  if (to.kind === 'char' && !isText(from)) return undefined
  if (isText(to)) return isText(from) ? limitLength(sql, from, to) : printed(toText(sql, from), from, to, mode)
  if (to.kind === 'array' || to.kind === 'map' || to.kind === 'row') return castNested(sql, from, to, mode)
  if (isText(from)) return fromText(sql, to, mode)
  if (isNumeric(to)) return toNumber(sql, from, to, mode)
  if (to.kind === 'boolean') return isNumeric(from) || from.kind === 'boolean' ? native : undefined
  if (isInstant(to)) return isInstant(from) ? toInstant(sql, from, to) : undefined
  if (to.kind === 'time') return isInstant(from) || from.kind === 'time' ? native : undefined
  if (to.kind === 'ipprefix' && from.kind === 'ipaddress') return `trino_prefix_of(${sql})`
  if (to.kind === 'ipaddress' && from.kind === 'ipprefix') return `struct_extract(${sql}, 'address')`
  return from.kind === to.kind ? sql : undefined
}

/** Text of a value as Trino prints it; undefined where there is no such cast. */
export function toText(sql: string, from: SqlType): string | undefined {
  switch (from.kind) {
    case 'varchar':
    case 'char':
      return sql
    case 'double':
      return `trino_double_text(${sql})`
    case 'real':
      return `trino_real_text(${sql})`
    case 'decimal':
      return from.scale === from.precision ? `trino_decimal_text(${sql})` : `CAST(${sql} AS VARCHAR)`
    case 'timestamp':
      return timestampText(sql, from.precision)
    case 'timestamptz': {
      const local = localTime({ sql, type: from })
      return `(${timestampText(local, from.precision)} || ${quoteText(` ${from.zone ?? 'UTC'}`)})`
    }
    case 'time':
      return withFraction(`DATE '2000-01-01' + ${sql}`, '%H:%M:%S', from.precision)
    case 'ipaddress':
      return `trino_ip_text(${sql})`
    case 'ipprefix':
      return `trino_prefix_text(${sql})`
    case 'intervalDay':
      return `trino_interval_text(${sql})`
    case 'intervalMonth':
      return `trino_months_text(${sql})`
    case 'boolean':
    case 'date':
    case 'uuid':
      return `CAST(${sql} AS VARCHAR)`
    default:
      return isInteger(from) ? `CAST(${sql} AS VARCHAR)` : undefined
  }
}

function timestampText(sql: string, precision: number): string {
  return withFraction(sql, '%Y-%m-%d %H:%M:%S', precision)
}

/** A time printed by `pattern` and so many digits of a second. The engine keeps six; finer ones are zeros. */
export function withFraction(sql: string, pattern: string, precision: number): string {
  if (precision === 0) return `strftime(${sql}, ${quoteText(pattern)})`
  const kept = precision <= 3 ? 3 : 6
  const zeros = '0'.repeat(Math.max(precision - 6, 0))
  const text = `strftime(${sql}, ${quoteText(`${pattern}.${kept === 3 ? '%g' : '%f'}${zeros}`)})`
  return precision < kept ? `left(${text}, ${precision - kept})` : text
}

function limitLength(sql: string | undefined, from: SqlType, to: SqlType): string | undefined {
  if (sql === undefined || !isText(to) || !('length' in to) || to.length === undefined) return sql
  const isShort = isText(from) && 'length' in from && from.length !== undefined && from.length <= to.length
  const cut = isShort ? sql : `left(${sql}, ${to.length})`
  // Trailing blanks of a char are padding.
  return to.kind === 'char' ? `rtrim(${cut}, ' ')` : cut
}

/** What is printed of a value must fit into the type's length; only timestamps Trino lets be longer. */
function printed(sql: string | undefined, from: SqlType, to: SqlType, mode: CastMode): string | undefined {
  if (sql === undefined || !('length' in to) || to.length === undefined) return sql
  if (from.kind === 'timestamp' || from.kind === 'timestamptz') return sql
  if (mode === 'TRY_CAST') return `CASE WHEN length(${sql}) <= ${to.length} THEN ${sql} END`
  return `trino_fitting(${sql}, ${to.length})`
}

function fromText(sql: string, to: SqlType, mode: CastMode): string | undefined {
  if (isInteger(to)) return `${mode}(${shaped(sql, '\\s*[+-]?[0-9]+\\s*', to, mode)} AS ${engineType(to)})`
  if (to.kind === 'ipaddress') return mode === 'CAST' ? `trino_ip(${sql})` : `trino_ip_or_null(${sql})`
  if (to.kind === 'ipprefix') return mode === 'CAST' ? `trino_prefix(${sql})` : `trino_prefix_or_null(${sql})`
  const shape = textShapes[to.kind]
  if (shape !== undefined) {
    const text = shaped(sql, shape, to, mode)
    // Java's letters behind a number, and a zone that the type has no place for.
    if (to.kind === 'double' || to.kind === 'real')
      return `${mode}(${withoutEnd(text, '[dDfF]\\s*')} AS ${engineType(to)})`
    if (to.kind === 'timestamp') {
      const local = withoutEnd(text, ` *${offset}?\\s*`)
      return cutPrecision(`${mode}(${local} AS ${engineType(to)})`, 6, to)
    }
    if (to.kind === 'decimal') return decimalOf(text, to, mode)
    if (to.kind !== 'timestamptz') return cutPrecision(`${mode}(${text} AS ${engineType(to)})`, 6, to)
    // The engine reads an offset only where it follows at once.
    const joined = `regexp_replace(${text}, ' ([+-][0-9:]+\\s*)$', '\\1')`
    return cutPrecision(`CAST(timezone('UTC', ${mode}(${joined} AS TIMESTAMPTZ)) AS TIMESTAMP)`, 6, to)
  }
  return undefined
}

/** Years of four digits: the engine prints others in its own way. */
const day = '\\s*(0*[1-9]\\d{0,3})-\\d{1,2}-\\d{1,2}'
const hours = '([01]?\\d|2[0-3])'
const time = `${hours}:\\d{1,2}(:\\d{1,2}(\\.\\d+)?)?`
const clock = `( ${time})?`
const offset = '(Z|UTC|[+-]\\d{2}:?\\d{2})'
const double = '\\s*[+-]?(NaN|Infinity|(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?[dDfF]?)\\s*'

/** What Trino reads where the engine reads more: no T between day and time, no blanks around a decimal. */
const textShapes: Partial<Record<SqlType['kind'], string>> = {
  decimal: '[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?',
  double,
  real: double,
  boolean: '(?i)(t|true|f|false|1|0)',
  uuid: '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}',
  time,
  date: `${day}\\s*`,
  timestamp: `(${day}${clock}( +${offset})?|${day} ${time}${offset})\\s*`,
  timestamptz: `${day}${clock}( ?(Z|[+-]\\d{2}:?\\d{2}|[A-Za-z][A-Za-z_/+0-9-]*))?\\s*`,
}

function withoutEnd(sql: string, end: string): string {
  return `regexp_replace(${sql}, '${end}$', '')`
}

/** The text where it has the shape, else one that no cast can read. */
function shaped(sql: string, shape: string, to: SqlType, mode: CastMode): string {
  const otherwise = mode === 'CAST' ? ` ELSE ('''' || ${sql} || ''' is no ${to.kind}')` : ''
  return `CASE WHEN regexp_full_match(${sql}, '${shape}') THEN ${sql}${otherwise} END`
}

/** The decimal of a number's text, which may have a power of ten. */
function decimalOf(text: string, to: SqlType, mode: CastMode): string {
  return `${mode}(trino_written_out(${text}) AS ${engineType(to)})`
}

function toNumber(sql: string, from: SqlType, to: SqlType, mode: CastMode): string | undefined {
  if (from.kind === 'boolean') return `${mode}(${sql} AS ${engineType(to)})`
  if (!isNumeric(from)) return undefined
  // The engine rounds halves of doubles to even, Trino away from zero.
  const isFloating = from.kind === 'double' || from.kind === 'real'
  // A decimal takes the digits a double is printed with: 1.005E0 is 1.01, though the number is a little less.
  if (isFloating && to.kind === 'decimal') return decimalOf(`CAST(${sql} AS VARCHAR)`, to, mode)
  return `${mode}(${isFloating && isInteger(to) ? `round(${sql})` : sql} AS ${engineType(to)})`
}

function toInstant(sql: string, from: SqlType, to: SqlType): string {
  if (from.kind === 'timestamptz' && to.kind !== 'timestamptz') {
    const local = localTime({ sql, type: from })
    return to.kind === 'date' ? `CAST(${local} AS DATE)` : cutPrecision(local, from.precision, to)
  }
  if (to.kind === 'date') return from.kind === 'date' ? sql : `CAST(${sql} AS DATE)`
  if (from.kind === 'date') return `CAST(${sql} AS TIMESTAMP)`
  return cutPrecision(sql, 'precision' in from ? from.precision : 0, to)
}

/** Trino rounds to the new precision. A decimal's precision counts digits, not those of a second. */
function cutPrecision(sql: string, precision: number, to: SqlType): string {
  const wanted = to.kind === 'timestamp' || to.kind === 'timestamptz' ? to.precision : 6
  if (wanted >= precision || wanted >= 6) return sql
  const unit = 10 ** (6 - wanted)
  return `make_timestamp(CAST(round(epoch_us(${sql}) / ${unit}.0) AS BIGINT) * ${unit})`
}

function toJson(sql: string, from: SqlType): string | undefined {
  if (from.kind === 'json') return sql
  const text = jsonText(sql, from)
  return text === undefined ? undefined : `CASE WHEN ${sql} IS NOT NULL THEN CAST(${text} AS JSON) END`
}

/** JSON of a value that is not NULL: keys of a map in order, doubles as Java prints them. */
function jsonText(sql: string, from: SqlType): string | undefined {
  switch (from.kind) {
    case 'double':
      return (
        `CASE WHEN isfinite(${sql}) THEN trino_java_double(${sql}) ` +
        `ELSE concat('"', trino_double_text(${sql}), '"') END`
      )
    case 'decimal':
      return toText(sql, from)
    case 'json':
      return `CAST(${sql} AS VARCHAR)`
    case 'array': {
      const item = jsonText('"json_item"', from.element)
      if (item === undefined) return undefined
      const items = `list_transform(${sql}, lambda "json_item": ${orNull('"json_item"', item)})`
      return `('[' || array_to_string(${items}, ',') || ']')`
    }
    case 'map': {
      const [key, value] = ['key', 'value'].map(side => `struct_extract("json_item", '${side}')`)
      const [keyText, valueText] = [toText(key!, from.key), jsonText(value!, from.value)]
      if (keyText === undefined || valueText === undefined) return undefined
      const member = `CAST(to_json(${keyText}) AS VARCHAR) || ':' || ${orNull(value!, valueText)}`
      const members = `list_transform(list_sort(map_entries(${sql})), lambda "json_item": ${member})`
      return `('{' || array_to_string(${members}, ',') || '}')`
    }
    case 'row':
      return rowJson(sql, from)
    case 'varbinary':
    case 'ipaddress':
    case 'ipprefix':
    case 'real':
    case 'any':
      return undefined
    default: {
      const isNative = from.kind === 'boolean' || isInteger(from) || from.kind === 'unknown'
      const text = isNative ? sql : toText(sql, from)
      return text === undefined ? undefined : `CAST(to_json(${text}) AS VARCHAR)`
    }
  }
}

function orNull(sql: string, text: string): string {
  return `CASE WHEN ${sql} IS NULL THEN 'null' ELSE ${text} END`
}

/** Fields without a name all have the empty one in Trino, which no JSON reader keeps apart. */
function rowJson(sql: string, from: Extract<SqlType, { kind: 'row' }>): string | undefined {
  const members: string[] = []
  for (const [index, field] of from.fields.entries()) {
    const value = `struct_extract(${sql}, ${quoteText(fieldName(field, index))})`
    const text = field.name === undefined ? undefined : jsonText(value, field.type)
    if (text === undefined) return undefined
    members.push(`${quoteText(`${JSON.stringify(field.name)}:`)} || ${orNull(value, text)}`)
  }
  return `('{' || ${members.join(" || ',' || ")} || '}')`
}

function fromJson(sql: string, to: SqlType, mode: CastMode): string | undefined {
  if (isText(to)) {
    const text = mode === 'CAST' ? `trino_json_text(${sql})` : `trino_json_text_or_null(${sql})`
    return limitLength(text, { kind: 'varchar', length: undefined }, to)
  }
  const scalar = `json_extract_string(${sql}, '$')`
  const asWritten = to.kind === 'decimal' ? decimalOf(scalar, to, mode) : `${mode}(${scalar} AS ${engineType(to)})`
  if (isNumeric(to)) {
    const truth = `CAST(CAST(${scalar} AS BOOLEAN) AS ${engineType(to)})`
    const rounded = `${mode}(round(CAST(${scalar} AS DOUBLE)) AS ${engineType(to)})`
    const ofDouble = isInteger(to) ? ` WHEN 'DOUBLE' THEN ${rounded}` : ''
    return `CASE json_type(${sql})${ofDouble} WHEN 'BOOLEAN' THEN ${truth} ELSE ${asWritten} END`
  }
  if (to.kind === 'boolean') return asWritten
  if (to.kind === 'array' && isText(to.element)) {
    const item = fromJson('"cast_item"', to.element, mode)
    const items = `list_transform(json_extract(${sql}, '$[*]'), lambda "cast_item": ${item})`
    return `CASE WHEN json_type(${sql}) = 'ARRAY' THEN ${items} ELSE ${mode}(${sql} AS VARCHAR[]) END`
  }
  if (to.kind === 'row') return jsonRow(sql, to, mode)
  const isNested = to.kind === 'array' || to.kind === 'map'
  return isNested ? `${mode}(${sql} AS ${engineType(to)})` : undefined
}

/** A row of an object's members by name, or of an array's items in order; a member that is missing is NULL. */
function jsonRow(sql: string, to: Extract<SqlType, { kind: 'row' }>, mode: CastMode): string | undefined {
  const strict = `${mode}(${sql} AS ${engineType(to)})`
  const isPlain = to.fields.every(field => field.name !== undefined && !/["\\]/.test(field.name))
  if (!isPlain) return strict
  const packed = (pathOf: (name: string, index: number) => string) => {
    const members = to.fields.map(({ name = '', type }, index) => {
      const member = fromJson(`json_extract(${sql}, ${quoteText(pathOf(name, index))})`, type, mode)
      return member && `${quoteName(name)} := ${member}`
    })
    return members.includes(undefined) ? undefined : `struct_pack(${members.join(', ')})`
  }
  const [byName, byPosition] = [packed(name => `$."${name}"`), packed((_, index) => `$[${index}]`)]
  const isLongEnough = `json_array_length(${sql}) = ${to.fields.length}`
  return (
    byName &&
    `CASE WHEN json_type(${sql}) = 'OBJECT' THEN ${byName} WHEN json_type(${sql}) = 'ARRAY' AND ${isLongEnough} ` +
      `THEN ${byPosition} ELSE ${strict} END`
  )
}

function castNested(sql: string, from: SqlType, to: SqlType, mode: CastMode): string | undefined {
  if (isSameStorage(from, to)) return sql
  if (from.kind === 'array' && to.kind === 'array') {
    const element = castSql('"cast_item"', from.element, to.element, mode)
    return element && `list_transform(${sql}, lambda "cast_item": ${element})`
  }
  if (from.kind === 'map' && to.kind === 'map') {
    const key = castSql(`struct_extract("cast_item", 'key')`, from.key, to.key, mode)
    const value = castSql(`struct_extract("cast_item", 'value')`, from.value, to.value, mode)
    if (key === undefined || value === undefined) return undefined
    const entry = `struct_pack("key" := ${key}, "value" := ${value})`
    return `map_from_entries(list_transform(map_entries(${sql}), lambda "cast_item": ${entry}))`
  }
  if (from.kind !== 'row' || to.kind !== 'row' || from.fields.length !== to.fields.length) return undefined
  const fields: string[] = []
  for (const [index, field] of to.fields.entries()) {
    const source = from.fields[index]!
    const value = `struct_extract(${sql}, ${quoteText(fieldName(source, index))})`
    const converted = castSql(value, source.type, field.type, mode)
    if (converted === undefined) return undefined
    fields.push(`${quoteName(fieldName(field, index))} := ${converted}`)
  }
  return `CASE WHEN ${sql} IS NOT NULL THEN struct_pack(${fields.join(', ')}) END`
}
