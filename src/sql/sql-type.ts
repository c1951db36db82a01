import type { ColumnType } from '../model/lake-type.ts'

// Trino's types as this front end knows them: enough to choose a function's form, to refuse what Trino refuses while
// planning, and to print casts that mean the same to the engine.
//
// A timestamp with time zone is held by the engine as a naive UTC timestamp; its zone, where a statement names one, is
// part of the type. An IP address is an unsigned 128-bit number, IPv4 mapped into IPv6 as Trino does it.

export type SqlType =
  | { readonly kind: SimpleKind }
  | { readonly kind: 'varchar' | 'char'; readonly length: number | undefined }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'time' | 'timestamp'; readonly precision: number }
  | { readonly kind: 'timestamptz'; readonly precision: number; readonly zone: string | undefined }
  | { readonly kind: 'array'; readonly element: SqlType }
  | { readonly kind: 'map'; readonly key: SqlType; readonly value: SqlType }
  | { readonly kind: 'row'; readonly fields: readonly RowField[] }

export interface RowField {
  readonly name: string | undefined
  readonly type: SqlType
}

type SimpleKind = (typeof simpleKinds)[number]

/** `unknown` is NULL's type. `any` is a type that could not be told: it fits everywhere. */
const simpleKinds = [
  'boolean',
  'tinyint',
  'smallint',
  'integer',
  'bigint',
  'real',
  'double',
  'varbinary',
  'date',
  'json',
  'uuid',
  'ipaddress',
  'ipprefix',
  'intervalDay',
  'intervalMonth',
  'unknown',
  'any',
] as const

export const booleanType: SqlType = { kind: 'boolean' }
export const integerType: SqlType = { kind: 'integer' }
export const bigintType: SqlType = { kind: 'bigint' }
export const doubleType: SqlType = { kind: 'double' }
export const varcharType: SqlType = { kind: 'varchar', length: undefined }
export const dateType: SqlType = { kind: 'date' }
export const jsonType: SqlType = { kind: 'json' }
export const unknownType: SqlType = { kind: 'unknown' }
export const anyType: SqlType = { kind: 'any' }
/** The lake keeps milliseconds. */
export const timestampType: SqlType = { kind: 'timestamp', precision: 3 }
export const timestamptzType: SqlType = { kind: 'timestamptz', precision: 3, zone: undefined }

export const lakeTypes: Readonly<Record<ColumnType, SqlType>> = {
  string: varcharType,
  bigint: bigintType,
  integer: integerType,
  double: doubleType,
  boolean: booleanType,
  timestamp: timestampType,
}

const integerRank: Partial<Record<SqlType['kind'], number>> = { tinyint: 3, smallint: 5, integer: 10, bigint: 19 }
const numericRank: Partial<Record<SqlType['kind'], number>> = {
  tinyint: 1,
  smallint: 2,
  integer: 3,
  bigint: 4,
  decimal: 5,
  real: 6,
  double: 7,
}

export function isInteger(type: SqlType): boolean {
  return integerRank[type.kind] !== undefined
}

export function isNumeric(type: SqlType): boolean {
  return numericRank[type.kind] !== undefined
}

export function isText(type: SqlType): boolean {
  return type.kind === 'varchar' || type.kind === 'char'
}

export function isInterval(type: SqlType): boolean {
  return type.kind === 'intervalDay' || type.kind === 'intervalMonth'
}

/** A date or a point in time, with or without zone. */
export function isInstant(type: SqlType): boolean {
  return type.kind === 'date' || type.kind === 'timestamp' || type.kind === 'timestamptz'
}

/** The decimal an integer type counts as in decimal arithmetic. */
export function asDecimal(type: SqlType): { precision: number; scale: number } | undefined {
  if (type.kind === 'decimal') return type
  const precision = integerRank[type.kind]
  return precision === undefined ? undefined : { precision, scale: 0 }
}

/** The type both sides are converted to before they are compared, or undefined where Trino refuses. */
export function commonType(a: SqlType, b: SqlType): SqlType | undefined {
  if (a.kind === 'any' || b.kind === 'any') return anyType
  if (a.kind === 'unknown') return b
  if (b.kind === 'unknown') return a
  if (isNumeric(a) && isNumeric(b)) return commonNumeric(a, b)
  if (isText(a) && isText(b)) return commonText(a, b)
  if (isInstant(a) && isInstant(b)) return commonInstant(a, b)
  if (a.kind === 'time' && b.kind === 'time') return a.precision >= b.precision ? a : b
  if (a.kind === 'array' && b.kind === 'array') {
    const element = commonType(a.element, b.element)
    return element && { kind: 'array', element }
  }
  if (a.kind === 'map' && b.kind === 'map') {
    const key = commonType(a.key, b.key)
    const value = commonType(a.value, b.value)
    return key && value && { kind: 'map', key, value }
  }
  if (a.kind === 'row' && b.kind === 'row') return commonRow(a.fields, b.fields)
  return a.kind === b.kind ? a : undefined
}

