import assert from 'node:assert/strict'
import test from 'node:test'
import { parseExactJson } from '../../../src/client/exact-json.ts'
import { cellLine, cellText, compareValues } from '../../../web/src/results/cell-text.ts'
import { toJson, toTsv } from '../../../web/src/results/copy-rows.ts'
import { placeAfter } from '../../../web/src/results/grid-keys.ts'
import { instantMs, timeBuckets, timeColumn } from '../../../web/src/results/time-buckets.ts'
import { topValues } from '../../../web/src/results/top-values.ts'

const large = (parseExactJson('[12345678901234567890]') as unknown[])[0]

test('values as text keep their digits; a cell is one line', () => {
  assert.equal(cellText(large), '12345678901234567890')
  assert.deepEqual([null, undefined, false, 0, ['a']].map(cellText), ['', '', 'false', '0', '["a"]'])
  assert.equal(cellLine('a\r\nb\tc'), 'a ⏎ b ⇥ c')
})

test('values sort by what they are', () => {
  assert.deepEqual([10, 9, 100].sort(compareValues), [9, 10, 100])
  assert.ok(compareValues(large, 5) > 0)
  assert.ok(compareValues(5, large) < 0)
  assert.deepEqual(['b', 'B', 'a'].sort(compareValues), ['B', 'a', 'b'])
})

test('copies: line breaks do not break lines, digits stay, nulls are there', () => {
  const rows = [{ a: 'x\ty\nz', b: large, c: 1 }, { a: null }]
  assert.equal(toTsv(['a', 'b'], rows), 'a\tb\nx y z\t12345678901234567890\n\t')
  assert.equal(
    toJson(['b', 'a'], rows.slice(0, 1)),
    '[\n  {\n    "b": 12345678901234567890,\n    "a": "x\\ty\\nz"\n  }\n]',
  )
  assert.equal(toJson(['b'], rows.slice(1)), '[\n  {\n    "b": null\n  }\n]')
})

test('top values count nulls as one and tell them from empty texts', () => {
  assert.deepEqual(topValues(['a', null, '', 'b', 'a', undefined], 3), {
    rows: 6,
    distinct: 4,
    values: [
      { value: null, text: '', rows: 2 },
      { value: 'a', text: 'a', rows: 2 },
      { value: '', text: '', rows: 1 },
    ],
  })
})

test('buckets hold every row once, in round steps without gaps', () => {
  const start = Date.parse('2026-01-31T07:59:58.000Z')
  const instants = [start, start + 1_000, start + 3_600_000]
  const buckets = timeBuckets(instants, 60)
  assert.equal(buckets?.stepMs, 120_000)
  assert.equal(
    buckets?.counts.reduce((sum, rows) => sum + rows, 0),
    3,
  )
  assert.equal(buckets?.starts[0], Date.parse('2026-01-31T07:58:00.000Z'))
  assert.equal(buckets?.starts.at(-1), Date.parse('2026-01-31T08:58:00.000Z'))
})

test('no buckets for no rows, nor for one moment', () => {
  assert.equal(timeBuckets([], 60), undefined)
  assert.equal(timeBuckets([5, 5], 60), undefined)
})

test('instants of a result', () => {
  assert.equal(instantMs('2026-01-31T08:00:00.000Z'), Date.parse('2026-01-31T08:00:00Z'))
  assert.equal(instantMs('2026-01-31'), Date.parse('2026-01-31T00:00:00Z'))
  assert.equal(instantMs(1_769_846_400), 1_769_846_400_000)
  for (const value of [null, '', 'x', 5, true, '2026-13-45T00:00:00Z']) assert.equal(instantMs(value), undefined)
})

test('the time column: the usual one before any other', () => {
  const column = (name: string, type: string) => ({ name, type })
  assert.equal(timeColumn([column('first', 'timestamp'), column('calendar_time', 'timestamp')]), 'calendar_time')
  assert.equal(timeColumn([column('n', 'long'), column('last_seen', 'timestamp')]), 'last_seen')
  assert.equal(timeColumn([column('time', 'long')]), 'time')
  assert.equal(timeColumn([column('time', 'string')]), undefined)
})

test('keys never lead out of the grid', () => {
  const size = { rows: 100, columns: 5, page: 20 }
  const from = (row: number, column: number, key: string, isCtrl = false) =>
    placeAfter({ row, column }, { key, isCtrl }, size)
  assert.deepEqual(from(0, 0, 'ArrowUp'), { row: -1, column: 0 })
  assert.deepEqual(from(-1, 0, 'ArrowUp'), { row: -1, column: 0 })
  assert.deepEqual(from(99, 4, 'ArrowDown'), { row: 99, column: 4 })
  assert.deepEqual(from(3, 4, 'ArrowRight'), { row: 3, column: 4 })
  assert.deepEqual(from(3, 2, 'ArrowDown', true), { row: 99, column: 2 })
  assert.deepEqual(from(90, 2, 'PageDown'), { row: 99, column: 2 })
  assert.deepEqual(from(3, 2, 'Home', true), { row: 0, column: 0 })
  assert.equal(from(3, 2, 'x'), undefined)
})
