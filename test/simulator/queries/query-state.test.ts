import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openQueryState } from '../../../src/simulator/queries/query-state.ts'
import type { Row } from '../../../src/simulator/result-line.ts'

const rows = (...names: readonly string[]): readonly Row[] => names.map(name => ({ name }))
const sql = 'SELECT name FROM users'

test('the first execution reports everything with counter 0, later ones what differs', () => {
  const state = openQueryState()
  assert.deepEqual(state.differences(sql, 0, rows('a', 'b')), { counter: 0, added: rows('a', 'b'), removed: [] })
  assert.equal(state.differences(sql, 0, rows('b', 'a')), undefined)
  assert.deepEqual(state.differences(sql, 0, rows('b', 'c')), { counter: 1, added: rows('c'), removed: rows('a') })
  assert.deepEqual(state.differences(sql, 0, []), { counter: 2, added: [], removed: rows('b', 'c') })
})

test('equal rows count as often as they are there; the order of columns is of no account', () => {
  const state = openQueryState()
  state.differences(sql, 0, [{ a: '1', b: '2' }])
  const twice = [
    { b: '2', a: '1' },
    { a: '1', b: '2' },
  ]
  assert.deepEqual(state.differences(sql, 0, twice), { counter: 1, added: [{ a: '1', b: '2' }], removed: [] })
})

test('another epoch begins anew', () => {
  const state = openQueryState()
  state.differences(sql, 0, rows('a'))
  state.differences(sql, 0, rows('a', 'b'))
  assert.deepEqual(state.differences(sql, 1, rows('a', 'b')), { counter: 0, added: rows('a', 'b'), removed: [] })
  assert.deepEqual(state.differences(sql, 1, rows('a')), { counter: 1, added: [], removed: rows('b') })
})

test('another text of the query begins to count anew and still reports differences only', () => {
  const state = openQueryState()
  state.differences(sql, 0, rows('a'))
  assert.deepEqual(state.differences(`${sql};`, 0, rows('a', 'b')), { counter: 0, added: rows('b'), removed: [] })
})

test('a first execution without rows says nothing, and the next has counter 1', () => {
  const state = openQueryState()
  assert.equal(state.differences(sql, 0, []), undefined)
  assert.deepEqual(state.differences(sql, 0, rows('a')), { counter: 1, added: rows('a'), removed: [] })
})

test('events are all new, count from 1, and an execution without any does not count', () => {
  const state = openQueryState()
  assert.equal(state.events(sql, 0, []), undefined)
  assert.deepEqual(state.events(sql, 0, rows('a')), { counter: 1, added: rows('a'), removed: [] })
  assert.equal(state.events(sql, 0, []), undefined)
  assert.deepEqual(state.events(sql, 0, rows('a')), { counter: 2, added: rows('a'), removed: [] })
  assert.deepEqual(state.events(sql, 1, rows('a')), { counter: 1, added: rows('a'), removed: [] })
})
