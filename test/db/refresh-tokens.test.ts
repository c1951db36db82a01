import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openStore } from '../../src/db/db.ts'
import { insertPrincipal } from '../../src/db/principals.ts'
import {
  deleteExpiredRefreshTokens,
  insertRefreshToken,
  takeRefreshToken,
  trimRefreshTokens,
} from '../../src/db/refresh-tokens.ts'

async function open(context: TestContext) {
  const store = openStore(':memory:')
  context.after(() => store.destroy())
  for (const id of ['a', 'b']) {
    const account = { accountType: 'tenant', accountId: 't', role: 'readOnly', name: '' } as const
    await insertPrincipal(store, {
      id,
      clientId: id,
      ...account,
      createdAt: 1,
      expiresAt: undefined,
      disabledAt: undefined,
    })
  }
  const hashes = async () =>
    (await store.selectFrom('refresh_tokens').select('hash').orderBy('hash').execute()).map(row => row.hash).join('')
  const insert = (hash: string, principalId: string, createdAt: number) =>
    insertRefreshToken(store, { hash, principalId, createdAt, expiresAt: createdAt + 100 })
  return { store, hashes, insert }
}

test('a token is taken once, by its own principal', async t => {
  const { store, insert } = await open(t)
  await insert('x', 'a', 1)
  assert.equal(await takeRefreshToken(store, 'b', 'x'), undefined)
  assert.deepEqual(await takeRefreshToken(store, 'a', 'x'), {
    hash: 'x',
    principalId: 'a',
    createdAt: 1,
    expiresAt: 101,
  })
  assert.equal(await takeRefreshToken(store, 'a', 'x'), undefined)
})

test('trimming keeps the newest of that principal and leaves the others alone', async t => {
  const { store, insert, hashes } = await open(t)
  for (const [index, hash] of ['p', 'q', 'r'].entries()) await insert(hash, 'a', index)
  await insert('z', 'b', 0)
  await trimRefreshTokens(store, 'a', 2)
  assert.equal(await hashes(), 'qrz')
  await trimRefreshTokens(store, 'a', 0)
  assert.equal(await hashes(), 'z')
})

test('expired ones go', async t => {
  const { store, insert, hashes } = await open(t)
  await insert('p', 'a', 0)
  await insert('q', 'a', 1)
  await deleteExpiredRefreshTokens(store, 100)
  assert.equal(await hashes(), 'q')
})
