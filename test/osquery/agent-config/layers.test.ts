import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mergeConfigs } from '../../../src/osquery/agent-config/layers.ts'

const q = (name: string, interval = 60) => ({ query: `SELECT '${name}'`, interval })

test('of things with a name, the highest layer that has it decides about the whole thing', () => {
  const merged = mergeConfigs([
    { options: { verbose: true, read_max: 1 }, schedule: { a: { ...q('a'), snapshot: true }, b: q('b') } },
    { options: { read_max: 2 }, schedule: { a: q('mine') }, packs: { p: { queries: { x: q('x') } } } },
    { packs: { p: { queries: { y: q('y') } }, o: '/x' }, views: { v: 'SELECT 1' } },
  ])
  assert.deepEqual(merged, {
    options: { verbose: true, read_max: 2 },
    schedule: { a: q('mine'), b: q('b') },
    packs: { p: { queries: { y: q('y') } }, o: '/x' },
    views: { v: 'SELECT 1' },
  })
})

test('null takes a thing away, or a whole section, and what is above may bring it back', () => {
  const lower = { options: { verbose: true }, schedule: { a: q('a'), b: q('b') }, events: { x: ['y'] } }
  assert.deepEqual(
    mergeConfigs([lower, { schedule: { a: null, never: null }, options: { verbose: null }, events: null }]),
    {
      options: {},
      schedule: { b: q('b') },
    },
  )
  assert.deepEqual(mergeConfigs([lower, { schedule: null as never }, { schedule: { c: q('c') } }]).schedule, {
    c: q('c'),
  })
})

test('decorators of all layers are kept, each once', () => {
  const merged = mergeConfigs([
    { decorators: { load: ['SELECT 1', 'SELECT 2'], interval: { '60': ['SELECT 3'] } } },
    {
      decorators: { load: ['SELECT 2', 'SELECT 4'], always: ['SELECT 5'], interval: { '60': ['SELECT 6'], '120': [] } },
    },
  ])
  assert.deepEqual(merged.decorators, {
    load: ['SELECT 1', 'SELECT 2', 'SELECT 4'],
    always: ['SELECT 5'],
    interval: { '60': ['SELECT 3', 'SELECT 6'], '120': [] },
  })
})

test('other sections, also unknown ones, are those of the highest layer', () => {
  const merged = mergeConfigs([
    { file_accesses: ['a'], yara: { signatures: { s: ['x'] } }, hello: { a: 1 } },
    { file_accesses: ['b'], hello: { b: 1 } },
  ])
  assert.deepEqual(merged, { file_accesses: ['b'], yara: { signatures: { s: ['x'] } }, hello: { b: 1 } })
})

test('a thing called __proto__ is a thing', () => {
  const evil = JSON.parse('{"schedule":{"__proto__":{"query":"SELECT 1","interval":1}},"__proto__":{"x":1}}')
  const merged = mergeConfigs([{ schedule: { a: q('a') } }, evil])
  assert.deepEqual(Object.keys(merged.schedule ?? {}), ['a', '__proto__'])
  assert.deepEqual(Object.keys(merged), ['schedule', '__proto__'])
  assert.equal(Object.getPrototypeOf(merged), Object.prototype)
})
