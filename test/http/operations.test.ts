import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestApp } from '../support/test-app.ts'
import { assertProblem } from './error-bodies.ts'

test('alive, and which version', async t => {
  const { app } = await openTestApp(t)
  assert.deepEqual((await app.inject({ url: '/livez' })).json(), { status: 'alive' })
  assert.deepEqual((await app.inject({ url: '/version' })).json(), { name: 'edr-lake', version: '1.2.3' })
})

test('ready names every part, and is 503 while one is not', async t => {
  const { app, health } = await openTestApp(t)
  health.push({ name: 'disk', isOk: true })
  const ready = await app.inject({ url: '/readyz' })
  assert.equal(ready.statusCode, 200)
  assert.deepEqual(ready.json(), { status: 'ready', checks: { store: { ok: true }, disk: { ok: true } } })
  health[1] = { name: 'disk', isOk: false, detail: '100 MB left' }
  const unready = await app.inject({ url: '/readyz' })
  assert.equal(unready.statusCode, 503)
  assert.deepEqual(unready.json(), {
    status: 'not ready',
    checks: { store: { ok: true }, disk: { ok: false, detail: '100 MB left' } },
  })
})

test('metrics are measured by route, never by URL', async t => {
  const lake = await openTestApp(t)
  const headers = await lake.headersFor((await lake.tenant()).id)
  await lake.app.inject({ url: '/xdr-query/v1/queries/runs/7?secret=1', headers })
  const { body } = await lake.app.inject({ url: '/metrics' })
  const labels = 'method="GET",route="/xdr-query/v1/queries/runs/:runId",status="404"'
  assert.ok(body.includes(`edr_lake_http_request_seconds_count{${labels}} 1`), body)
  assert.equal(body.includes('secret'), false)
})

test('metrics are for this machine and for the bearer of the token', async t => {
  const { app } = await openTestApp(t, { metricsToken: 'letmein' })
  const status = async (remoteAddress: string, headers: Record<string, string> = {}) =>
    (await app.inject({ url: '/metrics', remoteAddress, headers })).statusCode
  assert.equal(await status('127.0.0.1'), 200)
  assert.equal(await status('::1'), 200)
  assert.equal(await status('::ffff:127.0.0.1'), 200)
  assert.equal(await status('192.0.2.1'), 403)
  assert.equal(await status('192.0.2.1', { authorization: 'Bearer letmein' }), 200)
  assert.equal(await status('192.0.2.1', { authorization: 'Bearer letmeinn' }), 403)
  assert.equal(await status('127.0.0.1', { 'x-forwarded-for': '192.0.2.1' }), 403)
  const refused = await app.inject({ url: '/metrics', remoteAddress: '192.0.2.1' })
  assertProblem(refused, 403, 'permission_denied')
})

test('without a token set, no token opens the metrics', async t => {
  const { app } = await openTestApp(t)
  const answer = await app.inject({
    url: '/metrics',
    remoteAddress: '192.0.2.1',
    headers: { authorization: 'Bearer undefined' },
  })
  assertProblem(answer, 403, 'permission_denied')
})
