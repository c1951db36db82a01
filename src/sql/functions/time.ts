import { SqlRefusal } from '../diagnostics.ts'
import type { Typed } from '../rewrite/context.ts'
import { datePart } from '../rewrite/extract.ts'
import { instantLiteral } from '../rewrite/literals.ts'
import { checkZone, fromWallClock, localTime } from '../rewrite/zones.ts'
import { quoteText, type SqlType } from '../sql-type.ts'
import type { BoundCall, FunctionRules, ResultRule } from './rule.ts'
import { callSql, macro, rewrite } from './rule.ts'
import { jodaPattern, mysqlPattern } from './time-pattern.ts'

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

/** The unit of date_add, date_diff and date_trunc: a literal. */
function unitOf(call: BoundCall): string {
  const node = call.node.args[0]!
  if (node.kind !== 'string') throw new SqlRefusal(`the unit of ${call.name} must be a string literal`, node)
  const unit = node.value.toLowerCase()
  if (Object.hasOwn(micros, unit) || Object.hasOwn(months, unit)) return unit
  const hint = 'units: millisecond, second, minute, hour, day, week, month, quarter, year'
  throw new SqlRefusal(`'${node.value}' is no unit of ${call.name}`, node, { hint })
}

/** `compute` on the wall clock of the argument's zone, and the result back in UTC where it is a point in time. */
function onWallClock(value: Typed, result: SqlType, compute: (local: string) => string): string {
  const zone = value.type.kind === 'timestamptz' ? value.type.zone : undefined
  const sql = compute(localTime(value))
  if (result.kind === 'date') return `CAST(${sql} AS DATE)`
  return zone === undefined || result.kind !== 'timestamptz' ? sql : fromWallClock(sql, zone)
}

function dateAdd(call: BoundCall): string {
  const unit = unitOf(call)
  const [, count, time] = call.args
  const amount = Object.hasOwn(months, unit)
    ? `to_months(CAST(${count!.sql} * ${months[unit]!} AS INTEGER))`
    : `to_microseconds(CAST(${count!.sql} AS BIGINT) * ${micros[unit]!})`
  return onWallClock(time!, call.result, local => `(${local} + ${amount})`)
}

function dateDiff(call: BoundCall): string {
  const [, from, to] = call.args
  return callSql('date_sub', quoteText(unitOf(call)), localTime(from!), localTime(to!))
}

function literalText(call: BoundCall, index: number): string {
  const node = call.node.args[index]!
  if (node.kind === 'string') return node.value
  const hint = 'write it out, or choose between literals with CASE'
  throw new SqlRefusal(`the pattern of ${call.name} must be a string literal`, node, { hint })
}

function formatted(call: BoundCall, toEngine: typeof mysqlPattern): string {
  const pattern = toEngine(literalText(call, 1), call.node.args[1]!, 'format')
  return callSql('strftime', localTime(call.args[0]!), quoteText(pattern))
}

function parsed(call: BoundCall, toEngine: typeof mysqlPattern): string {
  const pattern = toEngine(literalText(call, 1), call.node.args[1]!, 'parse')
  return callSql('strptime', call.args[0]!.sql, quoteText(pattern))
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
    return { kind: 'timestamptz', precision: 3, zone: checkZone(node.value, node) }
  }

function fromUnixtime(call: BoundCall): string {
  return `make_timestamp(CAST(round(${call.args[0]!.sql} * 1000) AS BIGINT) * 1000)`
}

const unixtimeZone: ResultRule = call => {
  if (call.args.length < 3) return zoneOf(1)(call)
  const [hours, minutes] = [call.node.args[1]!, call.node.args[2]!]
  if (hours.kind !== 'number' || minutes.kind !== 'number') {
    throw new SqlRefusal('the hours and minutes of from_unixtime must be numbers', hours)
  }
  const two = (text: string) => text.padStart(2, '0')
  return { kind: 'timestamptz', precision: 3, zone: checkZone(`+${two(hours.text)}:${two(minutes.text)}`, hours) }
}

/** The offset a literal carries is its zone; of a computed text only the point in time is kept. */
const isoZone: ResultRule = call => {
  const node = call.node.args[0]!
  const offset = node.kind === 'string' ? /T.*([+-]\d{2}:?\d{2})$/.exec(node.value)?.[1] : undefined
  const zone = offset === undefined ? undefined : checkZone(offset, node)
  return { kind: 'timestamptz', precision: call.name.endsWith('nanos') ? 9 : 3, zone }
}

function fromIso(call: BoundCall): string {
  return `CAST(timezone('UTC', CAST(${call.args[0]!.sql} AS TIMESTAMPTZ)) AS TIMESTAMP)`
}

function toIso(call: BoundCall): string {
  const value = call.args[0]!
  if (value.type.kind === 'date') return callSql('strftime', value.sql, "'%Y-%m-%d'")
  const text = callSql('strftime', localTime(value), "'%Y-%m-%dT%H:%M:%S.%g'")
  if (value.type.kind !== 'timestamptz') return text
  return `(${text} || ${value.type.zone === undefined ? "'Z'" : `trino_offset_text(${localTime(value)}, ${value.sql})`})`
}

function sequenceOrTruncate(call: BoundCall): string {
  const unit = unitOf(call)
  return onWallClock(call.args[1]!, call.result, local => callSql('date_trunc', quoteText(unit), local))
}

export const timeRules: FunctionRules = {
  at_timezone: rewrite(call => call.args[0]!.sql, zoneOf(1)),
  current_date: rewrite(call => `CAST(${instantLiteral(call.context.session.now)} AS DATE)`),
  current_timezone: rewrite(() => "'UTC'"),
  date: rewrite(call => `CAST(${localTime(call.args[0]!)} AS DATE)`),
  date_add: rewrite(dateAdd),
  date_diff: rewrite(dateDiff),
  date_format: rewrite(call => formatted(call, mysqlPattern)),
  date_parse: rewrite(call => parsed(call, mysqlPattern)),
  date_trunc: rewrite(sequenceOrTruncate),
  day: part('day'),
  day_of_month: part('day_of_month'),
  day_of_week: part('day_of_week'),
  day_of_year: part('day_of_year'),
  dow: part('dow'),
  doy: part('doy'),
  format_datetime: rewrite(call => formatted(call, jodaPattern)),
  from_iso8601_date: rewrite(call => `CAST(${call.args[0]!.sql} AS DATE)`),
  from_iso8601_timestamp: rewrite(fromIso, isoZone),
  from_iso8601_timestamp_nanos: rewrite(fromIso, isoZone),
  from_unixtime: rewrite(fromUnixtime, unixtimeZone),
  from_unixtime_nanos: rewrite(
    call => `make_timestamp(CAST(${call.args[0]!.sql} AS BIGINT) // 1000)`,
    () => ({
      kind: 'timestamptz',
      precision: 9,
      zone: undefined,
    }),
  ),
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
    return quoteText((type.kind === 'timestamptz' ? type.zone : undefined) ?? 'UTC')
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
