import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diffConfigs } from '../../../src/osquery/agent-config/diff.ts'

test('equal configurations have no differences, whatever the order of their members', () => {
  assert.deepEqual(diffConfigs({ a: 1, b: { c: [1] } }, { b: { c: [1] }, a: 1 }), [])
})

test('each member that differs, with both values', () => {
  const before = { options: { verbose: true }, schedule: { 'a b': { query: 'SELECT 1', interval: 60 } }, views: {} }
  const after = { schedule: { 'a b': { query: 'SELECT 2', interval: 60 }, c: { query: 'SELECT 3' } }, views: null }
  assert.deepEqual(diffConfigs(before, after), [
    { path: 'options', change: 'removed', before: { verbose: true } },
    { path: 'schedule.c', change: 'added', after: { query: 'SELECT 3' } },
    { path: 'schedule["a b"].query', change: 'changed', before: 'SELECT 1', after: 'SELECT 2' },
    { path: 'views', change: 'changed', before: {}, after: null },
  ])
})

test('lists are compared whole; names of Object.prototype are names', () => {
  assert.deepEqual(diffConfigs({ load: ['a', 'b'] }, { load: ['b', 'a'], constructor: 1 }), [
    { path: 'constructor', change: 'added', after: 1 },
    { path: 'load', change: 'changed', before: ['a', 'b'], after: ['b', 'a'] },
  ])
})
