import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { newId } from '../../src/model/ids.ts'
import type { Role } from '../../src/model/role.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertXdrError } from './error-bodies.ts'

async function openManager(context: TestContext, kind: 'partner' | 'organization', role: Role = 'superAdmin') {
  const lake = await openTestApp(context, { publicUrl: 'https://lake.example.test' })
  const accountId = newId()
  const token = await lake.token(await lake.principal({ accountType: kind, accountId, role }))
  const headers = { authorization: `Bearer ${token}`, [`x-${kind}-id`]: accountId }
  const manager = kind === 'partner' ? { partnerId: accountId } : { organizationId: accountId }
  const url = `/${kind}/v1/tenants`
  const get = (path = '') => lake.app.inject({ url: url + path, headers })
  return { lake, accountId, headers, manager, url, get }
}

test('the tenant object has precisely what every client needs', async t => {
  const { lake, accountId, manager, get } = await openManager(t, 'partner')
  const tenant = await lake.tenant({ ...manager, contact: { firstName: 'Ada' } })
  const expected = {
    id: tenant.id,
    showAs: 'Contoso',
    name: 'Contoso Ltd',
    dataGeography: 'IE',
    dataRegion: 'eu01',
    billingType: 'term',
    partner: { id: accountId },
    organization: {},
    apiHost: 'https://lake.example.test',
    status: 'active',
    contact: { firstName: 'Ada' },
    externalIds: [],
    products: [{ code: 'xdr' }],
  }
  assert.deepEqual((await get()).json(), { items: [expected], pages: { current: 1, size: 50, maxSize: 100 } })
  assert.deepEqual((await get(`/${tenant.id.toUpperCase()}`)).json(), expected)
  assert.deepEqual((await get(`/${tenant.id}?fields=name,apiHost`)).json(), {
    id: tenant.id,
    name: 'Contoso Ltd',
    apiHost: 'https://lake.example.test',
  })
})

for (const kind of ['partner', 'organization'] as const) {
  test(`${kind}: only its own tenants, on every page, however a client asks`, async t => {
    const { lake, manager, get } = await openManager(t, kind)
    const other = await lake.tenant({ partnerId: newId(), organizationId: newId() })
    for (let index = 0; index < 120; index += 1) await lake.tenant({ ...manager, name: `tenant ${index}` })
    const seen = async (queries: readonly string[]) => {
      const names = new Set<string>()
      for (const query of queries) for (const item of (await get(query)).json().items) names.add(item.name)
      return names.size
    }
    const pages = (await get('?pageTotal=True')).json().pages
    assert.deepEqual(pages, { current: 1, size: 50, total: 3, items: 120, maxSize: 100 })
    assert.equal(await seen(['?page=1', '?page=2', '?page=3']), 120)
    assert.equal(await seen(['?page=1&pageTotal=true', '?page=2', '?page=3']), 120)
    assert.equal(await seen(['?page=1&pageTotal=True&pageSize=100', '?page=2&pageTotal=True&pageSize=100']), 120)
    assert.deepEqual((await get('?page=4')).json(), { items: [], pages: { current: 4, size: 50, maxSize: 100 } })
    assertXdrError(await get(`/${other.id}`), 404, 'resourceNotFound', 'there is no such tenant')
    assertXdrError(await get(`/${newId()}`), 404, 'resourceNotFound')
    assertXdrError(await get('/nonsense'), 404, 'resourceNotFound')
    assertXdrError(await get('?page=0'), 400, 'ValidationException')
  })

  test(`${kind}: header missing, foreign, no UUID, and the other kind of account`, async t => {
    const { lake, headers, url } = await openManager(t, kind)
    const { authorization } = headers
    const name = `x-${kind}-id`
    const ask = (value: string | undefined, auth = authorization) =>
      lake.app.inject({
        url,
        headers: { authorization: auth ?? '', ...(value === undefined ? {} : { [name]: value }) },
      })
    assertXdrError(await ask(undefined), 401, 'Unauthorized', /is required$/)
    assertXdrError(await ask('nonsense'), 400, 'ValidationException', /must be a UUID, it is "nonsense"$/)
    assertXdrError(await ask(newId()), 403, 'Forbidden')
    const tenant = await lake.tenant()
    const own = await lake.headersFor(tenant.id)
    assertXdrError(await ask(tenant.id, own['authorization']), 403, 'Forbidden')
  })
}

