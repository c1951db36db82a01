// The tolerance rules of the wire contract, by their numbers: each stands for a habit of a program that exists. Over a
// socket, because some habits are about what is not in a request.

import assert from 'node:assert/strict'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { putSavedQuery } from '../../src/db/saved-queries.ts'
import { newId } from '../../src/model/ids.ts'
import { openTestApp } from '../support/test-app.ts'

const runs = '/xdr-query/v1/queries/runs'
const uuidV4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  // Bodies are what the tests are about: any shape may come.
  readonly body: ReturnType<typeof JSON.parse>
}

async function openServer(context: TestContext, settings: object = {}) {
  const lake = await openTestApp(context, settings)
  const tenant = await lake.tenant()
  const credentials = await lake.principal({ accountId: tenant.id })
  const headers = { authorization: `Bearer ${await lake.token(credentials)}`, 'x-tenant-id': tenant.id }
  await lake.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = lake.app.server.address() as AddressInfo
  /** Sends exactly these headers: no content type unless given. */
  const call = (method: string, path: string, body?: string, own: Record<string, string> = headers): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
      const request = httpRequest({ port, host: '127.0.0.1', method, path, headers: { ...length, ...own } })
      request.on('error', reject)
      request.on('response', async response => {
        const received = await text(response)
        assert.match(String(response.headers['content-type']), /^application\/json/, `${method} ${path}`)
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(received) })
      })
      request.end(body)
    })
  const start = (members: object = {}, extra: object = {}) =>
    call('POST', runs, JSON.stringify({ adHocQuery: { template: 'SELECT 1', ...members }, ...extra }))
  const finish = (id: string, rowCount: number) => {
    lake.queries.set(id, { state: 'succeeded', finishedAt: lake.now })
    lake.queries.rows = Array.from({ length: rowCount }, (_, n) => ({ n, script_path: null }))
  }
  return { lake, tenant, credentials, headers, call, start, finish }
}

test('T1 to T4: the token service takes every way and answers in seven or three keys', async t => {
  const { credentials, call } = await openServer(t)
  const { clientId, clientSecret } = credentials
  assert.match(`${clientId}${clientSecret}`, /^[0-9a-f-]+$/)
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const pairs = [
    'grant_type=client_credentials',
    `client_id=${clientId}`,
    `client_secret=${clientSecret}`,
    'scope=token',
  ]
  const path = '/api/v2/oauth2/token'
  const json = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret, scope: 'token' }
  const answers = [
    await call('POST', path, pairs.join('&'), form),
    await call('POST', path, pairs.toReversed().join('&'), form),
    await call('POST', path, pairs.join('&'), {}),
    await call('POST', path, JSON.stringify(json), { 'content-type': 'application/json' }),
    await call('POST', path, `${pairs[0]}&${pairs[3]}`, { ...form, authorization: `Basic ${basic}` }),
  ]
  const keys = ['access_token', 'errorCode', 'expires_in', 'message', 'refresh_token', 'token_type', 'trackingId']
  for (const { status, body } of answers) {
    assert.equal(status, 200)
    assert.deepEqual(Object.keys(body).sort(), keys)
    assert.deepEqual([body.errorCode, body.expires_in], ['success', 3600])
  }
  const refused = await call('POST', path, pairs.join('&').replace(clientSecret, 'x'), form)
  assert.deepEqual(Object.keys(refused.body).sort(), ['errorCode', 'message', 'trackingId'])
})

test('T5, T6: no host ends with a slash, and only tenants have a region', async t => {
  const { lake, call, headers } = await openServer(t)
  const { apiHosts } = (await call('GET', '/whoami/v1')).body
  assert.match(apiHosts.global, /^http:\/\/127\.0\.0\.1:\d+$/)
  assert.equal(apiHosts.dataRegion, apiHosts.global)
  const partnerId = newId()
  await lake.tenant({ partnerId })
  const token = await lake.token(await lake.principal({ accountType: 'partner', accountId: partnerId }))
  const own = { ...headers, authorization: `Bearer ${token}`, 'x-partner-id': partnerId }
  assert.deepEqual(Object.keys((await call('GET', '/whoami/v1', undefined, own)).body.apiHosts), ['global'])
  const { items } = (await call('GET', '/partner/v1/tenants', undefined, own)).body
  assert.equal(items[0].apiHost, apiHosts.global)
})

