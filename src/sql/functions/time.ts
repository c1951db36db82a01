import { SqlRefusal } from '../diagnostics.ts'
import { castTo, withFraction } from '../rewrite/casts.ts'
import type { Typed } from '../rewrite/context.ts'
import { datePart } from '../rewrite/extract.ts'
import { instantLiteral } from '../rewrite/literals.ts'
import { failure } from '../rewrite/operators.ts'
import { checkZone, fromWallClock, localTime } from '../rewrite/zones.ts'
import { constantValue } from '../scope.ts'
import { dateType, quoteText, type SqlType } from '../sql-type.ts'
import type { BoundCall, FunctionRules, ResultRule } from './rule.ts'
import { callSql, macro, rewrite } from './rule.ts'
import { jodaPattern, mysqlPattern, zonePlaces } from './time-pattern.ts'

// Dates and times. What depends on the wall clock is computed in the zone of a timestamp with time zone and moved back.

const micros: Readonly<Record<string, number>> = {
  millisecond: 1_000,
  second: 1_000_000,
  minute: 60_000_000,
  hour: 3_600_000_000,
  day: 86_400_000_000,
  week: 604_800_000_000,
}
const months: Readonly<Record<string, number>> = { month: 1, quarter: 3, year: 12 }

/** The unit of date_add, date_diff and date_trunc: a literal that the kind of time given has. */
function unitOf(call: BoundCall, kind: SqlType['kind']): string {
  const node = call.node.args[0]!
  if (node.kind !== 'string') throw new SqlRefusal(`the unit of ${call.name} must be a string literal`, node)
  const unit = node.value.toLowerCase()
  if (Object.hasOwn(micros, unit) || Object.hasOwn(months, unit)) {
    const isForeign = kind === 'date' ? isElapsed(unit) : kind === 'time' && !isElapsed(unit)
    if (!isForeign) return unit
    const hint = kind === 'date' ? { hint: 'convert it with CAST(… AS timestamp)' } : {}
    throw new SqlRefusal(`'${unit}' is no unit of a ${kind}`, node, hint)
  }
  const hint = 'units: millisecond, second, minute, hour, day, week, month, quarter, year'
  throw new SqlRefusal(`'${node.value}' is no unit of ${call.name}`, node, { hint })
}

/** `compute` on the wall clock of the argument's zone, and the result back in UTC where it is a point in time. */
function onWallClock(value: Typed, result: SqlType, compute: (local: string) => string): string {
  const zone = value.type.kind === 'timestamptz' ? value.type.zone : undefined
  const sql = compute(localTime(value))
  if (result.kind === 'date') return `CAST(${sql} AS DATE)`
  return zone === undefined || result.kind !== 'timestamptz' ? sql : fromWallClock(sql, zone, value.sql)
}

function dateAdd(call: BoundCall): string {
  const [, count, time] = call.args
  const unit = unitOf(call, time!.type.kind)
  const amount = Object.hasOwn(months, unit)
    ? `to_months(CAST(${count!.sql} * ${months[unit]!} AS INTEGER))`
    : `to_microseconds(CAST(${count!.sql} AS BIGINT) * ${micros[unit]!})`
  // Hours and less count on in elapsed time, days and more on the wall clock of the zone.
  if (isElapsed(unit) && call.result.kind !== 'date') return `(${time!.sql} + ${amount})`
  return onWallClock(time!, call.result, local => `(${local} + ${amount})`)
}

function isElapsed(unit: string): boolean {
  return Object.hasOwn(micros, unit) && unit !== 'day' && unit !== 'week'
}

function dateDiff(call: BoundCall): string {
  const [, from, to] = call.args
  const unit = unitOf(call, from!.type.kind)
  if (isElapsed(unit) || from!.type.kind !== 'timestamptz')
    return callSql('date_sub', quoteText(unit), from!.sql, to!.sql)
  const zone = from!.type.zone
  const inZone: Typed = { sql: to!.sql, type: { kind: 'timestamptz', precision: 3, zone } }
  return callSql('date_sub', quoteText(unit), localTime(from!), localTime(inZone))
}

function literalText(call: BoundCall, index: number): string {
  const node = call.node.args[index]!
  if (node.kind === 'string') return node.value
  const hint = 'write it out, or choose between literals with CASE'
  throw new SqlRefusal(`the pattern of ${call.name} must be a string literal`, node, { hint })
}

