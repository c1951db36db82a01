import { dayMs } from '../../model/time-range.ts'
import { type Span, SqlRefusal } from '../diagnostics.ts'
import type { ExpressionOf } from '../parse/ast.ts'
import { isText, quoteText, type SqlType } from '../sql-type.ts'
import type { Context, Typed } from './context.ts'

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
  return `trino_wall(${utcSql}, ${quoteText(zone)})`
}

/** The point in time at which the zone's clocks show `localSql`; `near` it, where they show it twice. */
export function fromWallClock(localSql: string, zone: string, near?: string): string {
  const minutes = offsetMinutes(zone)
  if (minutes === 0) return localSql
  if (minutes !== undefined) return `(${localSql} - to_minutes(${minutes}))`
  if (near === undefined) return `trino_from_wall(${localSql}, ${quoteText(zone)})`
  return `trino_from_wall_near(${localSql}, ${near}, ${quoteText(zone)})`
}

/** Minutes east of UTC of `UTC`, `Z`, `+02:00`; undefined for a region. */
function offsetMinutes(zone: string): number | undefined {
  if (/^(UTC|Z|GMT|Etc\/UTC)$/.test(zone)) return 0
  const match = /^([+-])(\d{2}):?(\d{2})$/.exec(zone)
  if (match === null) return undefined
  const minutes = Number(match[2]) * 60 + Number(match[3])
  return match[1] === '-' ? -minutes : minutes
}

/** The zone as Trino spells it, or a refusal where no such zone exists. UTC is undefined. */
export function checkZone(zone: string, span: Span): string | undefined {
  if (offsetMinutes(zone) === 0) return undefined
  if (offsetMinutes(zone) !== undefined) return zone
  const refusal = (hint: string) => new SqlRefusal(`'${zone}' is not a time zone`, span, { hint })
  // Letters that many regions use for offsets of their own; Trino knows none of them.
  if (/^(EST|MST|HST)$/.test(zone)) throw refusal("write a region or an offset: 'America/New_York', '-05:00'")
  try {
    const known = new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
    // Names of zones are told apart by case.
    if (zone !== known && zone.toLowerCase() === known.toLowerCase()) throw refusal(`did you mean '${known}'?`)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw refusal("for instance 'UTC' or 'Europe/Berlin'")
  }
  return zone
}

/**
 * The offset (`+02:00`) a region's clocks have when they show `2024-05-01 10:00:00`: where they show it twice, the one
 * they have at that hour of UTC, as Trino takes it; undefined where they pass over it because summer time begins.
 */
export function offsetInZone(local: string, zone: string): string | undefined {
  if (offsetMinutes(zone) !== undefined) return zone
  const wanted = Date.parse(`${local.replace(' ', 'T')}Z`)
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
  const offsetAt = (utc: number) => {
    const name = format.formatToParts(utc).find(part => part.type === 'timeZoneName')?.value ?? 'GMT'
    return name.replace('GMT', '') || '+00:00'
  }
  const near = [wanted, wanted - dayMs, wanted + dayMs].map(offsetAt)
  return near.find(offset => offsetAt(wanted - (offsetMinutes(offset) ?? 0) * 60_000) === offset)
}

/** The zone a literal names is kept; of a computed text only the point in time is, which is said. */
export function withZoneOfText(type: SqlType, value: Typed, node: ExpressionOf<'cast'>, context: Context): SqlType {
  if (type.kind !== 'timestamptz' || !isText(value.type)) return type
  if (node.value.kind !== 'string') {
    const message = 'times read from text are kept in UTC here; Trino shows them in the zone of the text'
    context.session.notices.push({ code: 'utc_only', message, span: node })
    return type
  }
  const zone = /:\d{2}(?:\.\d+)? *([A-Za-z][\w/+-]*|[+-]\d{2}:?\d{2})\s*$/.exec(node.value.value)?.[1]
  return zone === undefined ? type : { ...type, zone: checkZone(zone, node.value) }
}
