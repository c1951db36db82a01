import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openStore } from '../../src/db/db.ts'
import {
  disableEnrollSecret,
  findEnrollSecret,
  insertEnrollSecret,
  listEnrollSecrets,
} from '../../src/db/enroll-secrets.ts'
import { insertTenant } from '../../src/db/tenants.ts'
import { newTenant } from '../support/test-app.ts'

async function open(context: TestContext) {
  const store = openStore(':memory:')
  context.after(() => store.destroy())
  for (const id of ['t1', 't2']) await insertTenant(store, newTenant(1, { id }))
  return store
}

const secret = (id: string, tenantId: string, text: string) =>
  ({
    id,
    tenantId,
    secret: text,
    name: id,
    createdAt: 1,
    disabledAt: undefined,
    labels: [],
    environment: undefined,
  }) as const

test('a secret says which tenant an agent belongs to, until it is disabled', async t => {
  const store = await open(t)
  await insertEnrollSecret(store, secret('a', 't1', 'one'))
  await insertEnrollSecret(store, secret('b', 't2', 'two'))
  assert.equal((await findEnrollSecret(store, 'two'))?.tenantId, 't2')
  assert.equal(await findEnrollSecret(store, 'Two'), undefined)
  assert.equal(await disableEnrollSecret(store, 't1', 'b', 5), false)
  assert.equal(await disableEnrollSecret(store, 't2', 'b', 5), true)
  assert.equal((await findEnrollSecret(store, 'two'))?.disabledAt, 5)
  assert.deepEqual(await listEnrollSecrets(store, 't2'), [{ ...secret('b', 't2', 'two'), disabledAt: 5 }])
})

test('two tenants cannot have the same secret', async t => {
  const store = await open(t)
  await insertEnrollSecret(store, secret('a', 't1', 'one'))
  await assert.rejects(insertEnrollSecret(store, secret('b', 't2', 'one')), { code: 'conflict' })
})
