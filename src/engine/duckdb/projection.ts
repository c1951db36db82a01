import {
  type DuckDBDecimalType,
  type DuckDBListType,
  type DuckDBMapType,
  type DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
} from '@duckdb/node-api'
import type { WireType } from '../../model/lake-type.ts'
import { quoteName, quoteText } from '../../row-sql/quote.ts'

// The one table of result types. A value goes through two expressions: `stored` on its way into the run's Parquet file
// (whatever Parquet or JSON would lose becomes text or a double there) and `rendered` on its way into a page. What is
// stored is one of few types, so the page reader needs nothing but the file. Rules and reasons: DuckDB's to_json prints
// BIGINT digits exactly but NaN as no JSON; Parquet turns HUGEINT into DOUBLE and cuts intervals to milliseconds.

interface TypeRule {
  readonly wire: WireType
  /** undefined: the value as it is. */
  readonly stored?: (value: string, type: DuckDBType) => string
  readonly rendered?: (value: string, type: DuckDBType) => string
}

const asText = (value: string) => `CAST(${value} AS VARCHAR)`
const text: TypeRule = { wire: 'string', stored: asText }

/** Digits a double keeps exactly. */
const exactDecimalDigits = 15

const timestamp: TypeRule = {
  wire: 'timestamp',
  stored: value => `CAST(${value} AS TIMESTAMP)`,
  rendered: value => `strftime(${value}, '%Y-%m-%dT%H:%M:%S.%gZ')`,
}

const rules: ReadonlyMap<DuckDBTypeId, TypeRule> = new Map<DuckDBTypeId, TypeRule>([
  [DuckDBTypeId.BOOLEAN, { wire: 'boolean' }],
  [DuckDBTypeId.TINYINT, { wire: 'int' }],
  [DuckDBTypeId.SMALLINT, { wire: 'int' }],
  [DuckDBTypeId.INTEGER, { wire: 'int' }],
  [DuckDBTypeId.UTINYINT, { wire: 'int' }],
  [DuckDBTypeId.USMALLINT, { wire: 'int' }],
  [DuckDBTypeId.UINTEGER, { wire: 'long' }],
  [DuckDBTypeId.BIGINT, { wire: 'long' }],
  [DuckDBTypeId.UBIGINT, { wire: 'long' }],
  // Through text: 0.1 as REAL is the number 0.1, not the double nearest to its binary value.
  [DuckDBTypeId.FLOAT, { wire: 'double', stored: value => `CAST(CAST(${value} AS VARCHAR) AS DOUBLE)` }],
  [DuckDBTypeId.DOUBLE, { wire: 'double', rendered: renderDouble }],
  [DuckDBTypeId.DECIMAL, { wire: 'double', stored: storeDecimal }],
  [DuckDBTypeId.VARCHAR, { wire: 'string', stored: storeVarchar }],
  [DuckDBTypeId.BLOB, { wire: 'string', stored: value => `to_base64(${value})` }],
  [DuckDBTypeId.DATE, { wire: 'date', rendered: value => `strftime(${value}, '%Y-%m-%d')` }],
  [DuckDBTypeId.TIMESTAMP, { ...timestamp, stored: value => value }],
  [DuckDBTypeId.TIMESTAMP_S, timestamp],
  [DuckDBTypeId.TIMESTAMP_MS, timestamp],
  [DuckDBTypeId.TIMESTAMP_NS, timestamp],
  [DuckDBTypeId.TIMESTAMP_TZ, timestamp],
  [DuckDBTypeId.TIME, { wire: 'string', stored: value => `strftime(DATE '2000-01-01' + ${value}, '%H:%M:%S.%g')` }],
  [DuckDBTypeId.INTERVAL, { wire: 'string', stored: storeInterval }],
  [DuckDBTypeId.LIST, { wire: 'array', stored: storeList, rendered: renderList }],
  [DuckDBTypeId.MAP, { wire: 'map', stored: storeMap, rendered: renderMap }],
  [DuckDBTypeId.STRUCT, { wire: 'row', stored: storeStruct, rendered: renderStruct }],
])

function ruleOf(type: DuckDBType): TypeRule {
  return rules.get(type.typeId) ?? text
}

/** The type word of `metadata.columns`. A decimal wider than a double keeps its digits as text. */
export function wireTypeOf(type: DuckDBType): WireType {
  if (type.typeId === DuckDBTypeId.DECIMAL && isWideDecimal(type)) return 'string'
  return ruleOf(type).wire
}

