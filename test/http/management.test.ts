import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { putCategory, putSavedQuery } from '../../src/db/saved-queries.ts'
import { newId } from '../../src/model/ids.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertProblem } from './error-bodies.ts'

async function openManagement(context: TestContext) {
  const lake = await openTestApp(context)
  const tenant = await lake.tenant()
  const headers = await lake.headersFor(tenant.id)
  const call = (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string, body?: unknown, own = headers) =>
    lake.app.inject({
      method,
      url,
      headers: own,
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  const statusOf = async (clientId: string, clientSecret: string) => {
    const payload = `grant_type=client_credentials&client_id=${clientId}&client_secret=${clientSecret}`
    return (await lake.app.inject({ method: 'POST', url: '/api/v2/oauth2/token', payload })).statusCode
  }
  return { lake, tenant, headers, call, statusOf }
}

const principals = '/lake/v1/principals'

test('a principal is made with its secret, listed without it, and can log in', async t => {
  const { tenant, call, statusOf, lake } = await openManagement(t)
  const expiresAt = '2026-03-01T00:00:00.000Z'
  const made = await call('POST', principals, { name: 'reader', role: 'readOnly', expiresAt, odd: 1 })
  assert.equal(made.statusCode, 201, made.body)
  const { clientSecret, ...shown } = made.json()
  assert.match(clientSecret, /^[0-9a-f]{64}$/)
  const { id, clientId, ...rest } = shown
  assert.deepEqual(rest, { name: 'reader', role: 'readOnly', createdAt: '2026-02-03T08:14:55.628Z', expiresAt })
  const { items } = (await call('GET', principals)).json()
  assert.equal(items.length, 2)
  assert.deepEqual(
    items.find((item: { id: string }) => item.id === id),
    shown,
  )
  assert.equal(await statusOf(clientId, clientSecret), 200)
  lake.now = Date.parse(expiresAt)
  assert.equal(await statusOf(clientId, clientSecret), 401)
  assert.ok(tenant.id)
})

test('rotation: the new secret works at once, the old one ends at once or after the overlap', async t => {
  const { lake, call, statusOf } = await openManagement(t)
  const first = (await call('POST', principals, { name: 'n', role: 'forensics' })).json()
  const second = (await call('POST', `${principals}/${first.id}/rotate`, { overlapSeconds: 60 })).json()
  assert.equal(second.clientId, first.clientId)
  assert.equal(await statusOf(first.clientId, first.clientSecret), 200)
  assert.equal(await statusOf(first.clientId, second.clientSecret), 200)
  lake.now += 60_000
  assert.equal(await statusOf(first.clientId, first.clientSecret), 401)
  const third = (await call('POST', `${principals}/${first.id.toUpperCase()}/rotate`)).json()
  assert.equal(await statusOf(first.clientId, second.clientSecret), 401)
  assert.equal(await statusOf(first.clientId, third.clientSecret), 200)
  assertProblem(await call('POST', `${principals}/${first.id}/rotate`, { overlapSeconds: -1 }), 400, 'invalid_argument')
})

test('disabled and expired principals lose access with the token they hold', async t => {
  const { lake, tenant, call } = await openManagement(t)
  const whoami = async (headers: Record<string, string>) =>
    (await lake.app.inject({ url: '/whoami/v1', headers })).statusCode
  const made = (await call('POST', principals, { name: 'n', role: 'readOnly' })).json()
  const headers = { authorization: `Bearer ${await lake.token(made)}` }
  assert.equal(await whoami(headers), 200)
  const soon = '2026-02-03T09:00:00.000Z'
  assert.equal((await call('PATCH', `${principals}/${made.id}`, { expiresAt: soon })).json().expiresAt, soon)
  for (const unsaid of [{}, { role: 'superAdmin' }, { expiresAt: 7 }, []]) {
    const refused = await call('PATCH', `${principals}/${made.id}`, unsaid)
    assertProblem(refused, 400, 'invalid_argument')
    assert.equal(refused.json().detail, 'expiresAt must be a UTC timestamp in the future, or null for never')
  }
  lake.now = Date.parse(soon)
  assert.equal(await whoami(headers), 401)
  const own = await lake.headersFor(tenant.id)
  const forever = await call('PATCH', `${principals}/${made.id}`, { expiresAt: null }, own)
  assert.equal('expiresAt' in forever.json(), false)
  assert.equal((await call('POST', `${principals}/${made.id}/disable`, undefined, own)).json().disabledAt, soon)
  const again = { authorization: `Bearer ${await lake.token(made)}` }
  assert.equal(await whoami(again), 401)
})

test('what is not asked well, not there, or one’s own', async t => {
  const { lake, call } = await openManagement(t)
  const refusals: readonly (readonly [unknown, string])[] = [
    [{ role: 'readOnly' }, 'the body must have required properties name'],
    [{ name: 'n', role: 'root' }, 'role must be one of superAdmin, management, forensics, readOnly, ingest'],
    [{ name: '', role: 'readOnly' }, 'name must not have fewer than 1 characters'],
    [
      { name: 'n', role: 'readOnly', expiresAt: '2020-01-01T00:00:00Z' },
      'expiresAt must be a UTC timestamp in the future',
    ],
    [{ name: 'n', role: 'readOnly', expiresAt: 'P1D' }, 'expiresAt must be a UTC timestamp in the future'],
    ['[]', 'the body must be object'],
  ]
  for (const [body, detail] of refusals)
    assertProblem(await call('POST', principals, body), 400, 'invalid_argument', detail)
  assertProblem(await call('POST', principals, '{'), 400, 'invalid_argument')
  const other = await lake.tenant()
  const foreign = await lake.principal({ accountId: other.id })
  for (const id of [newId(), 'nonsense', foreign.principalId]) {
    assertProblem(await call('POST', `${principals}/${id}/disable`), 404, 'not_found', 'there is no such principal')
    assertProblem(await call('POST', `${principals}/${id}/rotate`), 404, 'not_found')
    assertProblem(await call('PATCH', `${principals}/${id}`, {}), 404, 'not_found')
  }
  const [self] = (await call('GET', principals)).json().items
  const ownAccess = 'a principal cannot end its own access: use another one'
  assertProblem(await call('POST', `${principals}/${self.id}/disable`), 409, 'conflict', ownAccess)
  assertProblem(await call('PATCH', `${principals}/${self.id}`, { expiresAt: null }), 409, 'conflict', ownAccess)
})

test('a partner manages the principals of its tenants', async t => {
  const { lake, call, statusOf } = await openManagement(t)
  const partnerId = newId()
  const own = await lake.tenant({ partnerId })
  const token = await lake.token(await lake.principal({ accountType: 'partner', accountId: partnerId }))
  const headers = { authorization: `Bearer ${token}`, 'x-tenant-id': own.id }
  const made = await call('POST', principals, { name: 'first', role: 'superAdmin' }, headers)
  assert.equal(made.statusCode, 201)
  assert.equal(await statusOf(made.json().clientId, made.json().clientSecret), 200)
  assert.equal((await call('GET', principals, undefined, headers)).json().items.length, 1)
})

test('enroll secrets: made, given, listed, ended; never shared between tenants', async t => {
  const { lake, call } = await openManagement(t)
  const url = '/lake/v1/enroll-secrets'
  const made = await call('POST', url, { name: 'random' })
  assert.equal(made.statusCode, 201)
  assert.match(made.json().secret, /^[0-9a-f]{48}$/)
  const given = (await call('POST', url, { name: 'moved', secret: 'from-the-old-server' })).json()
  assert.equal(given.secret, 'from-the-old-server')
  assert.deepEqual(
    (await call('GET', url))
      .json()
      .items.map((item: { name: string }) => item.name)
      .sort(),
    ['moved', 'random'],
  )
  const other = await lake.headersFor((await lake.tenant()).id)
  const taken = await call('POST', url, { name: 'x', secret: 'from-the-old-server' }, other)
  assertProblem(taken, 409, 'conflict', 'this enroll secret cannot be used: choose another')
  assertProblem(await call('DELETE', `${url}/${given.id}`, undefined, other), 404, 'not_found')
  assert.deepEqual((await call('GET', url, undefined, other)).json(), { items: [] })
  const ended = await call('DELETE', `${url}/${given.id}`)
  assert.deepEqual([ended.statusCode, ended.body], [204, ''])
  const shown = (await call('GET', url)).json().items.find((item: { id: string }) => item.id === given.id)
  assert.equal(shown.disabledAt, '2026-02-03T08:14:55.628Z')
  for (const body of [{}, { name: 'n', secret: 'short' }, { name: 'n', secret: 'with a space inside' }]) {
    assertProblem(await call('POST', url, body), 400, 'invalid_argument')
  }
})

test('a saved query is put, read on the vendor’s path, put back as read, and deleted', async t => {
  const { lake, tenant, call } = await openManagement(t)
  const [categoryId, id] = [newId(), newId()]
  assert.equal((await call('PUT', `/lake/v1/query-categories/${categoryId}`, { name: 'Own' })).statusCode, 200)
  const body = {
    name: 'Ports',
    template: "SELECT '$$p$$'",
    variables: [{ name: 'p', dataType: 'text', value: '1', odd: 2 }],
    categories: [{ id: categoryId.toUpperCase() }],
  }
  const put = await call('PUT', `/lake/v1/saved-queries/${id}`, body)
  const times = { createdAt: '2026-02-03T08:14:55.628Z', updatedAt: '2026-02-03T08:14:55.628Z' }
  const expected = {
    id,
    name: 'Ports',
    description: '',
    type: 'custom',
    template: "SELECT '$$p$$'",
    variables: [{ name: 'p', dataType: 'text', value: '1' }],
    categories: [{ id: categoryId }],
    tenant: { id: tenant.id },
    ...times,
  }
  assert.deepEqual(put.json(), expected)
  const vendor = `/xdr-query/v1/queries/${id}`
  assert.deepEqual((await call('GET', vendor)).json(), expected)
  const [category] = (await call('GET', '/xdr-query/v1/queries/categories')).json().items
  assert.deepEqual([category.name, category.type, category.queryCount], ['Own', 'custom', 1])

  lake.now += 1000
  const again = (await call('PUT', `/lake/v1/saved-queries/${id}`, put.body)).json()
  assert.deepEqual(again, { ...expected, updatedAt: '2026-02-03T08:14:56.628Z' })
  assert.equal((await call('DELETE', `/lake/v1/saved-queries/${id}`)).statusCode, 204)
  assert.equal((await call('GET', vendor)).statusCode, 404)
  assert.equal((await call('DELETE', `/lake/v1/query-categories/${categoryId}`)).statusCode, 204)
})

test('queries that are canned, another tenant’s or not well described stay as they are', async t => {
  const { lake, call } = await openManagement(t)
  const other = await lake.tenant()
  const [cannedId, foreignId, categoryId] = [newId(), newId(), newId()]
  const base = { code: undefined, description: '', template: 'SELECT 1', variables: [], createdAt: 1, updatedAt: 1 }
  const common = { ...base, categoryIds: [], name: 'theirs' }
  await putSavedQuery(lake.store, { ...common, id: cannedId, type: 'canned', tenantId: undefined })
  await putSavedQuery(lake.store, { ...common, id: foreignId, type: 'custom', tenantId: other.id })
  await putCategory(lake.store, {
    ...{ id: categoryId, type: 'canned', tenantId: undefined, name: 'c', code: undefined },
    ...{ description: '', icon: '', createdAt: 1, updatedAt: 1 },
  })
  const body = { name: 'mine', template: 'SELECT 1' }
  for (const id of [cannedId, foreignId]) {
    assertProblem(
      await call('PUT', `/lake/v1/saved-queries/${id}`, body),
      409,
      'conflict',
      `id ${id} is taken: choose another`,
    )
    assertProblem(await call('DELETE', `/lake/v1/saved-queries/${id}`), 404, 'not_found')
  }
  assertProblem(await call('PUT', `/lake/v1/query-categories/${categoryId}`, { name: 'mine' }), 409, 'conflict')
  assertProblem(await call('DELETE', `/lake/v1/query-categories/${categoryId}`), 404, 'not_found')
  const fresh = `/lake/v1/saved-queries/${newId()}`
  assertProblem(await call('PUT', '/lake/v1/saved-queries/my-query', body), 400, 'invalid_argument')
  assertProblem(await call('PUT', fresh, { ...body, template: '' }), 400, 'invalid_argument')
  assertProblem(await call('PUT', fresh, { ...body, variables: [{ name: 'x' }] }), 400, 'invalid_argument')
  const twice = ['text', 'integer'].map(dataType => ({ name: 'x', dataType }))
  assertProblem(
    await call('PUT', fresh, { ...body, variables: twice }),
    400,
    'invalid_argument',
    'variables has "x" more than once, with different types or values',
  )
  const missing = newId()
  const unknown = await call('PUT', fresh, { ...body, categories: [{ id: missing }] })
  assertProblem(unknown, 400, 'invalid_argument', `there is no category ${missing}`)
  assert.equal((await call('GET', `/xdr-query/v1/queries/${cannedId}`)).json().name, 'theirs')
})

test('Forensics keeps the query library, and nobody but a Super Admin the access', async t => {
  const { lake, tenant, call } = await openManagement(t)
  const statuses: Record<string, readonly number[]> = {}
  for (const role of ['superAdmin', 'forensics', 'readOnly', 'management'] as const) {
    const headers = await lake.headersFor(tenant.id, role)
    const put = await call('PUT', `/lake/v1/saved-queries/${newId()}`, { name: 'n', template: 'SELECT 1' }, headers)
    statuses[role] = [put.statusCode, (await call('GET', principals, undefined, headers)).statusCode]
  }
  assert.deepEqual(statuses, {
    superAdmin: [200, 200],
    forensics: [200, 403],
    readOnly: [403, 403],
    management: [403, 403],
  })
})