function formatted(call: BoundCall, toEngine: typeof mysqlPattern): string {
  const value = call.args[0]!
  const pattern = toEngine(literalText(call, 1), call.node.args[1]!, 'format')
  const zone = value.type.kind === 'timestamptz' ? value.type.zone : undefined
  const zoneSigns = Object.values(zonePlaces).filter(sign => pattern.includes(sign))
  if (zoneSigns.length > 0 && call.actual[0]!.kind !== 'timestamptz') {
    const hint = "name its zone: with_timezone(…, 'UTC')"
    throw new SqlRefusal('a time without a zone has none to print', call.node.args[1]!, { hint })
  }
  const offset = zone === undefined ? "'+00:00'" : `trino_offset_text(${localTime(value)}, ${value.sql})`
  if (zone !== undefined && pattern.includes(zonePlaces.name)) {
    throw new SqlRefusal("the letter 'z' prints UTC only", call.node.args[1]!, { hint: 'write ZZ for the offset' })
  }
  const texts: Record<string, string> = {
    [zonePlaces.name]: "'UTC'",
    [zonePlaces.offset]: offset,
    [zonePlaces.digits]: `replace(${offset}, ':', '')`,
  }
  const text = callSql('strftime', localTime(value), quoteText(pattern))
  return zoneSigns.reduce((sql, sign) => callSql('replace', sql, quoteText(sign), texts[sign]!), text)
}

/** What a pattern leaves open is that of 1970-01-01; two digits of a year from 70 on are of the last century. */
function parsed(call: BoundCall, toEngine: typeof mysqlPattern): string {
  const pattern = toEngine(literalText(call, 1), call.node.args[1]!, 'parse')
  const value = call.args[0]!.sql
  // The engine passes over blanks at both ends: in quotes they are no time.
  const trimmed = /^\s|\s$/.test(pattern)
    ? value
    : `CASE WHEN regexp_matches(${value}, '^\\s|\\s$') THEN concat('''', ${value}, '''') ELSE ${value} END`
  const hasYear = /%[YyGT]/.test(pattern)
  const text = hasYear ? trimmed : `'1970 ' || ${trimmed}`
  const whole = callSql('strptime', text, quoteText(hasYear ? pattern : `%Y ${pattern}`))
  const time = pattern.includes('%f') ? callSql('trino_date_trunc', "'milliseconds'", whole) : whole
  if (pattern.includes('%z')) return `CAST(timezone('UTC', ${time}) AS TIMESTAMP)`
  if (!pattern.includes('%y')) return time
  return `CASE WHEN date_part('year', ${time}) = 1969 THEN ${time} + to_months(1200) ELSE ${time} END`
}

function part(unit: string) {
  return rewrite(call => datePart(unit, call.args[0]!))
}

const zoneOf =
  (index: number): ResultRule =>
  call => {
    const node = call.node.args[index]
    if (node === undefined) return undefined
    if (node.kind !== 'string') throw new SqlRefusal(`the time zone of ${call.name} must be a string literal`, node)
    const [value] = call.actual
    const precision = value?.kind === 'timestamp' || value?.kind === 'timestamptz' ? value.precision : 3
    return { kind: 'timestamptz', precision, zone: checkZone(node.value, node) }
  }

function fromUnixtime(call: BoundCall): string {
  return `make_timestamp(CAST(round(${call.args[0]!.sql} * 1000) AS BIGINT) * 1000)`
}

const unixtimeZone: ResultRule = call => {
  if (call.args.length < 3) return zoneOf(1)(call)
  const [hours, minutes] = [call.node.args[1]!, call.node.args[2]!]
  const [h, m] = [hours, minutes].map(node => constantValue(node, 0))
  if (h?.kind !== 'number' || m?.kind !== 'number') {
    throw new SqlRefusal('the hours and minutes of from_unixtime must be numbers', hours)
  }
  const total = h.value * 60 + m.value
  const two = (value: number) => String(value).padStart(2, '0')
  const [whole, rest] = [Math.floor(Math.abs(total) / 60), Math.abs(total) % 60]
  return {
    kind: 'timestamptz',
    precision: 3,
    zone: checkZone(`${total < 0 ? '-' : '+'}${two(whole)}:${two(rest)}`, hours),
  }
}

/** The offset a literal carries is its zone; of a computed text only the point in time is kept, which is said. */
const isoZone: ResultRule = call => {
  const node = call.node.args[0]!
  if (node.kind !== 'string') {
    const message = `times that ${call.name} reads are kept in UTC here; Trino shows them in the offset of the text`
    call.context.session.notices.push({ code: 'utc_only', message, span: call.node.nameSpan })
  }
  const offset = node.kind === 'string' ? /T.*([+-]\d{2}:?\d{2})$/.exec(node.value)?.[1] : undefined
  const zone = offset === undefined ? undefined : checkZone(offset, node)
  return { kind: 'timestamptz', precision: call.name.endsWith('nanos') ? 9 : 3, zone }
}

function fromIso(call: BoundCall): string {
  const text = call.args[0]!.sql
  const instant = callSql('trino_iso_instant', text)
  if (call.result.kind === 'timestamptz' && call.result.precision === 3) return `date_trunc('milliseconds', ${instant})`
  const isFiner = `regexp_matches(${text}, '[.,][0-9]{6}0*[1-9]')`
  const isBare = `strpos(${text}, 'T') = 0`
  const failed = `CAST('not a time that can be kept in microseconds: ' || ${text} AS TIMESTAMP)`
  return `CASE WHEN ${isFiner} OR ${isBare} THEN ${failed} ELSE ${instant} END`
}

