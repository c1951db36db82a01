import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { newId } from '../../src/model/ids.ts'
import type { AccountType } from '../../src/model/principal.ts'
import type { Role } from '../../src/model/role.ts'
import { putFile } from '../support/catalog-rows.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertProblem } from './error-bodies.ts'

async function open(context: TestContext, accountType: AccountType = 'partner', role: Role = 'superAdmin') {
  const lake = await openTestApp(context)
  const accountId = newId()
  const own = accountType === 'organization' ? { organizationId: accountId } : { partnerId: accountId }
  const tenant = await lake.tenant(own)
  const of = accountType === 'tenant' ? tenant.id : accountId
  const principal = await lake.principal({ accountType, accountId: of, role })
  const headers = { authorization: `Bearer ${await lake.token(principal)}` }
  const call = (method: 'GET' | 'PATCH', body?: unknown, id = tenant.id, more: object = {}) =>
    lake.app.inject({
      ...{ method, url: `/lake/v1/tenants/${id}/limits`, headers: { ...headers, ...more } },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  return { lake, tenant, call }
}

const nothing = {
  ...{ retentionDays: 90, queryRetentionDays: {}, inForce: {} },
  use: { bytes: 0, level: 'calm' },
}

for (const kind of ['partner', 'organization'] as const) {
  test(`a ${kind} bounds its tenant, and gives it back what the lake has`, async t => {
    const { lake, tenant, call } = await open(t, kind)
    assert.deepEqual((await call('GET')).json(), nothing)
    const wish = { retentionDays: 30, queryRetentionDays: { Ports: 7, logons: 365 }, diskBudgetBytes: 1_000 }
    const changed = await call('PATCH', { ...wish, uploadCapHostBytes: 5, odd: 1 })
    assert.equal(changed.statusCode, 200, changed.body)
    const bounds = { uploadCapHostBytes: 5, diskBudgetBytes: 1_000 }
    assert.deepEqual(changed.json(), {
      ...{ retentionDays: 30, queryRetentionDays: { ports: 7, logons: 365 }, ...bounds, inForce: bounds },
      use: { bytes: 0, percent: 0, level: 'calm' },
    })
    assert.deepEqual((await call('GET')).json(), changed.json())
    assert.deepEqual(lake.limits.of(tenant.id), { ...bounds, uploadCapTenantBytes: undefined }, 'in force at once')
    const restarted = await lake.store.selectFrom('tenant_limits').selectAll().execute()
    assert.equal(restarted[0]?.disk_budget_bytes, 1_000)
    await putFile(lake.store, tenant.id, { bytes: 950 })
    await lake.budgets.refresh()
    assert.deepEqual((await call('GET')).json().use, { bytes: 950, percent: 95, level: 'urgent' })
    const reset = { queryRetentionDays: { PORTS: null }, uploadCapHostBytes: null, diskBudgetBytes: null }
    const back = (await call('PATCH', reset)).json()
    assert.deepEqual(back, { ...nothing, retentionDays: 30, queryRetentionDays: { logons: 365 }, use: back.use })
    assert.deepEqual(lake.audit.entries.at(-1)?.details, reset)
  })
}

test('a tenant changes its own retention and nothing else', async t => {
  const { tenant, call, lake } = await open(t, 'tenant')
  assert.deepEqual((await call('PATCH', { retentionDays: 10, queryRetentionDays: { a: 5 } })).json(), {
    ...{ ...nothing, retentionDays: 10, queryRetentionDays: { a: 5 } },
  })
  for (const name of ['uploadCapHostBytes', 'uploadCapTenantBytes', 'diskBudgetBytes']) {
    const answer = await call('PATCH', { retentionDays: 20, [name]: 1 })
    assertProblem(answer, 403, 'permission_denied')
    assert.equal(answer.json().detail, `a tenant's own principals may not change ${name}: its partner may`)
  }
  assert.equal((await call('GET')).json().retentionDays, 10, 'nothing of a refused change is done')
  assertProblem(await call('GET', undefined, (await lake.tenant()).id), 404, 'not_found')
  assert.equal((await call('GET', undefined, tenant.id.toUpperCase())).statusCode, 200)
})

test("another's tenant is not there; a role that reads changes nothing; without a token nothing", async t => {
  const { lake, call } = await open(t)
  const foreign = await lake.tenant({ partnerId: newId() })
  for (const id of [foreign.id, newId(), 'x']) {
    assertProblem(await call('GET', undefined, id), 404, 'not_found')
    assertProblem(await call('PATCH', { retentionDays: 1 }, id), 404, 'not_found')
  }
  assertProblem(await call('GET', undefined, undefined, { authorization: '' }), 401, 'unauthenticated')
  const reader = await open(t, 'partner', 'readOnly')
  assert.equal((await reader.call('GET')).statusCode, 200)
  assertProblem(await reader.call('PATCH', { retentionDays: 1 }), 403, 'permission_denied')
})

test('a body that makes no sense changes nothing', async t => {
  const { call } = await open(t)
  const bodies: readonly unknown[] = [
    ...['', '{', 'null', [], 7],
    { retentionDays: 0 },
    { retentionDays: null },
    { retentionDays: 3_651 },
    { queryRetentionDays: { a: 0 } },
    { queryRetentionDays: { '': 1 } },
    { queryRetentionDays: { ['a'.repeat(1_001)]: 1 } },
    { queryRetentionDays: [1] },
    { diskBudgetBytes: 0 },
    { diskBudgetBytes: '10G' },
    { uploadCapHostBytes: 1.5 },
    { uploadCapTenantBytes: -1 },
    { uploadCapHostBytes: 3.7e27 },
  ]
  for (const body of bodies) assertProblem(await call('PATCH', body), 400, 'invalid_argument')
  assertProblem(await call('PATCH', { queryRetentionDays: { a: 1, b: 'x'.repeat(1_100_000) } }), 413, 'too_large')
  assert.deepEqual((await call('GET')).json(), nothing)
})