test('T7: a slash at the end of any route changes nothing', async t => {
  const { call, start } = await openServer(t)
  const { id } = (await start()).body
  for (const path of [
    '/whoami/v1/',
    '/xdr-query/v1/queries/',
    `${runs}/`,
    '/xdr-query/v1/queries/categories/',
    `${runs}/${id}/`,
  ]) {
    assert.equal((await call('GET', path)).status, 200, path)
  }
  assert.equal((await call('POST', `${runs}/`, '{"adHocQuery":{"template":"SELECT 1"}}')).status, 201)
  assert.equal((await call('POST', `${runs}/${id}/cancel/`, '{}')).status, 200)
})

test('T8: booleans in any case, unknown and nameless parameters', async t => {
  const { call } = await openServer(t)
  for (const word of ['true', 'True', 'TRUE']) {
    assert.equal((await call('GET', `${runs}?pageTotal=${word}`)).body.pages.total, 0)
  }
  for (const query of ['?pageTotal=False', '?maxSize=1000', '?&abc', '?=x', '?&', '?pageSize=50&nonsense[]=1']) {
    const { status, body } = await call('GET', runs + query)
    assert.equal(status, 200, query)
    assert.equal('total' in body.pages, false)
  }
})

test('T9: JSON without a content type, and with odd ones', async t => {
  const { call, headers } = await openServer(t)
  const body = '{"adHocQuery":{"template":"SELECT 1"}}'
  assert.equal((await call('POST', runs, body)).status, 201)
  for (const type of ['application/json; charset=utf-8', 'text/plain', 'application/x-www-form-urlencoded']) {
    assert.equal((await call('POST', runs, body, { ...headers, 'content-type': type })).status, 201, type)
  }
  assert.equal(
    (await call('GET', '/whoami/v1', undefined, { ...headers, 'content-type': 'application/json' })).status,
    200,
  )
})

test('T10: null, empty lists, an empty category and an empty cancel body', async t => {
  const { lake, tenant, call, start } = await openServer(t)
  assert.equal((await start({}, { variables: null })).status, 201)
  assert.equal((await start({}, { variables: [] })).status, 201)
  const queryId = newId()
  await putSavedQuery(lake.store, {
    id: queryId,
    type: 'custom',
    tenantId: tenant.id,
    name: 'q',
    code: undefined,
    description: '',
    template: "SELECT '$$a b.c$$'",
    variables: [{ name: 'a b.c', dataType: 'text', pivotType: 'filePath', value: 'x' }],
    categoryIds: [],
    createdAt: 1,
    updatedAt: 1,
  })
  const saved = JSON.stringify({ savedQuery: { queryId, categoryId: '' }, variables: null })
  const run = await call('POST', runs, saved)
  assert.equal(run.status, 201)
  assert.equal('category' in run.body, false)
  for (const body of [undefined, '', '{}', 'null']) {
    const { id } = (await start()).body
    assert.deepEqual((await call('POST', `${runs}/${id}/cancel`, body)).body, { canceled: true })
  }
  // T12 and T28: what the list shows can be posted back as it is.
  const [item] = (await call('GET', '/xdr-query/v1/queries')).body.items
  assert.equal(item.description, '')
  const again = await call('POST', runs, JSON.stringify({ savedQuery: { queryId }, variables: item.variables }))
  assert.deepEqual([again.status, again.body.variables], [201, item.variables])
})

test('T11: unknown members of a body', async t => {
  const { lake, start } = await openServer(t)
  assert.equal((await start({ variables: [{ odd: 1 }], zoom: true }, { name: 'beside', extra: {} })).status, 201)
  assert.equal(lake.queries.started[0]?.request.variables, undefined)
})

test('T13: every form of a date', async t => {
  const { start } = await openServer(t)
  const forms = ['2026-02-01T12:02:01Z', '2026-02-01T12:02:01.7Z', '2026-02-01T12:02:01.123456+00:00']
  for (const from of [...forms, '2026-02-01t12:02:01Z', '2026-02-01', '-P7D', 'P7D', '-PT12H', 'PT12H']) {
    const { status, body } = await start({}, { from })
    assert.equal(status, 201, from)
    assert.match(body.from, instant)
  }
})

test('T14: thirty days and a little', async t => {
  const { start } = await openServer(t, { querySpanMsMax: 30 * 86_400_000 })
  assert.equal((await start({}, { from: '2026-01-04T08:14:00.5Z' })).status, 201)
  assert.equal((await start({}, { from: '2026-01-01', to: '2026-01-31' })).status, 201)
  assert.equal((await start({}, { from: '2025-12-01' })).status, 400)
})