/** The engine keeps microseconds: what is finer must not be lost silently. */
function fromNanos(call: BoundCall): string {
  const nanos = `CAST(${call.args[0]!.sql} AS BIGINT)`
  const failed = failure(call.context, 'from_unixtime_nanos keeps microseconds only', call.result)
  return `CASE WHEN ${nanos} % 1000 <> 0 THEN ${failed} ELSE make_timestamp(${nanos} // 1000) END`
}

function toIso(call: BoundCall): string {
  const value = call.args[0]!
  if (value.type.kind === 'date') return callSql('strftime', value.sql, "'%Y-%m-%d'")
  const precision = 'precision' in value.type ? value.type.precision : 3
  const text = withFraction(localTime(value), '%Y-%m-%dT%H:%M:%S', precision)
  if (value.type.kind !== 'timestamptz') return text
  const offset = value.type.zone === undefined ? "'Z'" : `trino_offset_text(${localTime(value)}, ${value.sql})`
  return `(${text} || ${offset})`
}

function sequenceOrTruncate(call: BoundCall): string {
  const elapsed = call.args[1]!
  const unit = unitOf(call, elapsed.type.kind)
  if (elapsed.type.kind === 'time') {
    return `CAST(${callSql('trino_date_trunc', quoteText(unit), `DATE '2000-01-01' + ${elapsed.sql}`)} AS TIME)`
  }
  if (isElapsed(unit) && unit !== 'hour' && call.result.kind === 'timestamptz') {
    return callSql('trino_date_trunc', quoteText(unit), elapsed.sql)
  }
  return onWallClock(call.args[1]!, call.result, local => callSql('trino_date_trunc', quoteText(unit), local))
}

export const timeRules: FunctionRules = {
  at_timezone: rewrite(call => call.args[0]!.sql, zoneOf(1)),
  current_date: rewrite(call => `CAST(${instantLiteral(call.context.session.now)} AS DATE)`),
  current_timezone: rewrite(() => "'UTC'"),
  date: rewrite(call => castTo(call.args[0]!, dateType, 'CAST', call.node).sql),
  date_add: rewrite(dateAdd, call => (call.actual[2]?.kind === 'time' ? call.actual[2] : undefined)),
  date_diff: rewrite(dateDiff),
  date_format: rewrite(call => formatted(call, mysqlPattern)),
  date_parse: rewrite(call => parsed(call, mysqlPattern)),
  date_trunc: rewrite(sequenceOrTruncate, call => (call.actual[1]?.kind === 'time' ? call.actual[1] : undefined)),
  day: part('day'),
  day_of_month: part('day_of_month'),
  day_of_week: part('day_of_week'),
  day_of_year: part('day_of_year'),
  dow: part('dow'),
  doy: part('doy'),
  format_datetime: rewrite(call => formatted(call, jodaPattern)),
  from_iso8601_date: macro('trino_iso_date'),
  from_iso8601_timestamp: rewrite(fromIso, isoZone),
  from_iso8601_timestamp_nanos: rewrite(fromIso, isoZone),
  from_unixtime: rewrite(fromUnixtime, unixtimeZone),
  from_unixtime_nanos: rewrite(fromNanos, () => ({
    kind: 'timestamptz',
    precision: 9,
    zone: undefined,
  })),
  hour: part('hour'),
  human_readable_seconds: macro('trino_human_seconds'),
  last_day_of_month: rewrite(call => callSql('last_day', localTime(call.args[0]!))),
  millisecond: part('millisecond'),
  minute: part('minute'),
  month: part('month'),
  now: rewrite(call => instantLiteral(call.context.session.now)),
  parse_datetime: rewrite(call => parsed(call, jodaPattern)),
  parse_duration: macro('trino_parse_duration'),
  quarter: part('quarter'),
  second: part('second'),
  timezone: rewrite(call => {
    const type = call.args[0]!.type
    const zone = (type.kind === 'timestamptz' ? type.zone : undefined) ?? 'UTC'
    return `CASE WHEN ${call.args[0]!.sql} IS NOT NULL THEN ${quoteText(zone)} END`
  }),
  timezone_hour: part('timezone_hour'),
  timezone_minute: part('timezone_minute'),
  to_iso8601: rewrite(toIso),
  to_milliseconds: rewrite(call => `(trino_micros(${call.args[0]!.sql}) // 1000)`),
  to_unixtime: rewrite(call => callSql('epoch', call.args[0]!.sql)),
  week: part('week'),
  week_of_year: part('week_of_year'),
  with_timezone: rewrite(call => {
    const type = zoneOf(1)(call)
    const zone = type?.kind === 'timestamptz' ? type.zone : undefined
    return zone === undefined ? call.args[0]!.sql : fromWallClock(call.args[0]!.sql, zone)
  }, zoneOf(1)),
  year: part('year'),
  year_of_week: part('year_of_week'),
  yow: part('yow'),
}
