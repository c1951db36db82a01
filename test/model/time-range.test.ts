import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatInstant } from '../../src/model/time-range.ts'

test('an instant is written as Date writes it, whatever was written before', () => {
  const instant = fc.oneof(
    fc.integer({ min: Date.UTC(2026, 10, 22), max: Date.UTC(2026, 10, 25) }),
    fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 }),
    fc.constantFrom(0, -1, 86_399_999, 86_400_000, 1.5, -0.5, Date.UTC(10_000, 0, 1), Date.UTC(-1, 0, 1)),
  )
  fc.assert(
    fc.property(fc.array(instant, { minLength: 2 }), instants => {
      for (const ms of instants) assert.equal(formatInstant(ms), new Date(ms).toISOString())
    }),
  )
})

test('what is no instant is refused, also after one was written', () => {
  formatInstant(0)
  for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, 8_640_000_000_000_001]) {
    assert.throws(() => formatInstant(ms), RangeError)
  }
})
