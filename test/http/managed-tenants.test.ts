import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { newId } from '../../src/model/ids.ts'
import type { AccountType } from '../../src/model/principal.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertProblem } from './error-bodies.ts'

const url = '/lake/v1/tenants'

async function openManager(context: TestContext, accountType: AccountType = 'partner', settings: object = {}) {
  const lake = await openTestApp(context, settings)
  const accountId = newId()
  const principal = await lake.principal({ accountType, accountId, role: 'superAdmin' })
  const headers = { authorization: `Bearer ${await lake.token(principal)}` }
  const call = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown, own: object = headers) =>
    lake.app.inject({
      ...{ method, url: path, headers: own as Record<string, string> },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    })
  return { lake, accountId, principal, headers, call }
}

for (const kind of ['partner', 'organization'] as const) {
  test(`a ${kind} creates, lists, changes and suspends its tenants`, async t => {
    const { lake, accountId, call } = await openManager(t, kind)
    await lake.tenant()
    const made = await call('POST', url, { name: 'Acme', retentionDays: 30 })
    assert.equal(made.statusCode, 201, made.body)
    const tenant = made.json()
    const { id, ...rest } = tenant
    assert.deepEqual(rest, {
      ...{ name: 'Acme', showAs: 'Acme', status: 'active', retentionDays: 30, billingType: 'usage' },
      ...{ dataGeography: 'IE', dataRegion: 'eu01', createdAt: '2026-02-03T08:14:55.628Z' },
      [`${kind}Id`]: accountId,
    })
    await lake.tenant({ [`${kind}Id`]: accountId, billingType: 'trial', createdAt: lake.now + 1 })
    const list = (await call('GET', `${url}?pageTotal=true`)).json()
    assert.deepEqual(list.pages, { current: 1, size: 50, maxSize: 100, total: 1, items: 2 })
    assert.deepEqual(list.items[0], tenant)
    assert.deepEqual((await call('GET', `${url}/${id.toUpperCase()}`)).json(), tenant)
    const changed = (await call('PATCH', `${url}/${id}`, { retentionDays: 7, showAs: 'ACME', odd: 1 })).json()
    assert.deepEqual(changed, { ...tenant, retentionDays: 7, showAs: 'ACME' })
    const own = await lake.headersFor(id)
    assert.equal((await call('GET', '/lake/v1/schema', undefined, own)).statusCode, 200)
    assert.equal((await call('PATCH', `${url}/${id}`, { status: 'suspended' })).json().status, 'suspended')
    assert.equal((await call('GET', '/lake/v1/schema', undefined, own)).statusCode, 403)
    assert.equal((await call('GET', url, undefined, { authorization: own['authorization'] })).statusCode, 403)
    assert.equal((await call('PATCH', `${url}/${id}`, { status: 'active' })).json().status, 'active')
    assert.equal((await call('GET', '/lake/v1/schema', undefined, own)).statusCode, 200)
    assert.deepEqual(
      lake.audit.entries.map(({ tenantId, action, target, details }) => ({ tenantId, action, target, details })),
      [
        { tenantId: id, action: 'tenants.create', target: id, details: { name: 'Acme' } },
        { tenantId: id, action: 'tenants.change', target: id, details: { showAs: 'ACME', retentionDays: 7 } },
        { tenantId: id, action: 'tenants.change', target: id, details: { status: 'suspended' } },
        { tenantId: id, action: 'tenants.change', target: id, details: { status: 'active' } },
      ],
    )
  })
}

test("another's tenant is not there, and a body that makes no sense changes nothing", async t => {
  const { lake, accountId, call } = await openManager(t)
  const foreign = await lake.tenant({ partnerId: newId(), organizationId: accountId })
  for (const id of [foreign.id, newId(), 'x']) {
    assertProblem(await call('GET', `${url}/${id}`), 404, 'not_found')
    assertProblem(await call('PATCH', `${url}/${id}`, { retentionDays: 1 }), 404, 'not_found')
  }
  for (const body of [{}, { name: '' }, { name: 'a', retentionDays: 0 }, { name: 'a', retentionDays: 3651 }, []]) {
    assertProblem(await call('POST', url, body), 400, 'invalid_argument')
  }
  const own = await lake.tenant({ partnerId: accountId })
  for (const body of [{ retentionDays: 0 }, { retentionDays: 1.5 }, { status: 'gone' }, { name: '' }]) {
    assertProblem(await call('PATCH', `${url}/${own.id}`, body), 400, 'invalid_argument')
  }
  assert.equal((await call('GET', `${url}/${own.id}`)).json().retentionDays, 90)
})

