import { type Span, SqlRefusal } from '../diagnostics.ts'
import { quoteText } from '../sql-type.ts'
import type { Typed } from './context.ts'

// Time zones. The engine is given naive UTC timestamps only; where a statement names a zone, values are moved to its
// wall clock for what depends on it (text, fields, truncation) and back.

/** The wall-clock time of a timestamp with time zone in its zone, as SQL. */
export function localTime(value: Typed): string {
  const zone = value.type.kind === 'timestamptz' ? value.type.zone : undefined
  return zone === undefined ? value.sql : toWallClock(value.sql, zone)
}

export function toWallClock(utcSql: string, zone: string): string {
  const minutes = offsetMinutes(zone)
  if (minutes === 0) return utcSql
  if (minutes !== undefined) return `(${utcSql} + to_minutes(${minutes}))`
  return `timezone(${quoteText(zone)}, timezone('UTC', ${utcSql}))`
}

export function fromWallClock(localSql: string, zone: string): string {
  const minutes = offsetMinutes(zone)
  if (minutes === 0) return localSql
  if (minutes !== undefined) return `(${localSql} - to_minutes(${minutes}))`
  return `timezone('UTC', timezone(${quoteText(zone)}, ${localSql}))`
}

/** Minutes east of UTC of `UTC`, `Z`, `+02:00`; undefined for a region. */
function offsetMinutes(zone: string): number | undefined {
  if (/^(utc|z|gmt|etc\/utc)$/i.test(zone)) return 0
  const match = /^([+-])(\d{2}):?(\d{2})$/.exec(zone)
  if (match === null) return undefined
  const minutes = Number(match[2]) * 60 + Number(match[3])
  return match[1] === '-' ? -minutes : minutes
}

/** The zone as Trino spells it, or a refusal where no such zone exists. UTC is undefined. */
export function checkZone(zone: string, span: Span): string | undefined {
  if (offsetMinutes(zone) === 0) return undefined
  if (offsetMinutes(zone) !== undefined) return zone
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new SqlRefusal(`'${zone}' is not a time zone`, span, { hint: "for instance 'UTC' or 'Europe/Berlin'" })
  }
  return zone
}
