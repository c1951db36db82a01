import { AppError } from '../model/errors.ts'
import type { RunWindow } from '../model/query-run.ts'
import { dayMs, formatInstant, type TimeRange } from '../model/time-range.ts'
import type { DataSpan } from './lake-access.ts'

// Which time a run looks at, and what to say when that is not where the data is.

/** The bounds as a caller gave them, ms; `end` is exclusive. */
export interface WantedWindow {
  readonly start?: number
  readonly end?: number
}

export interface ResolvedWindow {
  readonly range: TimeRange
  /** True where `range.end` is only the moment of the request: rows with a later event time count. */
  readonly isOpenEnded: boolean
}

/**
 * The window of a run started at `now`: the last 24 hours where nothing is said, up to now where only a start is, the
 * 24 hours before where only an end is. Throws `invalid_argument`.
 */
export function resolveWindow(wanted: WantedWindow, now: number, spanMsMax?: number): ResolvedWindow {
  const isOpenEnded = wanted.end === undefined
  // Exclusive: the wire's inclusive end is `now` itself.
  const end = wanted.end ?? now + 1
  const start = wanted.start ?? (wanted.end ?? now) - dayMs
  if (start > now) {
    // The vendor's own words: clients match them.
    const message = `Invalid time range 'from' field: ${formatInstant(start)} - cannot be in the future.`
    throw new AppError('invalid_argument', message, { details: { field: 'from' } })
  }
  if (start > end) {
    const message = `the time range ends before it starts: from ${formatInstant(start)} to ${formatInstant(end)}`
    throw new AppError('invalid_argument', message, { details: { field: 'to' } })
  }
  if (spanMsMax !== undefined && end - 1 - start > spanMsMax) {
    const days = Math.floor(spanMsMax / dayMs)
    const message = `the time range is longer than ${days} days: choose a later from or an earlier to`
    throw new AppError('invalid_argument', message, { details: { field: 'from', limitMs: spanMsMax } })
  }
  return { range: { start, end }, isOpenEnded }
}

/** What the run reads: without an upper bound inside where none was asked for, since agents' clocks run ahead. */
export function readRange(window: ResolvedWindow): TimeRange {
  return window.isOpenEnded ? { start: window.range.start, end: undefined } : window.range
}

/** The window a run looked at beside where the data lies. */
export function windowReport(window: ResolvedWindow, span: DataSpan | undefined): RunWindow {
  const { start, end } = readRange(window)
  return { from: start, to: end, dataOldest: span?.oldest, dataNewest: span?.newest }
}

/** Why a run over this window found nothing, where time is the reason; else undefined. */
export function emptyNote(window: ResolvedWindow, span: DataSpan | undefined): string | undefined {
  if (span === undefined) return 'No rows: this tenant has no data yet.'
  if (span.isPartial === true) return undefined
  const { start, end } = readRange(window)
  const isOutside = span.newest < start || (end !== undefined && span.oldest >= end)
  if (!isOutside) return undefined
  const asked = `${formatInstant(start)} to ${end === undefined ? 'now' : formatInstant(end)}`
  const there = `${formatInstant(span.oldest)} to ${formatInstant(span.newest)}`
  return `No rows: the data lies in ${there}, outside the window ${asked}.`
}