/** How many arrays, maps and rows stand within one another. */
export function nestingOf(type: DuckDBType): number {
  switch (type.typeId) {
    case DuckDBTypeId.LIST:
      return 1 + nestingOf(elementType(type))
    case DuckDBTypeId.MAP: {
      const { keyType, valueType } = type as DuckDBMapType
      return 1 + Math.max(nestingOf(keyType), nestingOf(valueType))
    }
    case DuckDBTypeId.STRUCT:
      return 1 + Math.max(0, ...(type as DuckDBStructType).entryTypes.map(nestingOf))
    default:
      return 0
  }
}

/** The expression of the value in the result's file. */
export function storedExpression(value: string, type: DuckDBType): string {
  return ruleOf(type).stored?.(value, type) ?? value
}

/** The expression whose `to_json` is the value's text in a page; `type` is a type as the result's file has it. */
export function renderedExpression(value: string, type: DuckDBType): string {
  return ruleOf(type).rendered?.(value, type) ?? value
}

/** A column of a result, as a row's text needs it. */
export interface RowColumn {
  readonly name: string
  readonly value: string
  readonly type: DuckDBType
  /** No row has a value: `null` is written without a look at the column. */
  readonly isEmpty: boolean
}

/**
 * A row as the text of one JSON object: keys as given, also equal but for case, null kept. Put together from texts, so
 * that the hundreds of columns that `SELECT *` leaves empty cost nothing (measured: 1,000 rows of 490 columns, of which
 * 70 have values, 100 → 25 ms).
 */
export function rowJsonExpression(columns: readonly RowColumn[]): string {
  const parts: string[] = []
  let literal = '{'
  for (const [index, { name, value, type, isEmpty }] of columns.entries()) {
    literal += `${index === 0 ? '' : ','}${JSON.stringify(name)}:`
    if (isEmpty) literal += 'null'
    else {
      parts.push(quoteText(literal), `coalesce(CAST(to_json(${renderedExpression(value, type)}) AS VARCHAR), 'null')`)
      literal = ''
    }
  }
  return `concat(${[...parts, quoteText(`${literal}}`)].join(', ')})`
}

/** The value's text in a CSV cell, NULL for NULL: as a page shows it, without the quotes JSON puts around texts. */
export function cellExpression(value: string, type: DuckDBType): string {
  switch (type.typeId) {
    case DuckDBTypeId.VARCHAR:
      return value
    case DuckDBTypeId.DOUBLE:
      return `trim(CAST(${renderDouble(value)} AS VARCHAR), '"')`
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.MAP:
    case DuckDBTypeId.STRUCT:
      return `CAST(to_json(${renderedExpression(value, type)}) AS VARCHAR)`
    default:
      return asText(renderedExpression(value, type))
  }
}

/** Distinct names in order: the second `name` becomes `name_1`, the third `name_2`; names in the list stay free. */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set(names)
  const given = new Set<string>()
  return names.map(name => {
    let chosen = name
    for (let number = 1; given.has(chosen); number += 1) {
      const candidate = `${name}_${number}`
      if (!taken.has(candidate)) chosen = candidate
    }
    given.add(chosen)
    taken.add(chosen)
    return chosen
  })
}

function isWideDecimal(type: DuckDBType): boolean {
  return (type as DuckDBDecimalType).width > exactDecimalDigits
}

function storeDecimal(value: string, type: DuckDBType): string {
  if (!isWideDecimal(type)) return `CAST(${value} AS DOUBLE)`
  const { width, scale } = type as DuckDBDecimalType
  // Without a digit for the whole part DuckDB prints `.5`.
  return width === scale ? `regexp_replace(${asText(value)}, '^(-?)\\.', '\\10.')` : asText(value)
}

/** JSON is text with an alias; stored as plain text, or a page would embed it as a value instead of a string. */
function storeVarchar(value: string, type: DuckDBType): string {
  return type.alias === undefined ? value : asText(value)
}

function renderDouble(value: string): string {
  const word = `CASE WHEN isnan(${value}) THEN '"NaN"' WHEN ${value} > 0 THEN '"Infinity"' ELSE '"-Infinity"' END`
  return `CASE WHEN isfinite(${value}) THEN to_json(${value}) WHEN ${value} IS NOT NULL THEN CAST(${word} AS JSON) END`
}

