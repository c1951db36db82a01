import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { dayMs } from '../../src/model/time-range.ts'
import { emptyNote, readRange, resolveWindow, windowReport } from '../../src/query/window.ts'
import { now } from '../support/runs.ts'

const at = (text: string) => Date.parse(text)

suite('the window of a run', () => {
  const resolved: [string, Parameters<typeof resolveWindow>[0], ReturnType<typeof resolveWindow>][] = [
    ['neither given: the last 24 hours', {}, { range: { start: now - dayMs, end: now + 1 }, isOpenEnded: true }],
    ['only a start: up to now', { start: 5 }, { range: { start: 5, end: now + 1 }, isOpenEnded: true }],
    ['only an end: the day before', { end: dayMs + 7 }, { range: { start: 7, end: dayMs + 7 }, isOpenEnded: false }],
    ['both', { start: 1, end: 9 }, { range: { start: 1, end: 9 }, isOpenEnded: false }],
    ['an end in the future', { start: 1, end: now + 9 }, { range: { start: 1, end: now + 9 }, isOpenEnded: false }],
    ['a start of now', { start: now }, { range: { start: now, end: now + 1 }, isOpenEnded: true }],
  ]
  for (const [name, wanted, expected] of resolved) {
    test(name, () => assert.deepEqual(resolveWindow(wanted, now), expected))
  }

  const refused: [string, Parameters<typeof resolveWindow>[0], string][] = [
    [
      'a start in the future',
      { start: now + 1 },
      "Invalid time range 'from' field: 2026-02-03T08:00:00.001Z - cannot be in the future.",
    ],
    [
      'an end before the start',
      { start: at('2026-02-02T00:00:00Z'), end: at('2026-02-01T00:00:00Z') },
      'the time range ends before it starts: from 2026-02-02T00:00:00.000Z to 2026-02-01T00:00:00.000Z',
    ],
    [
      'a span beyond the bound',
      { start: now - 31 * dayMs },
      'the time range is longer than 30 days: choose a later from or an earlier to',
    ],
  ]
  for (const [name, wanted, message] of refused) {
    test(`${name} is refused`, () => {
      assert.throws(() => resolveWindow(wanted, now, 30 * dayMs), { code: 'invalid_argument', message })
    })
  }

  test('a start exactly the longest span ago is allowed', () => {
    assert.equal(resolveWindow({ start: now - 30 * dayMs }, now, 30 * dayMs).range.start, now - 30 * dayMs)
  })

  test('a run without an end reads rows of the future, one with an end does not', () => {
    assert.deepEqual(readRange(resolveWindow({}, now)), { start: now - dayMs, end: undefined })
    assert.deepEqual(readRange(resolveWindow({ end: now }, now)), { start: now - dayMs, end: now })
  })

  test('the report names what was read and where the data lies', () => {
    const window = resolveWindow({ start: 1, end: 9 }, now)
    assert.deepEqual(windowReport(window, { oldest: 3, newest: 4 }), { from: 1, to: 9, dataOldest: 3, dataNewest: 4 })
    assert.deepEqual(windowReport(window, undefined), { from: 1, to: 9, dataOldest: undefined, dataNewest: undefined })
  })

  test('nothing found is explained only where time is the reason', () => {
    const window = resolveWindow({}, now)
    const before = { oldest: at('2026-01-01T00:00:00Z'), newest: at('2026-01-02T00:00:00Z') }
    assert.equal(
      emptyNote(window, before),
      'No rows: the data lies in 2026-01-01T00:00:00.000Z to 2026-01-02T00:00:00.000Z, outside the window 2026-02-02T08:00:00.000Z to now.',
    )
    const closed = resolveWindow({ start: 10, end: 20 }, now)
    assert.equal(
      emptyNote(closed, { oldest: 20, newest: 30 }),
      'No rows: the data lies in 1970-01-01T00:00:00.020Z to 1970-01-01T00:00:00.030Z, outside the window 1970-01-01T00:00:00.010Z to 1970-01-01T00:00:00.020Z.',
    )
    assert.equal(emptyNote(closed, { oldest: 20, newest: 30, isPartial: true }), undefined)
    assert.equal(emptyNote(closed, { oldest: 5, newest: 10 }), undefined)
    assert.equal(emptyNote(window, { oldest: now + 5, newest: now + 6 }), undefined)
    assert.equal(emptyNote(window, undefined), 'No rows: this tenant has no data yet.')
  })
})