test('a partner creates a tenant and its first query is allowed', async t => {
  const { lake, accountId, headers, url, get } = await openManager(t, 'partner')
  const post = (body: object, extra: object = {}) =>
    lake.app.inject({ method: 'POST', url, payload: JSON.stringify(body), headers: { ...headers, ...extra } })
  const contact = { firstName: 'Ada', lastName: 'L', email: 'a@example.test', address: { city: 'Cork', state: null } }
  const answer = await post({ name: 'New Ltd', dataGeography: 'de', billingType: 'usage', contact, other: 1 })
  assert.equal(answer.statusCode, 201, answer.body)
  const { id, ...rest } = answer.json()
  assert.deepEqual(rest, {
    showAs: 'New Ltd',
    name: 'New Ltd',
    dataGeography: 'DE',
    dataRegion: 'eu02',
    billingType: 'usage',
    partner: { id: accountId },
    organization: {},
    apiHost: 'https://lake.example.test',
    status: 'active',
    contact: { firstName: 'Ada', lastName: 'L', email: 'a@example.test', address: { city: 'Cork' } },
    externalIds: [],
    products: [{ code: 'xdr' }],
  })
  assert.deepEqual((await get(`/${id}`)).json(), answer.json())
  const named = await lake.app.inject({
    ...{ method: 'POST', url: `${url}?fields=name,nonsense`, headers },
    payload: JSON.stringify({ name: 'Short', dataGeography: 'IE', billingType: 'usage' }),
  })
  assert.deepEqual([named.statusCode, Object.keys(named.json())], [201, ['id', 'name']])
  const run = await lake.app.inject({
    method: 'POST',
    url: '/xdr-query/v1/queries/runs',
    headers: { authorization: headers.authorization ?? '', 'x-tenant-id': id },
    payload: 'SELECT 1',
  })
  assert.equal(run.statusCode, 201)
  assert.deepEqual(run.json().createdBy.accountType, 'partner')
})

test('a tenant that is not described well is not created', async t => {
  const { lake, headers, url, get } = await openManager(t, 'partner')
  const good = { name: 'n', dataGeography: 'IE', billingType: 'trial' }
  const refusals: readonly (readonly [object, string])[] = [
    [{ ...good, name: '' }, 'name must not have fewer than 1 characters'],
    [{ ...good, dataGeography: 'Ireland' }, 'dataGeography must match pattern "^[A-Za-z]{2}$"'],
    [{ ...good, billingType: 'term' }, 'billingType must be one of trial, usage'],
    [{ name: 'n' }, 'the body must have required properties dataGeography, billingType'],
    [{ ...good, contact: { address: 'Cork' } }, 'contact.address must be object'],
  ]
  for (const [body, message] of refusals) {
    const answer = await lake.app.inject({ method: 'POST', url, payload: JSON.stringify(body), headers })
    assertXdrError(answer, 400, 'ValidationException', message)
  }
  assertXdrError(await lake.app.inject({ method: 'POST', url, payload: '{', headers }), 400, 'ValidationException')
  assert.deepEqual((await get()).json().items, [])
})

test('only a Super Admin creates tenants', async t => {
  const { lake, headers, url } = await openManager(t, 'partner', 'management')
  const payload = JSON.stringify({ name: 'n', dataGeography: 'IE', billingType: 'usage' })
  assertXdrError(await lake.app.inject({ method: 'POST', url, payload, headers }), 403, 'UNAUTHORIZED_ACCESS')
  assert.equal((await lake.app.inject({ url, headers })).statusCode, 200)
})