/** As Trino prints them: `2 03:04:05.678` for days to seconds, `1-6` for years to months. */
function storeInterval(value: string): string {
  const months = `(extract(year FROM ${value}) * 12 + extract(month FROM ${value}))`
  const ms = `CAST(trunc(epoch(${value} - to_months(CAST(${months} AS INTEGER))) * 1000) AS BIGINT)`
  const sign = (amount: string) => `CASE WHEN ${amount} < 0 THEN '-' ELSE '' END`
  const part = (divisor: number, modulus: number, width: number) =>
    `lpad(CAST(abs(${ms}) // ${divisor} % ${modulus} AS VARCHAR), ${width}, '0')`
  const days = `CAST(abs(${ms}) // 86400000 AS VARCHAR)`
  const clock = `${part(3_600_000, 24, 2)} || ':' || ${part(60_000, 60, 2)} || ':' || ${part(1000, 60, 2)}`
  const dayToSecond = `${sign(ms)} || ${days} || ' ' || ${clock} || '.' || ${part(1, 1000, 3)}`
  const yearToMonth = `${sign(months)} || (abs(${months}) // 12) || '-' || (abs(${months}) % 12)`
  const words = `CASE WHEN ${months} <> 0 AND ${ms} = 0 THEN ${yearToMonth} ELSE ${dayToSecond} END`
  return `CASE WHEN ${value} IS NOT NULL THEN ${words} END`
}

function elementType(type: DuckDBType): DuckDBType {
  return (type as DuckDBListType).valueType
}

function storeList(value: string, type: DuckDBType): string {
  return mapList(value, element => storedExpression(element, elementType(type)))
}

function renderList(value: string, type: DuckDBType): string {
  return mapList(value, element => renderedExpression(element, elementType(type)))
}

/** Lambda parameters are named by depth, so that a nested one does not hide its parent. */
function mapList(value: string, expressionOf: (element: string) => string): string {
  const element = `e${(value.match(/lambda/g) ?? []).length}_${value.length}`
  const expression = expressionOf(element)
  return expression === element ? value : `list_transform(${value}, lambda ${element}: ${expression})`
}

/** Keys become text while the run executes: two keys that print alike fail the run, never a page. */
function storeMap(value: string, type: DuckDBType): string {
  const { keyType, valueType } = type as DuckDBMapType
  const isText = keyType.typeId === DuckDBTypeId.VARCHAR && keyType.alias === undefined
  const keyOf = (key: string) => {
    if (isText) return key
    return asText(renderedExpression(storedExpression(key, keyType), keyType))
  }
  return mapEntries(value, keyOf, held => storedExpression(held, valueType))
}

function renderMap(value: string, type: DuckDBType): string {
  return mapEntries(
    value,
    key => key,
    held => renderedExpression(held, (type as DuckDBMapType).valueType),
  )
}

function mapEntries(value: string, keyOf: (key: string) => string, heldOf: (held: string) => string): string {
  const mapped = mapList(`map_entries(${value})`, entry => {
    const key = keyOf(`${entry}.key`)
    const held = heldOf(`${entry}.value`)
    return key === `${entry}.key` && held === `${entry}.value` ? entry : `struct_pack(k := ${key}, v := ${held})`
  })
  return mapped === `map_entries(${value})` ? value : `map_from_entries(${mapped})`
}

interface Field {
  readonly name: string
  readonly value: string
  readonly type: DuckDBType
}

/** Fields by position; those without a name are called `field0`, `field1`, … as Trino's clients do. */
function fieldsOf(value: string, type: DuckDBType): Field[] {
  const { entryNames, entryTypes } = type as DuckDBStructType
  return entryTypes.map((entryType, index) => ({
    name: entryNames[index] || `field${index}`,
    value: `struct_extract_at(${value}, ${index + 1})`,
    type: entryType,
  }))
}

function storeStruct(value: string, type: DuckDBType): string {
  const fields = fieldsOf(value, type)
  const isAsIs = (type as DuckDBStructType).entryNames.every(name => name !== '')
  const stored = fields.map(field => storedExpression(field.value, field.type))
  if (isAsIs && fields.every((field, index) => stored[index] === field.value)) return value
  const members = fields.map((field, index) => `${quoteName(field.name)} := ${stored[index]}`)
  return `CASE WHEN ${value} IS NOT NULL THEN struct_pack(${members.join(', ')}) END`
}

function renderStruct(value: string, type: DuckDBType): string {
  const fields = fieldsOf(value, type)
  const rendered = fields.map(field => renderedExpression(field.value, field.type))
  if (fields.every((field, index) => rendered[index] === field.value)) return value
  const members = fields.map((field, index): [string, string] => [field.name, rendered[index] ?? field.value])
  return `CASE WHEN ${value} IS NOT NULL THEN ${jsonObject(members)} END`
}

function jsonObject(members: readonly (readonly [name: string, expression: string])[]): string {
  return `json_object(${members.map(([name, expression]) => `${quoteText(name)}, ${expression}`).join(', ')})`
}
