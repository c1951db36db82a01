import { AppError, type ErrorDetails } from '../model/errors.ts'
import { dayMs, type TimeRange } from '../model/time-range.ts'

// `from` and `to` of a run. The wire's `to` is inclusive; what comes out is half-open: `to` + 1 ms, or the next
// midnight for a date. Accepted are every form that clients send: instants with 0 to 9 fraction digits and any offset,
// dates, ISO durations (which mean "ago" with and without a minus).

export interface WindowRequest {
  readonly from: string | undefined
  readonly to: string | undefined
}

export interface WindowBounds {
  readonly now: number
  /** Longest span in ms; undefined: any. */
  readonly spanMsMax: number | undefined
}

export interface RunWindowRequest {
  readonly range: TimeRange & { readonly end: number }
  /** True where the end is "now" because none was given. */
  readonly isOpenEnded: boolean
}

const defaultSpanMs = dayMs

/** Dates are whole days and clients' clocks are not ours: a span of exactly the bound must pass. */
const spanSlackMs = dayMs

/** The window of a request; without bounds the last 24 hours. Throws `invalid_argument` naming the member. */
export function parseWindow(request: WindowRequest, bounds: WindowBounds): RunWindowRequest {
  const { now } = bounds
  const from = request.from === undefined ? undefined : parseMoment('from', request.from, now)
  const to = request.to === undefined ? undefined : parseMoment('to', request.to, now)
  const end = to?.end ?? now + 1
  const start = from?.start ?? (to === undefined ? now : to.isDay ? to.end : to.start) - defaultSpanMs
  const [member, given] =
    from === undefined ? (['to', request.to ?? ''] as const) : (['from', request.from ?? ''] as const)
  if (start > now) throw refuse(member, given, 'cannot be in the future')
  if (start >= end) throw refuse('from', request.from ?? '', "cannot be after 'to'")
  if (bounds.spanMsMax !== undefined && end - start > bounds.spanMsMax + spanSlackMs) {
    const days = Math.round(bounds.spanMsMax / dayMs)
    const reason = `the span of one query cannot be more than ${days} days`
    throw refuse('from', request.from ?? '', reason, { field: 'from', limitMs: bounds.spanMsMax })
  }
  return { range: { start, end }, isOpenEnded: to === undefined }
}

/** A full timestamp in ms, in any of the forms a run's window accepts; undefined for everything else. */
export function parseInstantText(text: string): number | undefined {
  const at = parseInstant(text)?.at
  return at !== undefined && isTimestamp(at) ? at : undefined
}

/**
 * A moment that bounds something, inclusively, in any of the forms a run's window accepts: ms; a date is its first, or
 * for an upper bound its last, millisecond. Throws `invalid_argument` naming the member.
 */
export function parseBound(member: string, text: string, now: number, side: 'lower' | 'upper'): number {
  const { start, end } = parseMoment(member, text, now)
  return side === 'lower' ? start : end - 1
}

interface Moment {
  readonly start: number
  /** Exclusive end when the moment is an inclusive upper bound. */
  readonly end: number
  readonly isDay: boolean
}

const datePattern = /^(\d{4})-(\d{2})-(\d{2})$/
const instantPattern =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):?(\d{2}))?$/

function parseMoment(member: string, text: string, now: number): Moment {
  const day = parseDay(text)
  if (day !== undefined) return { start: day, end: day + dayMs, isDay: true }
  const instant = parseInstant(text) ?? parseDuration(text, now)
  if (instant === undefined) throw refuse(member, text, 'must be a UTC timestamp, a date or an ISO 8601 duration')
  if (!isTimestamp(instant.at)) throw refuse(member, text, 'is out of range')
  if (instant.isDuration && instant.at > now) throw refuse(member, text, 'cannot be in the future')
  return { start: instant.at, end: instant.at + 1, isDay: false }
}

function parseDay(text: string): number | undefined {
  const match = datePattern.exec(text)
  return match === null ? undefined : utcMs(match, [0, 0, 0])
}

function parseInstant(text: string): { at: number; isDuration: false } | undefined {
  const match = instantPattern.exec(text)
  if (match === null) return undefined
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6])]
  const whole = utcMs(match, [hour, minute, second])
  const offset = (Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0)) * 60_000
  if (whole === undefined || Number(match[9] ?? 0) > 23 || Number(match[10] ?? 0) > 59) return undefined
  const fraction = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'))
  return { at: whole + fraction - (match[8] === '-' ? -offset : offset), isDuration: false }
}

/** Undefined where the calendar has no such moment (`2026-02-30`, `25:00:00`). */
function utcMs(match: RegExpExecArray, [hour, minute, second]: [number, number, number]): number | undefined {
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000
}

const amount = String.raw`(\d{1,9}(?:[.,]\d{1,9})?)`
const durationPattern = new RegExp(
  `^([+-]?)P(?:(\\d{1,4})Y)?(?:(\\d{1,5})M)?(?:${amount}W)?(?:${amount}D)?` +
    `(?:T(?:${amount}H)?(?:${amount}M)?(?:${amount}S)?)?$`,
  'i',
)

/** A moment relative to now. Years and months are counted on the calendar, so they have no fractions. */
function parseDuration(text: string, now: number): { at: number; isDuration: true } | undefined {
  const match = durationPattern.exec(text)
  if (match === null || match.slice(2).every(part => part === undefined) || /t$/i.test(text)) return undefined
  const sign = match[1] === '+' ? 1 : -1
  const [weeks, days, hours, minutes, seconds] = [4, 5, 6, 7, 8].map(index =>
    Number((match[index] ?? '0').replace(',', '.')),
  ) as [number, number, number, number, number]
  const ms = (weeks * 7 + days) * dayMs + (hours * 3600 + minutes * 60 + seconds) * 1000
  const months = Number(match[2] ?? 0) * 12 + Number(match[3] ?? 0)
  return { at: addMonths(now, sign * months) + sign * Math.round(ms), isDuration: true }
}

/** The same day of another month, or that month's last day where it is shorter. */
function addMonths(ms: number, months: number): number {
  const date = new Date(ms)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + months)
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  date.setUTCDate(Math.min(day, lastDay))
  return date.getTime()
}

/** Years 0 to 9999: others have no form of 24 characters. */
function isTimestamp(ms: number): boolean {
  return ms >= -62_167_219_200_000 && ms <= 253_402_300_799_999
}

const shownCharsMax = 100

function refuse(member: string, value: string, reason: string, details?: ErrorDetails): AppError {
  const shown = value.length > shownCharsMax ? `${value.slice(0, shownCharsMax)}…` : value
  const message = `Invalid time range '${member}' field: ${shown} - ${reason}.`
  return new AppError('invalid_argument', message, details === undefined ? {} : { details })
}
