import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '../../src/db/db.ts'
import { deleteFrameHashes, hasFrameHash, putFrameHashes } from '../../src/db/frame-hashes.ts'

test('a hash is known by tenant, host and age; the first time counts', async () => {
  const store = openStore(':memory:')
  const hash = { tenantId: 't', hostId: 'h', hash: 'x', receivedAt: 100 }
  await putFrameHashes(store, [hash, { ...hash, hostId: 'i' }])
  await putFrameHashes(store, [{ ...hash, receivedAt: 200 }])
  await putFrameHashes(store, [])
  assert.equal(await hasFrameHash(store, 't', 'h', 'x', 100), true)
  assert.equal(await hasFrameHash(store, 't', 'h', 'x', 101), false)
  assert.equal(await hasFrameHash(store, 'u', 'h', 'x', 0), false)
  assert.equal(await hasFrameHash(store, 't', 'j', 'x', 0), false)
  assert.equal(await hasFrameHash(store, 't', 'h', 'y', 0), false)
  await store.destroy()
})

test('the oldest are forgotten first, a bounded number at a time', async () => {
  const store = openStore(':memory:')
  const hashes = Array.from({ length: 10 }, (_, at) => ({
    ...{ tenantId: 't', hostId: 'h', hash: `${at}`, receivedAt: at },
  }))
  await putFrameHashes(store, hashes)
  assert.equal(await deleteFrameHashes(store, 6, 4), 4)
  assert.equal(await hasFrameHash(store, 't', 'h', '3', 0), false)
  assert.equal(await hasFrameHash(store, 't', 'h', '4', 0), true)
  assert.equal(await deleteFrameHashes(store, 6, 4), 2)
  assert.equal(await deleteFrameHashes(store, 6, 4), 0)
  assert.equal(await hasFrameHash(store, 't', 'h', '6', 0), true)
  await store.destroy()
})
