import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '../../src/model/ids.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertXdrError } from './error-bodies.ts'

const runs = '/xdr-query/v1/queries/runs'

test('a minute and its burst, counted for one principal and tenant', async t => {
  const lake = await openTestApp(t, { callLimits: { perMinute: 3, burst: 2 } })
  const [tenant, other] = [await lake.tenant(), await lake.tenant()]
  const headers = await lake.headersFor(tenant.id)
  const status = async (of = headers) => (await lake.app.inject({ url: runs, headers: of })).statusCode
  const statuses = []
  for (let count = 0; count < 6; count += 1) statuses.push(await status())
  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429])
  assert.equal(await status(await lake.headersFor(tenant.id)), 200, 'another principal of the same tenant')
  assert.equal(await status(await lake.headersFor(other.id)), 200, 'another tenant')
})

test('the refusal says which window and until when, in whole seconds', async t => {
  const lake = await openTestApp(t, { callLimits: { perDay: 1 } })
  const headers = await lake.headersFor((await lake.tenant()).id)
  await lake.app.inject({ url: runs, headers })
  const refused = await lake.app.inject({ url: runs, headers })
  assertXdrError(refused, 429, 'TooManyRequests', /^too many calls: window 'day' allows 1, try again at 2026-02-04T/)
  const { details } = refused.json()
  assert.deepEqual(
    { ...details, until: '', retryAfterSeconds: 0 },
    { window: 'day', limit: 1, until: '', retryAfterSeconds: 0 },
  )
  assert.equal(refused.headers['retry-after'], String(details.retryAfterSeconds))
  assert.ok(details.retryAfterSeconds > 86_000 && details.retryAfterSeconds <= 86_400)
})

test('every window that is set is kept', async t => {
  for (const [window, name] of [
    ['perSecond', 'second'],
    ['perMinute', 'minute'],
    ['perHour', 'hour'],
  ] as const) {
    const lake = await openTestApp(t, { callLimits: { [window]: 1 } })
    const headers = await lake.headersFor((await lake.tenant()).id)
    await lake.app.inject({ url: '/whoami/v1', headers })
    const refused = await lake.app.inject({ url: '/whoami/v1', headers })
    assert.equal(refused.json().details?.window, name)
  }
})

test('started runs have windows of their own', async t => {
  const lake = await openTestApp(t, { callLimits: { runsPerMinute: 2 } })
  const headers = await lake.headersFor((await lake.tenant()).id)
  const post = (payload: string) => lake.app.inject({ method: 'POST', url: runs, headers, payload })
  await post('{"wrong": 1}')
  assert.equal((await post('SELECT 1')).statusCode, 201)
  assert.equal((await post('SELECT 1')).statusCode, 201)
  const refused = await post('SELECT 1')
  assertXdrError(refused, 429, 'TooManyRequests', /window 'runs-minute' allows 2/)
  assert.equal((await lake.app.inject({ url: runs, headers })).statusCode, 200)
  assert.equal(lake.queries.runs.length, 2)
})

test('pages of a finished run are free; asking too early, or for nothing, is not', async t => {
  const lake = await openTestApp(t, { callLimits: { perMinute: 3 } })
  const headers = await lake.headersFor((await lake.tenant()).id)
  const { id } = (await lake.app.inject({ method: 'POST', url: runs, headers, payload: 'SELECT 1' })).json()
  const results = async (runId: string) =>
    (await lake.app.inject({ url: `${runs}/${runId}/results`, headers })).statusCode
  lake.queries.set(id, { state: 'succeeded', finishedAt: lake.now })
  for (let count = 0; count < 20; count += 1) assert.equal(await results(id), 200)
  assert.equal(await results(newId()), 404)
  lake.queries.set(id, { state: 'running' })
  assert.equal(await results(id), 400)
  assert.equal(await results(id), 429)
  assert.equal(await results('nonsense'), 429)
})

test('ingest, the token service and the operator’s routes are not counted', async t => {
  const lake = await openTestApp(t, { callLimits: { perMinute: 1 } })
  const headers = await lake.headersFor((await lake.tenant()).id)
  const statuses = []
  for (let count = 0; count < 3; count += 1) {
    const ingest = { method: 'POST', url: '/lake/v1/ingest/osquery', headers, payload: '{}' } as const
    statuses.push((await lake.app.inject(ingest)).statusCode)
    statuses.push((await lake.app.inject({ url: '/livez' })).statusCode)
    await lake.headersFor(newId())
  }
  assert.deepEqual(statuses, Array(6).fill(200))
})

test('refused callers are not counted against the tenant they asked for', async t => {
  const lake = await openTestApp(t, { callLimits: { perMinute: 1 } })
  const tenant = await lake.tenant()
  const headers = await lake.headersFor(tenant.id)
  const foreign = await lake.headersFor((await lake.tenant()).id)
  for (let count = 0; count < 5; count += 1) {
    const answer = await lake.app.inject({ url: runs, headers: { ...foreign, 'x-tenant-id': tenant.id } })
    assert.equal(answer.statusCode, 403)
  }
  assert.equal((await lake.app.inject({ url: runs, headers })).statusCode, 200)
})

test('a partner’s walk over 300 tenants, five calls each, meets no 429 with the defaults', async t => {
  const lake = await openTestApp(t, { callLimits: { perMinute: 100, burst: 200, perDay: 200_000 } })
  const partnerId = newId()
  const token = await lake.token(await lake.principal({ accountType: 'partner', accountId: partnerId }))
  const authorization = `Bearer ${token}`
  for (let count = 0; count < 300; count += 1) await lake.tenant({ partnerId })
  const statuses = new Set<number>()
  const get = async (url: string, headers: Record<string, string>) => {
    const answer = await lake.app.inject({ url, headers: { authorization, ...headers } })
    statuses.add(answer.statusCode)
    return answer.json()
  }
  for (const page of [1, 2, 3]) {
    const { items } = await get(`/partner/v1/tenants?page=${page}&pageSize=100`, { 'x-partner-id': partnerId })
    assert.equal(items.length, 100)
    for (const { id } of items) {
      for (let call = 0; call < 5; call += 1) await get(`${runs}?pageSize=1`, { 'x-tenant-id': id })
    }
  }
  assert.deepEqual([...statuses], [200])
})
