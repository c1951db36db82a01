import assert from 'node:assert/strict'
import test from 'node:test'
import { linkTarget, runLink } from '../../../web/src/run/run-link.ts'
import { fitsType, missingNames, neededVariables, suppliedVariables } from '../../../web/src/run/variables.ts'
import { parseTyped, windowTitle, wireWindow } from '../../../web/src/run/window.ts'

test('windows as the API takes them', () => {
  const span = { oldest: '2025-03-01T00:00:00.000Z' }
  assert.deepEqual(wireWindow({ kind: 'last', duration: 'PT15M' }, span), { from: '-PT15M' })
  assert.deepEqual(wireWindow({ kind: 'all' }, span), { from: span.oldest })
  assert.deepEqual(wireWindow({ kind: 'all' }, {}), { from: '-P30D' })
  const between = { kind: 'between', from: '2026-01-31T08:00:00.000Z', to: '2026-01-31T09:30:00.000Z' } as const
  assert.deepEqual(wireWindow(between, span), { from: between.from, to: between.to })
  assert.equal(windowTitle(between), '01-31 08:00 – 01-31 09:30')
  assert.equal(windowTitle({ kind: 'last', duration: 'P7D' }), 'Last 7 days')
})

test('moments as people type them', () => {
  const cases: Readonly<Record<string, string | undefined>> = {
    '2026-01-31': '2026-01-31T00:00:00.000Z',
    ' 2026-01-31 08:15 ': '2026-01-31T08:15:00.000Z',
    '2026-01-31T08:15:30.5Z': '2026-01-31T08:15:30.500Z',
    '2026-02-30': undefined,
    '2026-01-31 25:00': undefined,
    yesterday: undefined,
    '': undefined,
  }
  for (const [text, wanted] of Object.entries(cases)) assert.equal(parseTyped(text), wanted, text)
})

test('links to runs: what is no id is no link', () => {
  const [run, tenant] = ['c9a0a1de-6f5b-4a36-8b8e-2f6e2d0a7a41', '7b0e6f5e-5a57-4d0f-9a1d-5d7d3f1c2b40']
  assert.deepEqual(linkTarget(runLink(run, tenant)), { runId: run, tenantId: tenant })
  assert.deepEqual(linkTarget(`#run=${run}&tenant=x`), { runId: run, tenantId: undefined })
  for (const hash of ['', '#', '#run=', '#run=../../x', '#tenant=1']) assert.equal(linkTarget(hash), undefined, hash)
})

test('variables: one field a name, empty ones are not supplied', () => {
  const given = [
    { name: 'port', dataType: 'integer', value: '443' },
    { name: 'gone', dataType: 'text', value: 'x' },
  ] as const
  const needed = neededVariables(['user', 'port'], given)
  assert.deepEqual(needed, [{ name: 'user', dataType: 'text' }, given[0]])
  assert.deepEqual(suppliedVariables(needed), [given[0]])
  assert.deepEqual(missingNames(needed), ['user'])
})

test('values that cannot be meant', () => {
  assert.ok(fitsType('-5', 'integer') && fitsType('1e-3', 'double') && fitsType('True', 'boolean'))
  assert.ok(fitsType('2026-01-31T08:00:00Z', 'dateTime') && fitsType('anything', 'text'))
  for (const [value, type] of [
    ['5.5', 'integer'],
    ['x', 'double'],
    ['yes', 'boolean'],
    ['today', 'dateTime'],
  ] as const) {
    assert.ok(!fitsType(value, type), value)
  }
})
