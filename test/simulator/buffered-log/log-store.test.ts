import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLogStore } from '../../../src/simulator/buffered-log/log-store.ts'

const bytes = Buffer.from('{}')
const marks = (lines: readonly { readonly mark: number }[]): number[] => lines.map(({ mark }) => mark)

test('results stand before statuses, each in the order of their coming', () => {
  const store = openLogStore()
  for (const mark of [1, 2, 3]) store.add('status', mark, bytes, 100)
  for (const mark of [4, 5]) store.add('result', mark, bytes, 200)
  assert.deepEqual(marks(store.first(10)), [4, 5, 1, 2, 3])
  assert.deepEqual(marks(store.first(3)), [4, 5, 1])
  assert.equal(store.size, 5)
})

test('within a second numbers are compared as text, as keys of RocksDB are', () => {
  const store = openLogStore()
  for (let mark = 1; mark <= 12; mark += 1) store.add('result', mark, bytes, 100)
  assert.deepEqual(marks(store.first(20)), [1, 10, 11, 12, 2, 3, 4, 5, 6, 7, 8, 9])
  store.add('result', 13, bytes, 101)
  assert.equal(store.first(20).at(-1)?.mark, 13)
})

test('a clock that was set back puts new lines first', () => {
  const store = openLogStore()
  store.add('result', 1, bytes, 200)
  store.add('result', 2, bytes, 100)
  assert.deepEqual(marks(store.first(2)), [2, 1])
})

test('what is removed was looked at before; lines that came in between stay', () => {
  const store = openLogStore()
  for (let mark = 1; mark <= 9; mark += 1) store.add('result', mark, bytes, 100)
  const first = store.first(9)
  for (let mark = 10; mark <= 12; mark += 1) store.add('result', mark, bytes, 100)
  store.remove(first.slice(0, 5))
  assert.deepEqual(marks(store.first(20)), [10, 11, 12, 6, 7, 8, 9])
  store.remove(first)
  assert.deepEqual(marks(store.first(20)), [10, 11, 12])
})

test('a purge drops the oldest of both kinds', () => {
  const store = openLogStore()
  store.add('result', 1, bytes, 100)
  store.add('status', 2, bytes, 101)
  store.add('result', 3, bytes, 102)
  store.add('status', 4, bytes, 103)
  assert.deepEqual(marks(store.purge(4)), [])
  assert.deepEqual(marks(store.purge(2)), [1, 2])
  assert.deepEqual(marks(store.first(9)), [3, 4])
  assert.deepEqual(marks(store.purge(0)), [3, 4])
  assert.equal(store.size, 0)
})
