import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '../../src/model/ids.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertXdrError } from './error-bodies.ts'

test('a tenant principal: exactly these keys, no slash at the end of a host', async t => {
  const lake = await openTestApp(t)
  const tenant = await lake.tenant()
  const { authorization } = await lake.headersFor(tenant.id, 'readOnly')
  const headers = { authorization, host: 'lake.example.test' }
  const expected = {
    id: tenant.id,
    idType: 'tenant',
    apiHosts: { global: 'http://lake.example.test', dataRegion: 'http://lake.example.test' },
  }
  for (const url of ['/whoami/v1', '/whoami/v1/', '//whoami/v1', '/whoami/v1?x=1&']) {
    const answer = await lake.app.inject({ url, headers })
    assert.equal(answer.statusCode, 200)
    assert.deepEqual(answer.json(), expected)
  }
})

test('partner and organization principals have no dataRegion', async t => {
  const lake = await openTestApp(t, { publicUrl: 'https://lake.example.test' })
  for (const accountType of ['partner', 'organization'] as const) {
    const accountId = newId()
    const token = await lake.token(await lake.principal({ accountType, accountId }))
    const answer = await lake.app.inject({ url: '/whoami/v1', headers: { authorization: `bearer ${token}` } })
    assert.deepEqual(answer.json(), {
      id: accountId,
      idType: accountType,
      apiHosts: { global: 'https://lake.example.test' },
    })
  }
})

test('a host that is none is refused: clients would be sent nowhere', async t => {
  const lake = await openTestApp(t)
  const tenant = await lake.tenant()
  const { authorization } = await lake.headersFor(tenant.id)
  const ask = (host: string) => lake.app.inject({ url: '/whoami/v1', headers: { authorization, host } })
  for (const host of ['lake', 'lake:8480', 'my_lake.example.test:1', '192.0.2.1:80', '[2001:db8::1]:8443', '[::1]']) {
    assert.equal((await ask(host)).json().apiHosts.global, `http://${host}`)
  }
  for (const host of ['x/"><', 'user@lake', 'lake:port', 'lake:8480/x', 'a b', '2001:db8::1', 'lake:123456']) {
    const refused = await ask(host)
    const shown = JSON.stringify(host)
    const message = `the host of the request is ${shown}: a name or address is needed`
    assertXdrError(refused, 400, 'ValidationException', message)
  }
  const fixed = await openTestApp(t, { publicUrl: 'https://lake.example.test' })
  const own = await fixed.headersFor((await fixed.tenant()).id)
  const answer = await fixed.app.inject({
    url: '/whoami/v1',
    headers: { authorization: own['authorization'], host: 'x/' },
  })
  assert.equal(answer.json().apiHosts.global, 'https://lake.example.test')
})

test('the configured origin wins; forwarded ones count from a trusted proxy only', async t => {
  const forwarded = { host: 'inner:8480', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'lake.example.test' }
  const hostOf = async (settings: object) => {
    const lake = await openTestApp(t, settings)
    const tenant = await lake.tenant()
    const { authorization } = await lake.headersFor(tenant.id)
    const answer = await lake.app.inject({ url: '/whoami/v1', headers: { ...forwarded, authorization } })
    return answer.json().apiHosts.dataRegion
  }
  assert.equal(await hostOf({}), 'http://inner:8480')
  assert.equal(await hostOf({ trustProxy: ['192.0.2.0/24'] }), 'http://inner:8480')
  assert.equal(await hostOf({ trustProxy: ['127.0.0.0/8'] }), 'https://lake.example.test')
  assert.equal(await hostOf({ publicUrl: 'https://api.example.test' }), 'https://api.example.test')
})

test('without a token, with a wrong one, with a wrong method', async t => {
  const lake = await openTestApp(t)
  const bare = await lake.app.inject({ url: '/whoami/v1' })
  assertXdrError(bare, 401, 'Unauthorized', 'a valid bearer token is required')
  assert.equal(bare.headers['www-authenticate'], 'Bearer realm="edr-lake"')
  const wrong = await lake.app.inject({ url: '/whoami/v1', headers: { authorization: 'Bearer abc' } })
  assertXdrError(wrong, 401, 'Unauthorized', 'a valid bearer token is required')
  const post = await lake.app.inject({ method: 'POST', url: '/whoami/v1' })
  assertXdrError(post, 405, 'MethodNotAllowed', 'POST is not allowed here, only GET, HEAD')
})

test('a disabled principal is out at once', async t => {
  const lake = await openTestApp(t)
  const tenant = await lake.tenant()
  const credentials = await lake.principal({ accountId: tenant.id, expiresAt: lake.now + 60_000 })
  const headers = { authorization: `Bearer ${await lake.token(credentials)}` }
  assert.equal((await lake.app.inject({ url: '/whoami/v1', headers })).statusCode, 200)
  lake.now += 60_000
  assertXdrError(await lake.app.inject({ url: '/whoami/v1', headers }), 401, 'Unauthorized')
})

test('a region with a host of its own is told to its tenants and to those who list them', async t => {
  const regionHosts = { eu01: 'https://eu.lake.example', us01: 'https://us.lake.example' }
  const lake = await openTestApp(t, { publicUrl: 'https://lake.example', regionHosts })
  const partnerId = newId()
  const tenants = []
  for (const dataRegion of ['eu01', 'us01', 'jp01']) tenants.push(await lake.tenant({ partnerId, dataRegion }))
  const hosts = []
  for (const tenant of tenants) {
    const headers = await lake.headersFor(tenant.id)
    hosts.push((await lake.app.inject({ url: '/whoami/v1', headers })).json().apiHosts)
  }
  const origins = ['https://eu.lake.example', 'https://us.lake.example', 'https://lake.example']
  assert.deepEqual(
    hosts,
    origins.map(dataRegion => ({ global: 'https://lake.example', dataRegion })),
  )
  const token = await lake.token(await lake.principal({ accountType: 'partner', accountId: partnerId }))
  const headers = { authorization: `Bearer ${token}`, 'x-partner-id': partnerId }
  assert.deepEqual((await lake.app.inject({ url: '/whoami/v1', headers })).json().apiHosts, {
    global: 'https://lake.example',
  })
  const list = (await lake.app.inject({ url: '/partner/v1/tenants', headers })).json()
  assert.deepEqual(new Set(list.items.map((item: { apiHost: string }) => item.apiHost)), new Set(origins))
})
