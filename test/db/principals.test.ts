import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openStore } from '../../src/db/db.ts'
import {
  disablePrincipal,
  expireOtherSecrets,
  findPrincipal,
  findPrincipalByClientId,
  insertPrincipal,
  insertSecret,
  listPrincipals,
  listValidSecrets,
  setPrincipalExpiry,
} from '../../src/db/principals.ts'
import type { Principal } from '../../src/model/principal.ts'

function open(context: TestContext) {
  const store = openStore(':memory:')
  context.after(() => store.destroy())
  return store
}

const principal = (id: string, members: Partial<Principal> = {}): Principal => ({
  id,
  clientId: `client-${id}`,
  accountType: 'partner',
  accountId: 'account',
  role: 'forensics',
  name: id,
  createdAt: 1,
  expiresAt: undefined,
  disabledAt: undefined,
  ...members,
})

test('a principal is found by id and by client id, as it went in', async t => {
  const store = open(t)
  const [a, b] = [principal('a', { expiresAt: 9, disabledAt: 8 }), principal('b', { accountId: 'other' })]
  for (const each of [a, b]) await insertPrincipal(store, each)
  assert.deepEqual(await findPrincipal(store, 'a'), a)
  assert.deepEqual(await findPrincipalByClientId(store, 'client-b'), b)
  assert.equal(await findPrincipal(store, 'client-a'), undefined)
  assert.equal(await findPrincipalByClientId(store, 'a'), undefined)
  assert.deepEqual(await listPrincipals(store, 'account'), [a])
  await assert.rejects(insertPrincipal(store, principal('c', { clientId: 'client-a' })))
})

test('disabling is for good and only by its own account', async t => {
  const store = open(t)
  await insertPrincipal(store, principal('a'))
  assert.equal(await disablePrincipal(store, 'other', 'a', 5), false)
  assert.equal((await findPrincipal(store, 'a'))?.disabledAt, undefined)
  assert.equal(await disablePrincipal(store, 'account', 'a', 5), true)
  assert.equal(await disablePrincipal(store, 'account', 'a', 7), true)
  assert.equal((await findPrincipal(store, 'a'))?.disabledAt, 5)
})

test('secrets are valid until their end, newest first', async t => {
  const store = open(t)
  await insertPrincipal(store, principal('a'))
  const ids = async (now: number) => (await listValidSecrets(store, 'a', now)).map(secret => secret.id).join('')
  for (const [index, id] of ['x', 'y', 'z'].entries()) {
    const expiresAt = id === 'x' ? 10 : undefined
    await insertSecret(store, { id, principalId: 'a', hash: id, createdAt: index, expiresAt })
  }
  assert.equal(await ids(9), 'zyx')
  assert.equal(await ids(10), 'zy')
  await expireOtherSecrets(store, 'a', 'z', 20)
  assert.equal(await ids(9), 'zyx')
  assert.equal(await ids(10), 'zy', 'an earlier end is not put off')
  assert.equal(await ids(20), 'z')
  await assert.rejects(
    insertSecret(store, { id: 'q', principalId: 'nobody', hash: '', createdAt: 0, expiresAt: undefined }),
  )
})

test('an expiry is set and taken back, only by its own account', async t => {
  const store = open(t)
  await insertPrincipal(store, principal('a'))
  assert.equal(await setPrincipalExpiry(store, 'other', 'a', 5), false)
  assert.equal(await setPrincipalExpiry(store, 'account', 'a', 5), true)
  assert.equal((await findPrincipal(store, 'a'))?.expiresAt, 5)
  await setPrincipalExpiry(store, 'account', 'a', undefined)
  assert.equal((await findPrincipal(store, 'a'))?.expiresAt, undefined)
})
