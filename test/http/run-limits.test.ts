import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { newId } from '../../src/model/ids.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertProblem } from './error-bodies.ts'

// Limits of one run, limits of a tenant's runs, and runs that are kept.

async function open(context: TestContext) {
  const lake = await openTestApp(context)
  const tenant = await lake.tenant()
  const headers = await lake.headersFor(tenant.id)
  const call = (method: 'GET' | 'POST' | 'PUT', url: string, body?: unknown, own: Record<string, string> = headers) =>
    lake.app.inject({
      ...{ method, url, headers: own },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  return { lake, tenant, call }
}

const runsUrl = '/xdr-query/v1/queries/runs'
const adHocQuery = { template: 'SELECT 1 AS n' }

test('a run takes limits and a time to be kept until', async t => {
  const { lake, call } = await open(t)
  const limits = { rows: 10, bytes: 4096, seconds: 30, memoryBytes: 100_000_000, tempBytes: 2_000_000, odd: 1 }
  const made = await call('POST', runsUrl, { adHocQuery, limits, keepUntil: '2026-02-20T00:00:00Z' })
  assert.equal(made.statusCode, 201, made.body)
  const { request } = lake.queries.started[0]!
  assert.deepEqual(request.limits, {
    ...{ rows: 10, bytes: 4096, timeoutMs: 30_000, memoryBytes: 100_000_000, tempBytes: 2_000_000 },
  })
  assert.equal(request.keepUntil, Date.UTC(2026, 1, 20))
  lake.queries.set(made.json().id, { limits: { rows: 10, timeoutMs: 30_000 } })
  assert.deepEqual((await call('GET', `${runsUrl}/${made.json().id}`)).json().limits, { rows: 10, seconds: 30 })
  const plain = await call('POST', runsUrl, { adHocQuery, limits: null, keepUntil: null })
  assert.equal(plain.statusCode, 201)
  assert.equal('limits' in plain.json(), false)
})

test('limits that are none are refused by name', async t => {
  const { call } = await open(t)
  for (const limits of [
    { rows: 0 },
    { rows: 1.5 },
    { bytes: 100 },
    { seconds: '5' },
    { memoryBytes: 1 },
    'none',
    [1],
  ]) {
    const answer = await call('POST', runsUrl, { adHocQuery, limits })
    assert.equal(answer.statusCode, 400, JSON.stringify(limits))
    assert.match(answer.json().message, /limits/)
  }
  const answer = await call('POST', runsUrl, { adHocQuery, keepUntil: 'for ever' })
  assert.equal(answer.statusCode, 400)
  assert.equal(answer.json().message, 'keepUntil is "for ever": a UTC timestamp like 2026-02-03T04:05:06Z is needed')
})

test("a Super Admin sets what a tenant's runs get", async t => {
  const { lake, tenant, call } = await open(t)
  const url = `/lake/v1/tenants/${tenant.id}/run-limits`
  assert.deepEqual((await call('GET', url)).json(), {})
  const set = await call('PUT', url, { rows: 500, seconds: 60, odd: true })
  assert.equal(set.statusCode, 200, set.body)
  assert.deepEqual(set.json(), { rows: 500, seconds: 60 })
  assert.deepEqual((await call('GET', url)).json(), { rows: 500, seconds: 60 })
  assert.deepEqual((await call('PUT', url, { bytes: 2048 })).json(), { bytes: 2048 })
  const [entry] = lake.audit.entries
  assert.deepEqual(
    { action: entry?.action, target: entry?.target, details: entry?.details },
    { action: 'tenants.run-limits', target: tenant.id, details: { rows: 500, seconds: 60 } },
  )
  assertProblem(await call('PUT', url, { rows: 1001 }), 400, 'invalid_argument', 'limits.rows is 1001: at most 1000')
  assertProblem(await call('PUT', url, { rows: 'x' }), 400, 'invalid_argument', /rows/)
  assertProblem(await call('PUT', url, '{'), 400, 'invalid_argument', /JSON/)
  assertProblem(
    await call('PUT', `/lake/v1/tenants/${newId()}/run-limits`, {}),
    404,
    'not_found',
    'there is no such tenant',
  )
  const other = await lake.tenant()
  assertProblem(
    await call('GET', `/lake/v1/tenants/${other.id}/run-limits`),
    404,
    'not_found',
    'there is no such tenant',
  )
  const analyst = await lake.headersFor(tenant.id, 'forensics')
  assert.equal((await call('PUT', url, {}, analyst)).statusCode, 403)
  assert.equal((await call('GET', url, undefined, {})).statusCode, 401)
})

test('a run is kept until a time', async t => {
  const { lake, call } = await open(t)
  const made = (await call('POST', runsUrl, { adHocQuery })).json()
  const url = `/lake/v1/runs/${made.id}/keep`
  const kept = await call('PUT', url, { until: '2026-02-20T00:00:00.000Z' })
  assert.equal(kept.statusCode, 200, kept.body)
  assert.equal(kept.json().expiresAt, '2026-02-20T00:00:00.000Z')
  assert.deepEqual(
    lake.audit.entries.slice(1).map(({ action, target, details }) => ({ action, target, details })),
    [{ action: 'runs.keep', target: made.id, details: { until: '2026-02-20T00:00:00.000Z' } }],
  )
  assertProblem(await call('PUT', url, { until: 'tomorrow' }), 400, 'invalid_argument', /until is "tomorrow"/)
  assertProblem(await call('PUT', url, {}), 400, 'invalid_argument', /until/)
  assertProblem(
    await call('PUT', `/lake/v1/runs/${newId()}/keep`, { until: '2026-02-20T00:00:00Z' }),
    404,
    'not_found',
    /no run/,
  )
  const reader = await lake.headersFor((await lake.tenant()).id, 'readOnly')
  assert.equal((await call('PUT', url, { until: '2026-02-20T00:00:00Z' }, reader)).statusCode, 403)
  const stranger = await lake.headersFor((await lake.tenant()).id)
  assertProblem(await call('PUT', url, { until: '2026-02-20T00:00:00Z' }, stranger), 404, 'not_found', /no run/)
})
