import { didYouMean, SqlRefusal } from '../diagnostics.ts'
import type { ExpressionOf } from '../parse/ast.ts'
import { bigintType, isInstant, isInterval, typeText } from '../sql-type.ts'
import { bind, type Context, type Typed } from './context.ts'
import { localTime } from './zones.ts'

/** Fields of a date, time, timestamp or interval by Trino's name, as a date part of the engine. */
export const dateParts: Readonly<Record<string, string>> = {
  year: 'year',
  quarter: 'quarter',
  month: 'month',
  week: 'week',
  week_of_year: 'week',
  day: 'day',
  day_of_month: 'day',
  day_of_week: 'isodow',
  dow: 'isodow',
  day_of_year: 'doy',
  doy: 'doy',
  year_of_week: 'isoyear',
  yow: 'isoyear',
  hour: 'hour',
  minute: 'minute',
  second: 'second',
  timezone_hour: 'timezone_hour',
  timezone_minute: 'timezone_minute',
}

const intervalDivisors: Readonly<Record<string, readonly [number, number]>> = {
  day: [86_400_000_000, 0],
  hour: [3_600_000_000, 24],
  minute: [60_000_000, 60],
  second: [1_000_000, 60],
  millisecond: [1_000, 1_000],
}

export function bindExtract(node: ExpressionOf<'extract'>, context: Context): Typed {
  const value = bind(node.value, context)
  const unit = node.unit.text.toLowerCase()
  if (!Object.hasOwn(dateParts, unit)) {
    const hint = didYouMean(unit, Object.keys(dateParts))
    throw new SqlRefusal(`'${node.unit.text}' is no field of a time`, node.unit, hint === undefined ? {} : { hint })
  }
  const isTemporal = isInstant(value.type) || isInterval(value.type) || value.type.kind === 'time'
  if (!isTemporal && value.type.kind !== 'unknown' && value.type.kind !== 'any') {
    throw new SqlRefusal(`EXTRACT needs a date or time, this is ${typeText(value.type)}`, node.value)
  }
  return { sql: datePart(unit, value), type: bigintType }
}

/** A field of a date, time, timestamp (in its zone) or interval. */
export function datePart(unit: string, value: Typed): string {
  if (value.type.kind === 'intervalDay') return intervalPart(unit, value.sql)
  if (value.type.kind === 'intervalMonth') {
    return unit === 'year' ? `(trino_months(${value.sql}) // 12)` : `(trino_months(${value.sql}) % 12)`
  }
  if (unit === 'millisecond') return `(date_part('millisecond', ${localTime(value)}) % 1000)`
  if (unit.startsWith('timezone_')) return zonePart(unit, value)
  return `date_part('${dateParts[unit]!}', ${localTime(value)})`
}

function zonePart(unit: string, value: Typed): string {
  const offset = `(epoch_us(${localTime(value)}) - epoch_us(${value.sql}))`
  return unit === 'timezone_hour' ? `(${offset} // 3600000000)` : `((${offset} // 60000000) % 60)`
}

function intervalPart(unit: string, sql: string): string {
  const [divisor, modulo] = intervalDivisors[unit] ?? [1, 0]
  const whole = `(trino_micros(${sql}) // ${divisor})`
  return modulo === 0 ? whole : `(${whole} % ${modulo})`
}
