import { type Span, SqlRefusal } from '../diagnostics.ts'
import type { ExpressionOf } from '../parse/ast.ts'
import { engineType, quoteText, type SqlType } from '../sql-type.ts'
import type { Typed } from './context.ts'
import { resolveType } from './type-name.ts'
import { checkZone, fromWallClock, offsetInZone } from './zones.ts'

const unicodeBlanks = '\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u2028\u2029\u205f\u3000'
/** What Trino's trim removes; the engine's own removes blanks only. */
export const whitespace = quoteText(` \t\n\u000b\f\r\u001c\u001d\u001e\u001f${unicodeBlanks}`)

/** A number with the type Trino gives it: integer, bigint, decimal(p,s) or double. */
export function bindNumber(node: Pick<ExpressionOf<'number'>, 'form' | 'text' | 'start' | 'end'>): Typed {
  if (node.form === 'double') {
    if (!Number.isFinite(Number(node.text))) throw new SqlRefusal(`'${node.text}' is no double`, node)
    return { sql: `CAST(${node.text} AS DOUBLE)`, type: { kind: 'double' } }
  }
  if (node.form === 'decimal') return bindDecimal(node.text, node)
  const value = BigInt(node.text.replace('-', '')) * (node.text.startsWith('-') ? -1n : 1n)
  if (value >= -(2n ** 31n) && value < 2n ** 31n) return { sql: signed(value), type: { kind: 'integer' } }
  if (value >= -(2n ** 63n) && value < 2n ** 63n) {
    return { sql: `CAST(${value} AS BIGINT)`, type: { kind: 'bigint' } }
  }
  throw new SqlRefusal(`'${node.text}' does not fit into a bigint`, node)
}

function signed(value: bigint): string {
  return value < 0n ? `(${value})` : String(value)
}

function bindDecimal(text: string, span: Span): Typed {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  const digits = whole.replace(/^0+/, '')
  const precision = Math.max(1, digits.length + fraction.length)
  if (precision > 38) throw new SqlRefusal('a decimal has 38 digits at most', span)
  const type: SqlType = { kind: 'decimal', precision, scale: fraction.length }
  const sign = text.startsWith('-') ? '-' : ''
  return { sql: `CAST('${sign}${whole || '0'}.${fraction || '0'}' AS ${engineType(type)})`, type }
}

/** A point in time as the engine's naive UTC timestamp. */
export function instantLiteral(ms: number): string {
  return `TIMESTAMP '${new Date(ms).toISOString().replace('T', ' ').replace('Z', '')}'`
}

/** `DATE '…'`, `TIMESTAMP '…'`, `BIGINT '…'` and the like, checked here so that a misspelt one has its place. */
export function bindTypedLiteral(node: ExpressionOf<'typed'>): Typed {
  const type = resolveType(node.type)
  const value = node.value.trim()
  switch (type.kind) {
    case 'date':
      if (!isDate(value)) throw wrongLiteral(node, "DATE '2024-05-01'")
      return { sql: `DATE ${quoteText(value)}`, type }
    case 'timestamp':
      return bindTimestamp(node, value)
    case 'time':
      if (!/^\d{1,2}:\d{2}(:\d{2}(\.\d{1,12})?)?$/.test(value)) throw wrongLiteral(node, "TIME '13:04:05'")
      return { sql: `TIME ${quoteText(value)}`, type: { kind: 'time', precision: fractionDigits(value) } }
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
      if (!/^[+-]?\d+$/.test(value)) throw wrongLiteral(node, "BIGINT '5'")
      return { sql: `CAST(${quoteText(value)} AS ${engineType(type)})`, type }
    case 'decimal':
      if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(value)) throw wrongLiteral(node, "DECIMAL '1.5'")
      return value.startsWith('-') || value.startsWith('+')
        ? bindDecimal(value.replace('+', ''), node)
        : bindDecimal(value, node)
    case 'ipaddress':
      return { sql: `trino_ip(${quoteText(value)})`, type }
    case 'ipprefix':
      return { sql: `trino_prefix(${quoteText(value)})`, type }
    case 'json':
      return { sql: `CAST(${quoteText(sortedJson(node))} AS JSON)`, type }
    case 'varchar':
    case 'char':
      return { sql: quoteText(node.value), type }
    case 'varbinary':
      throw wrongLiteral(node, "X'6869'")
    default:
      return { sql: `CAST(${quoteText(value)} AS ${engineType(type)})`, type }
  }
}

/** JSON with its keys in order and its numbers as written, as Trino holds it. */
function sortedJson(node: ExpressionOf<'typed'>): string {
  try {
    return sortedText(JSON.parse(node.value, keepNumber as (key: string, value: unknown) => unknown))
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw new SqlRefusal('this JSON literal is no JSON', node)
  }
}

const written = Symbol('number as written')

function keepNumber(_key: string, value: unknown, context?: { source: string }): unknown {
  return typeof value === 'number' ? { [written]: context?.source ?? String(value) } : value
}

