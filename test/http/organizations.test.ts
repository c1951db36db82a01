import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { newId } from '../../src/model/ids.ts'
import type { AccountType } from '../../src/model/principal.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertProblem } from './error-bodies.ts'

const url = '/lake/v1/organizations'

async function open(context: TestContext) {
  const lake = await openTestApp(context)
  const as = async (accountType: AccountType, accountId: string, role: 'superAdmin' | 'readOnly' = 'superAdmin') => {
    const headers = {
      authorization: `Bearer ${await lake.token(await lake.principal({ accountType, accountId, role }))}`,
    }
    return (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, more: object = {}) =>
      lake.app.inject({
        ...{ method, url: path, headers: { ...headers, ...more } },
        ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
  }
  const partnerId = newId()
  const tenant = await lake.tenant({ partnerId })
  return { lake, as, partnerId, tenant, partner: await as('partner', partnerId) }
}

test('a partner makes an organization, hands it a principal and a tenant, and takes the tenant back', async t => {
  const { lake, partner, tenant } = await open(t)
  const made = await partner('POST', url, { name: 'North', odd: 1 })
  assert.equal(made.statusCode, 201, made.body)
  const { id } = made.json()
  assert.deepEqual(made.json(), { id, name: 'North', createdAt: '2026-02-03T08:14:55.628Z' })
  assert.deepEqual((await partner('GET', url)).json(), { items: [made.json()] })
  const granted = await partner('POST', `${url}/${id}/principals`, { name: 'ops', role: 'superAdmin' })
  assert.equal(granted.statusCode, 201, granted.body)
  const { clientId, clientSecret } = granted.json()
  const token = await lake.token({ clientId, clientSecret, principalId: granted.json().id })
  const call = (path: string) =>
    lake.app.inject({ url: path, headers: { authorization: `Bearer ${token}`, 'x-organization-id': id } })
  assert.equal((await call('/whoami/v1')).json().idType, 'organization')
  assert.deepEqual((await call('/organization/v1/tenants')).json().items, [])
  const given = await partner('PUT', `${url}/${id}/tenants/${tenant.id}`)
  assert.equal(given.statusCode, 200, given.body)
  assert.equal(given.json().organizationId, id)
  assert.deepEqual(
    (await call('/organization/v1/tenants')).json().items.map((item: { id: string }) => item.id),
    [tenant.id],
  )
  assert.equal('organizationId' in (await partner('DELETE', `${url}/${id}/tenants/${tenant.id}`)).json(), false)
  assert.deepEqual((await call('/organization/v1/tenants')).json().items, [])
  assert.deepEqual(
    lake.audit.entries.map(({ action, target }) => [action, target]),
    [
      ['organizations.create', id],
      ['organizations.principal', granted.json().id],
      ['organizations.tenant', tenant.id],
      ['organizations.tenant', tenant.id],
    ],
  )
  assert.equal(JSON.stringify(lake.audit.entries).includes(clientSecret), false)
})

test('what is not the partner’s is not there, and nobody else has organizations', async t => {
  const { lake, as, partner, partnerId, tenant } = await open(t)
  const { id } = (await partner('POST', url, { name: 'North' })).json()
  const stranger = await as('partner', newId())
  const none = 'there is no such organization'
  assertProblem(
    await stranger('POST', `${url}/${id}/principals`, { name: 'x', role: 'readOnly' }),
    404,
    'not_found',
    none,
  )
  assertProblem(await stranger('PUT', `${url}/${id}/tenants/${tenant.id}`), 404, 'not_found', none)
  assert.deepEqual((await stranger('GET', url)).json(), { items: [] })
  const foreign = await lake.tenant({ partnerId: newId() })
  assertProblem(await partner('PUT', `${url}/${id}/tenants/${foreign.id}`), 404, 'not_found', 'there is no such tenant')
  assertProblem(
    await partner('DELETE', `${url}/${id}/tenants/${tenant.id}`),
    404,
    'not_found',
    'there is no such tenant',
  )
  assertProblem(await partner('PUT', `${url}/none/tenants/${tenant.id}`), 404, 'not_found', none)
  for (const kind of ['tenant', 'organization'] as const) {
    const other = await as(kind, kind === 'tenant' ? tenant.id : id)
    assertProblem(await other('GET', url), 403, 'permission_denied', 'only a partner has organizations')
    assertProblem(await other('POST', url, { name: 'x' }), 403, 'permission_denied')
  }
  const reader = await as('partner', partnerId, 'readOnly')
  assertProblem(await reader('POST', url, { name: 'x' }), 403, 'permission_denied')
  assert.equal((await reader('GET', url)).json().items.length, 1)
  assertProblem(await lake.app.inject({ url }), 401, 'unauthenticated')
})

test('bodies that are none', async t => {
  const { partner } = await open(t)
  const { id } = (await partner('POST', url, { name: 'North' })).json()
  for (const body of ['{', {}, { name: '' }, { name: 'x'.repeat(301) }, { name: 5 }]) {
    assertProblem(await partner('POST', url, body), 400, 'invalid_argument')
  }
  assertProblem(await partner('POST', `${url}/${id}/principals`, { name: 'x', role: 'king' }), 400, 'invalid_argument')
})
