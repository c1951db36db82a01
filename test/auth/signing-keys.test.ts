import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openSigningKeys } from '../../src/auth/signing-keys.ts'
import { openStore } from '../../src/db/db.ts'
import { listSigningKeys } from '../../src/db/signing-keys.ts'
import { accessTokenSeconds, signingKeyMs } from '../../src/limits.ts'

function openKeys(context: TestContext) {
  const store = openStore(':memory:')
  context.after(() => store.destroy())
  const time = { now: 1_000_000 }
  return { store, time, open: () => openSigningKeys(store, () => time.now) }
}

test('the first start makes a key, the next one finds it', async t => {
  const { open } = openKeys(t)
  const first = await (await open()).current()
  assert.equal((await (await open()).current()).kid, first.kid)
})

test('the key set holds public parts only', async t => {
  const { open } = openKeys(t)
  const { keys } = await (await open()).jwks()
  assert.equal(keys.length, 1)
  assert.deepEqual(Object.keys(keys[0] ?? {}).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x'])
  assert.equal(keys[0]?.alg, 'EdDSA')
})

test('after a rotation the old key verifies as long as its tokens live, then it is gone', async t => {
  const { open, time, store } = openKeys(t)
  const keys = await open()
  const old = await keys.current()
  time.now += 1000
  await keys.rotate()
  const fresh = await keys.current()
  assert.notEqual(fresh.kid, old.kid)
  assert.ok(await keys.find(old.kid))
  assert.deepEqual(
    (await keys.jwks()).keys.map(key => key.kid),
    [fresh.kid, old.kid],
  )
  assert.ok(await (await open()).find(old.kid), 'also after a restart')

  time.now += accessTokenSeconds * 1000
  assert.ok(await keys.find(old.kid), 'the last token it signed has just expired')
  time.now += 60_000
  assert.equal(await keys.find(old.kid), undefined)
  assert.deepEqual(
    (await keys.jwks()).keys.map(key => key.kid),
    [fresh.kid],
  )

  time.now += 1
  await keys.rotate()
  assert.equal(
    (await listSigningKeys(store)).some(key => key.kid === old.kid),
    false,
  )
})

test('a kid that is none of ours finds nothing', async t => {
  const { open } = openKeys(t)
  assert.equal(await (await open()).find('nonsense'), undefined)
})

test('a key past its age is replaced by the first that signs, once for all who sign at that moment', async t => {
  const { open, time, store } = openKeys(t)
  const keys = await open()
  const old = await keys.current()
  time.now += signingKeyMs - 1
  assert.equal((await keys.current()).kid, old.kid)
  time.now += 1
  const kids = new Set((await Promise.all([keys.current(), keys.current(), keys.current()])).map(key => key.kid))
  assert.equal(kids.size, 1)
  assert.equal(kids.has(old.kid), false)
  assert.equal((await listSigningKeys(store)).length, 2)
})