function sortedText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (written in value) return String(value[written])
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, item]) => `${JSON.stringify(key)}:${sortedText(item)}`).join(',')}}`
}

function wrongLiteral(node: ExpressionOf<'typed'>, example: string): SqlRefusal {
  return new SqlRefusal(`'${node.value}' is no ${node.type.name} literal`, node, {
    hint: `write for instance ${example}`,
  })
}

function isDate(value: string): boolean {
  const match = /^([+-]?\d{1,6})-(\d{1,2})-(\d{1,2})$/.exec(value)
  if (match === null) return false
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  const lastDay = new Date(Date.UTC(2000, 0, 1)).setUTCFullYear(year, month, 0)
  // The engine prints other years in its own way.
  if (year < 1 || year > 9999) return false
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(lastDay).getUTCDate()
}

function fractionDigits(value: string): number {
  return /\.(\d+)/.exec(value)?.[1]?.length ?? 0
}

function bindTimestamp(node: ExpressionOf<'typed'>, value: string): Typed {
  const match = /^([+-]?\d{1,6}-\d{1,2}-\d{1,2})(?:[ T](\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,12})?)?))?(?:\s*(\S.*))?$/.exec(
    value,
  )
  if (match === null || !isDate(match[1]!)) throw wrongLiteral(node, "TIMESTAMP '2024-05-01 13:04:05'")
  const [, date, time = '00:00:00', zone] = match
  const precision = fractionDigits(time)
  const sql = `TIMESTAMP ${quoteText(`${date} ${time.length <= 5 ? `${time}:00` : time}`)}`
  if (zone === undefined) return { sql, type: { kind: 'timestamp', precision } }
  const checked = checkZone(zone, node)
  if (checked === undefined) return { sql, type: { kind: 'timestamptz', precision, zone: checked } }
  const offset = offsetInZone(`${date} ${time.slice(0, 8).padEnd(8, ':00')}`, checked)
  if (offset === undefined) {
    throw new SqlRefusal(`no clock of ${checked} shows '${date} ${time}': summer time begins there`, node)
  }
  return { sql: fromWallClock(sql, offset), type: { kind: 'timestamptz', precision, zone: checked } }
}

const unitMicros: Readonly<Record<string, number>> = {
  WEEK: 7 * 86_400_000_000,
  DAY: 86_400_000_000,
  HOUR: 3_600_000_000,
  MINUTE: 60_000_000,
  SECOND: 1_000_000,
}

const units = ['DAY', 'HOUR', 'MINUTE', 'SECOND']

/** `INTERVAL '7' DAY`, `INTERVAL '2 03:04' DAY TO MINUTE`: months, or microseconds. */
export function bindInterval(node: ExpressionOf<'interval'>): Typed {
  const parsed = intervalValue(node)
  const type: SqlType = { kind: parsed.months === undefined ? 'intervalDay' : 'intervalMonth' }
  if (parsed.months !== undefined) return { sql: `to_months(${parsed.months})`, type }
  return { sql: `to_microseconds(CAST(${parsed.micros} AS BIGINT))`, type }
}

/** The literal's length: whole months, or microseconds. */
export function intervalValue(node: ExpressionOf<'interval'>): { months?: number; micros: number } {
  const text = node.value.trim()
  const isNegative = node.isNegative !== text.startsWith('-')
  const sign = isNegative ? -1 : 1
  const digits = text.replace(/^[+-]/, '')
  const wrong = new SqlRefusal(`'${node.value}' is no interval of ${node.unit}`, node)
  if (node.unit === 'YEAR' || node.unit === 'MONTH') {
    if (!/^\d{1,6}$/.test(digits)) throw wrong
    return { months: sign * Number(digits) * (node.unit === 'YEAR' ? 12 : 1), micros: 0 }
  }
  if (node.unit === 'YEAR TO MONTH') {
    const match = /^(\d{1,6})-(\d{1,2})$/.exec(digits)
    if (match === null) throw wrong
    return { months: sign * (Number(match[1]) * 12 + Number(match[2])), micros: 0 }
  }
  const [from, to] = node.unit.split(' TO ')
  const single = unitMicros[from!]
  if (to === undefined && single !== undefined) {
    const pattern = from === 'SECOND' ? /^\d{1,12}(\.\d{1,6})?$/ : /^\d{1,9}$/
    if (!pattern.test(digits)) throw wrong
    return { micros: Math.round(sign * Number(digits) * single) }
  }
  const wanted = units.slice(units.indexOf(from!), units.indexOf(to ?? '') + 1)
  const parts = digits.split(/[ :]/)
  if (wanted.length < 2 || parts.length !== wanted.length || !parts.every(part => /^\d{1,9}(\.\d+)?$/.test(part))) {
    throw wrong
  }
  const micros = parts.reduce((total, part, index) => total + Number(part) * unitMicros[wanted[index]!]!, 0)
  return { micros: Math.round(sign * micros) }
}