function commonNumeric(a: SqlType, b: SqlType): SqlType {
  const [rankA, rankB] = [numericRank[a.kind]!, numericRank[b.kind]!]
  const larger = rankA >= rankB ? a : b
  if (larger.kind !== 'decimal') return larger
  const [x, y] = [asDecimal(a)!, asDecimal(b)!]
  const scale = Math.max(x.scale, y.scale)
  const precision = Math.min(38, scale + Math.max(x.precision - x.scale, y.precision - y.scale))
  return { kind: 'decimal', precision, scale }
}

function commonText(a: SqlType, b: SqlType): SqlType {
  const [x, y] = [a as { length: number | undefined }, b as { length: number | undefined }]
  const length = x.length === undefined || y.length === undefined ? undefined : Math.max(x.length, y.length)
  return { kind: a.kind === 'char' && b.kind === 'char' ? 'char' : 'varchar', length }
}

function commonInstant(a: SqlType, b: SqlType): SqlType {
  const precision = Math.max(precisionOf(a), precisionOf(b))
  const zoned = [a, b].find(type => type.kind === 'timestamptz')
  if (zoned?.kind === 'timestamptz') return { kind: 'timestamptz', precision, zone: zoned.zone }
  if (a.kind === 'date' && b.kind === 'date') return a
  return { kind: 'timestamp', precision }
}

function precisionOf(type: SqlType): number {
  return 'precision' in type ? type.precision : 0
}

function commonRow(a: readonly RowField[], b: readonly RowField[]): SqlType | undefined {
  if (a.length !== b.length) return undefined
  const fields: RowField[] = []
  for (const [index, left] of a.entries()) {
    const right = b[index]!
    const type = commonType(left.type, right.type)
    if (type === undefined) return undefined
    fields.push({ name: left.name === right.name ? left.name : undefined, type })
  }
  return { kind: 'row', fields }
}

/** Whether Trino converts `from` to `to` by itself. */
export function isCoercible(from: SqlType, to: SqlType): boolean {
  if (from.kind === 'any' || to.kind === 'any' || from.kind === 'unknown') return true
  if (isNumeric(from) && isNumeric(to)) return numericRank[from.kind]! <= numericRank[to.kind]!
  if (to.kind === 'varchar') return isText(from)
  if (isInstant(from) && isInstant(to)) {
    const order = ['date', 'timestamp', 'timestamptz']
    return order.indexOf(from.kind) <= order.indexOf(to.kind)
  }
  if (from.kind === 'array' && to.kind === 'array') return isCoercible(from.element, to.element)
  if (from.kind === 'map' && to.kind === 'map')
    return isCoercible(from.key, to.key) && isCoercible(from.value, to.value)
  if (from.kind === 'row' && to.kind === 'row') {
    return (
      from.fields.length === to.fields.length && from.fields.every((f, i) => isCoercible(f.type, to.fields[i]!.type))
    )
  }
  return from.kind === to.kind
}

/** Whether the engine holds both alike, so that no cast is needed. */
export function isSameStorage(a: SqlType, b: SqlType): boolean {
  return a.kind === 'unknown' || a.kind === 'any' || b.kind === 'any' || engineType(a) === engineType(b)
}

/** The name Trino prints for the type. */
export function typeText(type: SqlType): string {
  switch (type.kind) {
    case 'varchar':
    case 'char':
      return type.length === undefined ? type.kind : `${type.kind}(${type.length})`
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`
    case 'time':
    case 'timestamp':
      return `${type.kind}(${type.precision})`
    case 'timestamptz':
      return `timestamp(${type.precision}) with time zone`
    case 'array':
      return `array(${typeText(type.element)})`
    case 'map':
      return `map(${typeText(type.key)}, ${typeText(type.value)})`
    case 'row':
      return `row(${type.fields.map(f => (f.name === undefined ? '' : `${f.name} `) + typeText(f.type)).join(', ')})`
    case 'intervalDay':
      return 'interval day to second'
    case 'intervalMonth':
      return 'interval year to month'
    default:
      return type.kind
  }
}

const engineNames: Partial<Record<SqlType['kind'], string>> = {
  varchar: 'VARCHAR',
  char: 'VARCHAR',
  varbinary: 'BLOB',
  time: 'TIME',
  timestamp: 'TIMESTAMP',
  timestamptz: 'TIMESTAMP',
  ipaddress: 'UHUGEINT',
  intervalDay: 'INTERVAL',
  intervalMonth: 'INTERVAL',
  unknown: 'VARCHAR',
  any: 'VARCHAR',
}

/** The type as DuckDB spells it. */
export function engineType(type: SqlType): string {
  switch (type.kind) {
    case 'decimal':
      return `DECIMAL(${type.precision},${type.scale})`
    case 'array':
      return `${engineType(type.element)}[]`
    case 'map':
      return `MAP(${engineType(type.key)},${engineType(type.value)})`
    case 'row':
      return `STRUCT(${type.fields.map((f, i) => `${quoteName(fieldName(f, i))} ${engineType(f.type)}`).join(', ')})`
    case 'ipprefix':
      return 'STRUCT("address" UHUGEINT, "bits" INTEGER)'
    default:
      return engineNames[type.kind] ?? type.kind.toUpperCase()
  }
}

/** The name of a row's field for the engine: unnamed ones count from `field0`. */
export function fieldName(field: RowField, index: number): string {
  return field.name ?? `field${index}`
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