test('a tenant sees itself, and may change its retention and nothing else', async t => {
  const { lake, call } = await openManager(t)
  const tenant = await lake.tenant({ partnerId: newId() })
  await lake.tenant()
  const { authorization } = await lake.headersFor(tenant.id)
  const own = { authorization }
  const { items } = (await call('GET', url, undefined, own)).json()
  assert.deepEqual(
    items.map(({ id }: { id: string }) => id),
    [tenant.id],
  )
  assert.equal((await call('PATCH', `${url}/${tenant.id}`, { retentionDays: 10 }, own)).json().retentionDays, 10)
  assertProblem(await call('PATCH', `${url}/${tenant.id}`, { name: 'other' }, own), 403, 'permission_denied')
  assertProblem(await call('PATCH', `${url}/${tenant.id}`, { status: 'suspended' }, own), 403, 'permission_denied')
  assertProblem(await call('POST', url, { name: 'mine' }, own), 403, 'permission_denied')
})

test("a partner's own principals: made, rotated, ended; never a tenant's", async t => {
  const { lake, accountId, principal, call } = await openManager(t)
  const base = '/lake/v1/account/principals'
  const made = (await call('POST', base, { name: 'analyst', role: 'forensics' })).json()
  const whoami = async (credentials: Parameters<typeof lake.token>[0]) => {
    const headers = { authorization: `Bearer ${await lake.token(credentials)}` }
    return (await lake.app.inject({ url: '/whoami/v1', headers })).json()
  }
  assert.equal((await whoami(made)).idType, 'partner')
  assert.equal((await whoami(made)).id, accountId)
  const names = (await call('GET', base)).json().items.map(({ name }: { name: string }) => name)
  assert.deepEqual(names.sort(), ['analyst', 'test'])
  const rotated = (await call('POST', `${base}/${made.id}/rotate`)).json()
  assert.notEqual(rotated.clientSecret, made.clientSecret)
  assert.equal((await whoami(rotated)).id, accountId)
  assert.ok((await call('POST', `${base}/${made.id}/disable`)).json().disabledAt)
  assertProblem(await call('POST', `${base}/${principal.principalId}/disable`), 409, 'conflict')
  const tenant = await lake.tenant({ partnerId: accountId })
  const theirs = await lake.principal({ accountId: tenant.id })
  assertProblem(await call('POST', `${base}/${theirs.principalId}/disable`), 404, 'not_found')
  const log = (await call('GET', '/lake/v1/account/audit')).json()
  assert.deepEqual(log.items, [], 'kept by the audit log of this test, not by the store')
  assert.deepEqual(
    lake.audit.entries.map(({ action, tenantId }) => [action, tenantId]),
    ['create', 'rotate', 'disable'].map(verb => [`principals.${verb}`, undefined]),
  )
})

test('an ingest token is shown once, stored as a hash, says when it was used, and ends when it is revoked', async t => {
  const { lake, call } = await openManager(t)
  const tenant = await lake.tenant()
  const headers = await lake.headersFor(tenant.id)
  const base = '/lake/v1/ingest-tokens'
  const made = await call('POST', base, { name: 'vector on web-03' }, headers)
  assert.equal(made.statusCode, 201, made.body)
  const { token, ...shown } = made.json()
  assert.match(token, /^edr-ingest-[0-9a-f]{64}$/)
  assert.deepEqual((await call('GET', base, undefined, headers)).json(), { items: [shown] })
  const rows = await lake.store.selectFrom('ingest_tokens').selectAll().execute()
  assert.equal(JSON.stringify(rows).includes(token.slice('edr-ingest-'.length)), false)
  const send = (bearer: string) =>
    lake.app.inject({
      ...{ method: 'POST', url: '/lake/v1/ingest/osquery', payload: '{"name":"x","columns":{}}\n' },
      headers: { authorization: `Bearer ${bearer}` },
    })
  assert.equal((await send(token)).statusCode, 200)
  assert.equal(lake.ingest.bodies[0]?.tenantId, tenant.id)
  const used = (await call('GET', base, undefined, headers)).json().items[0]
  assert.equal(used.lastUsedAt, '2026-02-03T08:14:55.628Z')
  for (const wrong of [`edr-ingest-${'0'.repeat(64)}`, token.slice(0, -1), `${token}0`]) {
    assertProblem(await send(wrong), 401, 'unauthenticated')
  }
  const other = await lake.headersFor((await lake.tenant()).id)
  assertProblem(await call('DELETE', `${base}/${shown.id}`, undefined, other), 404, 'not_found')
  assert.equal((await call('DELETE', `${base}/${shown.id}`, undefined, headers)).statusCode, 204)
  assertProblem(await send(token), 401, 'unauthenticated')
  assert.ok((await call('GET', base, undefined, headers)).json().items[0].revokedAt)
  assertProblem(await call('POST', base, { name: '' }, headers), 400, 'invalid_argument')
  const logged = lake.logLines.join('') + JSON.stringify(lake.audit.entries)
  assert.equal(logged.includes(token), false)
})

test('settings in force are shown to those who manage', async t => {
  const inForce = [{ name: 'workers', value: '2', unit: 'processes', why: 'queries executed at once' }]
  const { call } = await openManager(t, 'partner', { inForce })
  assert.deepEqual((await call('GET', '/lake/v1/settings')).json(), { version: '1.2.3', items: inForce })
})
