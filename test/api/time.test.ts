import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseWindow } from '../../src/api/time.ts'
import { AppError } from '../../src/model/errors.ts'
import { dayMs } from '../../src/model/time-range.ts'

const now = Date.UTC(2026, 1, 3, 8, 14, 55, 628)
const iso = (ms: number) => new Date(ms).toISOString()
const window = (from?: string, to?: string, spanMsMax: number | undefined = undefined) =>
  parseWindow({ from, to }, { now, spanMsMax })

test('without bounds: the last 24 hours, open at the end', () => {
  assert.deepEqual(window(), { range: { start: now - dayMs, end: now + 1 }, isOpenEnded: true })
})

test('only from: up to now; only to: the 24 hours before it', () => {
  assert.deepEqual(window('2026-02-01T00:00:00Z'), {
    range: { start: Date.UTC(2026, 1, 1), end: now + 1 },
    isOpenEnded: true,
  })
  assert.deepEqual(window(undefined, '2026-02-01T00:00:00.000Z'), {
    range: { start: Date.UTC(2026, 0, 31), end: Date.UTC(2026, 1, 1) + 1 },
    isOpenEnded: false,
  })
  assert.deepEqual(window(undefined, '2026-02-01'), {
    range: { start: Date.UTC(2026, 1, 1), end: Date.UTC(2026, 1, 2) },
    isOpenEnded: false,
  })
})

test('to is inclusive: a millisecond for an instant, the whole day for a date', () => {
  assert.equal(window('2026-01-01', '2026-01-02T03:04:05.006Z').range.end, Date.UTC(2026, 0, 2, 3, 4, 5, 7))
  assert.equal(window('2026-01-01', '2026-01-02').range.end, Date.UTC(2026, 0, 3))
  assert.deepEqual(window('2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z').range, {
    start: Date.UTC(2026, 0, 1),
    end: Date.UTC(2026, 0, 1) + 1,
  })
})

test('every form of a start that clients send', () => {
  const starts: Readonly<Record<string, string>> = {
    '2022-01-01T12:02:01.000Z': '2022-01-01T12:02:01.000Z',
    '2022-01-01T12:02:01.7Z': '2022-01-01T12:02:01.700Z',
    '2022-01-01T12:02:01.70Z': '2022-01-01T12:02:01.700Z',
    '2022-01-01T12:02:01Z': '2022-01-01T12:02:01.000Z',
    '2022-01-01T12:02:01.123456+00:00': '2022-01-01T12:02:01.123Z',
    '2022-01-01T12:02:01.123456789Z': '2022-01-01T12:02:01.123Z',
    '2022-01-01T12:02:01+02:30': '2022-01-01T09:32:01.000Z',
    '2022-01-01T00:02:01-0130': '2022-01-01T01:32:01.000Z',
    '2022-11-29t07:05:01Z': '2022-11-29T07:05:01.000Z',
    '2022-11-29T07:05:01z': '2022-11-29T07:05:01.000Z',
    '2022-11-29T07:05:01': '2022-11-29T07:05:01.000Z',
    '2024-02-29': '2024-02-29T00:00:00.000Z',
    '-P7D': '2026-01-27T08:14:55.628Z',
    P7D: '2026-01-27T08:14:55.628Z',
    p7d: '2026-01-27T08:14:55.628Z',
    '-PT12H': '2026-02-02T20:14:55.628Z',
    PT12H: '2026-02-02T20:14:55.628Z',
    P1W: '2026-01-27T08:14:55.628Z',
    'P0.5D': '2026-02-02T20:14:55.628Z',
    'PT1,5S': '2026-02-03T08:14:54.128Z',
    P1M: '2026-01-03T08:14:55.628Z',
    P2M3D: '2025-11-30T08:14:55.628Z',
    P1Y: '2025-02-03T08:14:55.628Z',
    P1Y2M10DT2H30M: '2024-11-23T05:44:55.628Z',
    PT0S: '2026-02-03T08:14:55.628Z',
    '+PT0S': '2026-02-03T08:14:55.628Z',
  }
  for (const [text, expected] of Object.entries(starts)) assert.equal(iso(window(text).range.start), expected, text)
})

test('a month ago from the 31st is the last day of a shorter month', () => {
  const march = { now: Date.UTC(2026, 2, 31, 12), spanMsMax: undefined }
  assert.equal(iso(parseWindow({ from: 'P1M', to: undefined }, march).range.start), '2026-02-28T12:00:00.000Z')
})

test('what is no time is refused, with the member and the value', () => {
  const texts = ['yesterday', '2026-02-30', '2026-13-01', '2026-01-01T24:00:00Z', '2026-01-01T00:60:00Z', 'P', 'PT']
  texts.push('-P', 'P1DT', 'P1.5M', '1704067200', '2026-1-1', '2026-01-01T00:00:00+25:00', ' 2026-01-01', 'P99999Y')
  for (const text of texts) {
    const message = `Invalid time range 'from' field: ${text} - must be a UTC timestamp, a date or an ISO 8601 duration.`
    assert.throws(() => window(text), new AppError('invalid_argument', message), text)
    assert.throws(() => window(undefined, text), /^AppError: Invalid time range 'to' field: /, text)
  }
})

test('the future, an end before the start, and years without a form are refused', () => {
  const refusals: readonly (readonly [string | undefined, string | undefined, string])[] = [
    ['2026-02-04', undefined, "Invalid time range 'from' field: 2026-02-04 - cannot be in the future."],
    ['+PT1H', undefined, "Invalid time range 'from' field: +PT1H - cannot be in the future."],
    [undefined, '2026-03-01', "Invalid time range 'to' field: 2026-03-01 - cannot be in the future."],
    [undefined, '+P1D', "Invalid time range 'to' field: +P1D - cannot be in the future."],
    ['2026-02-02', '2026-02-01', "Invalid time range 'from' field: 2026-02-02 - cannot be after 'to'."],
    ['P9999Y', undefined, "Invalid time range 'from' field: P9999Y - is out of range."],
  ]
  for (const [from, to, message] of refusals) {
    assert.throws(() => window(from, to), new AppError('invalid_argument', message))
  }
})

test('a span of the bound passes with a little slack, a longer one does not', () => {
  const bound = 30 * dayMs
  assert.equal(window('2026-01-01', '2026-01-31', bound).range.start, Date.UTC(2026, 0, 1))
  assert.ok(window('P30D', undefined, bound))
  const message = "Invalid time range 'from' field: 2025-12-01 - the span of one query cannot be more than 30 days."
  const details = { field: 'from', limitMs: bound }
  assert.throws(() => window('2025-12-01', '2026-01-15', bound), new AppError('invalid_argument', message, { details }))
  assert.ok(window('2020-01-01', undefined, undefined))
})

test('a long value is cut in the message', () => {
  assert.throws(() => window('x'.repeat(10_000)), /field: x{100}… - must be/)
})
