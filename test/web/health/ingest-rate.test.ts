import assert from 'node:assert/strict'
import test from 'node:test'
import type { LakeStats } from '../../../src/api/lake-stats.ts'
import { linesPerSecond } from '../../../web/src/health/ingest-rate.ts'
import { ago, bytes, counted, seconds } from '../../../web/src/parts/words.ts'

const reading = (asOf: string, acceptedLines: number): LakeStats =>
  ({ asOf, ingest: { acceptedLines } }) as unknown as LakeStats

test('a rate needs two readings of one server', () => {
  const before = reading('2026-01-31T08:00:00.000Z', 1_000)
  assert.equal(linesPerSecond(undefined, before), undefined)
  assert.equal(linesPerSecond(before, reading('2026-01-31T08:00:10.000Z', 51_000)), 5_000)
  assert.equal(linesPerSecond(before, reading('2026-01-31T08:00:10.000Z', 10)), undefined)
  assert.equal(linesPerSecond(before, before), undefined)
})

test('numbers as people read them', () => {
  assert.deepEqual([0, 999, 1_500, 123_456_789].map(bytes), ['0 B', '999 B', '1.5 kB', '123 MB'])
  assert.deepEqual(
    [1, 2_000].map(value => counted(value, 'row')),
    ['1 row', '2,000 rows'],
  )
  assert.deepEqual([300, 12_000, 61_000].map(seconds), ['0.3 s', '12 s', '1 min 1 s'])
  assert.deepEqual([500, 60_000, 7_200_000, 200_000_000].map(ago), ['just now', '60 s ago', '2 h ago', '2 d ago'])
})
