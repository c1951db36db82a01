import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openStore } from '../../src/db/db.ts'
import { countTenants, findTenant, insertTenant, listTenants, setTenantStatus } from '../../src/db/tenants.ts'
import { newTenant } from '../support/test-app.ts'

function open(context: TestContext) {
  const store = openStore(':memory:')
  context.after(() => store.destroy())
  return store
}

test('a tenant comes back as it went in', async t => {
  const store = open(t)
  const bare = newTenant(5)
  const full = newTenant(6, {
    partnerId: 'p',
    organizationId: 'o',
    billingType: 'usage',
    contact: { firstName: 'Ada', address: { city: 'Cork' } },
  })
  for (const tenant of [bare, full]) {
    await insertTenant(store, tenant)
    assert.deepEqual(await findTenant(store, tenant.id), tenant)
  }
  assert.equal(await findTenant(store, 'nobody'), undefined)
  await assert.rejects(insertTenant(store, bare))
})

test("lists are one partner's or organization's, in order of creation, page by page", async t => {
  const store = open(t)
  const ids = ['a', 'b', 'c', 'd', 'e']
  for (const [index, id] of ids.entries()) {
    const manager = index < 3 ? { partnerId: 'p' } : { organizationId: 'o' }
    await insertTenant(store, newTenant(100 - (index % 2), { id, ...manager }))
  }
  const list = async (filter: object, offset: number, count: number) =>
    (await listTenants(store, filter, offset, count)).map(tenant => tenant.id).join('')
  assert.equal(await list({}, 0, 10), 'bdace')
  assert.equal(await list({}, 1, 2), 'da')
  assert.equal(await list({ partnerId: 'p' }, 0, 10), 'bac')
  assert.equal(await list({ organizationId: 'o' }, 0, 10), 'de')
  assert.equal(await list({ partnerId: 'o' }, 0, 10), '')
  assert.equal(await list({ partnerId: 'p' }, 3, 10), '')
  assert.equal(await countTenants(store, {}), 5)
  assert.equal(await countTenants(store, { partnerId: 'p' }), 3)
})

test('a status is set on a tenant that exists', async t => {
  const store = open(t)
  const tenant = newTenant(1)
  await insertTenant(store, tenant)
  assert.equal(await setTenantStatus(store, tenant.id, 'suspended'), true)
  assert.equal((await findTenant(store, tenant.id))?.status, 'suspended')
  assert.equal(await setTenantStatus(store, 'nobody', 'active'), false)
})
