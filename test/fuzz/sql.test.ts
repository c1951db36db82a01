import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commitSeed } from '../attack/sample.ts'
import { fuzz } from './fuzz.ts'

test('statements of a grammar are refused or touch only their tenant', async context => {
  const seed = commitSeed()
  const { defects, ...counts } = await fuzz({ seed, seconds: 8 })
  context.diagnostic(`EDR_LAKE_SEED=${seed}: ${JSON.stringify(counts)}`)
  assert.deepEqual(defects, [])
  assert.ok(counts.succeeded > 0 && counts.refused > 0, JSON.stringify(counts))
})
