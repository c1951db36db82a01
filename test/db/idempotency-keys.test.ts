import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '../../src/db/db.ts'
import { findIdempotencyKey, putIdempotencyKey } from '../../src/db/idempotency-keys.ts'

test("a key is one principal's and tenant's and ends with its run", async t => {
  const store = openStore(':memory:')
  t.after(() => store.destroy())
  const entry = { tenantId: 't', principalId: 'p', key: 'k', requestHash: 'h', runId: 'r', expiresAt: 10 }
  await putIdempotencyKey(store, entry, 1)
  assert.deepEqual(await findIdempotencyKey(store, 't', 'p', 'k', 9), entry)
  assert.equal(await findIdempotencyKey(store, 't', 'p', 'k', 10), undefined)
  assert.equal(await findIdempotencyKey(store, 't', 'other', 'k', 9), undefined)
  assert.equal(await findIdempotencyKey(store, 'other', 'p', 'k', 9), undefined)
  await assert.rejects(putIdempotencyKey(store, { ...entry, runId: 'r2' }, 9))
  await putIdempotencyKey(store, { ...entry, runId: 'r2', expiresAt: 20 }, 10)
  assert.equal((await findIdempotencyKey(store, 't', 'p', 'k', 10))?.runId, 'r2')
})