test('T15 to T17: started and working is pending, with from and to, even when it has ended at once', async t => {
  const { lake, call, start } = await openServer(t)
  const startAsIs = lake.queries.start
  lake.queries.start = async (caller, request) => {
    const run = await startAsIs(caller, request)
    lake.queries.set(run.id, { state: 'succeeded', finishedAt: lake.now })
    return lake.queries.get(run.tenantId, run.id)
  }
  const { status, body } = await start()
  assert.deepEqual([status, body.status, body.result, body.finishedAt], [201, 'pending', 'notAvailable', undefined])
  lake.queries.set(body.id, { state: 'running', finishedAt: undefined })
  const polled = (await call('GET', `${runs}/${body.id}`)).body
  assert.deepEqual([polled.status, polled.result], ['pending', 'notAvailable'])
  for (const value of [polled.from, polled.to, polled.createdAt, polled.expiresAt]) assert.match(value, instant)
})

test('T18 to T22, T31, T33: pages of a result', async t => {
  const { call, start, finish } = await openServer(t)
  const { id } = (await start()).body
  finish(id, 500)
  const page = async (query: string) => (await call('GET', `${runs}/${id}/results${query}`)).body
  const first = await page('?pageSize=250')
  assert.deepEqual(first.pages, { nextKey: 'AAAA-g', size: 250, maxSize: 2000, total: 2, items: 500 })
  const last = await page('?pageSize=250&pageFromKey=AAAA-g')
  assert.deepEqual(last.pages, { fromKey: 'AAAA-g', size: 250, maxSize: 2000, total: 2, items: 500 })
  for (const key of ['AAAA+g==', 'AAAA%20g==', 'AAAA%2Bg%3D%3D']) {
    assert.deepEqual(await page(`?pageSize=250&pageFromKey=${key}`), last, key)
  }
  assert.equal((await page('?pageTotal=true&page=2')).items[0].n, 50)
  assert.deepEqual((await page('?pageSize=100000')).pages, { size: 2000, maxSize: 2000, total: 1, items: 500 })
  assert.deepEqual(first.items[0], { n: 0, script_path: null })
  const list = (await call('GET', `${runs}?pageSize=5000`)).body.pages
  assert.deepEqual(list, { current: 1, size: 100, maxSize: 100 })
})

test('T23 to T25: too early is 400, and every error is JSON with the same keys', async t => {
  const { call, start, headers } = await openServer(t)
  const { id } = (await start()).body
  const answers = [
    [await call('GET', `${runs}/${id}/results`), 400],
    [await call('GET', `${runs}/${newId()}`), 404],
    [await call('GET', '/nothing'), 404],
    [await call('PATCH', runs, '{}'), 405],
    [await call('GET', '/whoami/v1', undefined, {}), 401],
    [await call('GET', runs, undefined, { ...headers, 'x-tenant-id': newId() }), 403],
    [await call('POST', runs, '{'), 400],
    [await call('POST', runs, 'x'.repeat(2_000_000)), 413],
    [await call('GET', '/%zz'), 400],
  ] as const
  for (const [{ status, body }, expected] of answers) {
    assert.equal(status, expected)
    assert.equal(typeof body.error, 'string')
    assert.equal(typeof body.message, 'string')
    assert.match(body.requestId, uuidV4)
    assert.equal(body.code, String(expected))
  }
})

test('T26: DELETE cancels', async t => {
  const { call, start } = await openServer(t)
  const { id } = (await start()).body
  assert.deepEqual((await call('DELETE', `${runs}/${id}`)).body, { canceled: true })
  assert.equal((await call('GET', `${runs}/${id}`)).body.result, 'canceled')
})

test('T27: Retry-After is whole seconds', async t => {
  const { call } = await openServer(t, { callLimits: { perMinute: 1 } })
  await call('GET', '/whoami/v1')
  const refused = await call('GET', '/whoami/v1')
  assert.equal(refused.status, 429)
  assert.match(String(refused.headers['retry-after']), /^[1-9]\d?$/)
})

test('T29: every id we make is a version-4 UUID', async t => {
  const { credentials, start, tenant } = await openServer(t)
  const { body } = await start()
  for (const id of [body.id, body.createdBy.id, credentials.clientId, tenant.id]) assert.match(id, uuidV4)
})

test('T30: nothing waits for a run to end unless it is asked to', async t => {
  const { call, start } = await openServer(t)
  const startedAt = performance.now()
  const { body } = await start()
  assert.equal((await call('GET', `${runs}/${body.id}`)).body.status, 'pending')
  assert.equal((await call('GET', runs)).status, 200)
  assert.equal((await call('GET', `${runs}/${body.id}/results`)).status, 400)
  assert.equal((await call('POST', `${runs}/${body.id}/cancel`, '{}')).status, 200)
  assert.ok(performance.now() - startedAt < 30_000)
})
