import assert from 'node:assert/strict'
import { test } from 'node:test'
import { functionCatalogue } from '../../src/sql/functions.ts'

test('the catalogue holds every function of live Trino, at least 85 % of them working', t => {
  assert.equal(functionCatalogue.length, 318)
  const refused = functionCatalogue.filter(entry => entry.how === 'refused')
  t.diagnostic(`work ${318 - refused.length}, refused ${refused.length}`)
  assert.ok(refused.length <= 318 * 0.15)
  assert.deepEqual(
    refused.filter(entry => entry.reason === undefined || entry.reason === 'it has no counterpart in this engine'),
    [],
  )
})
