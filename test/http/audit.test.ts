import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listIntents } from '../../src/db/audit-intents.ts'
import type { AuditEntry } from '../../src/model/audit.ts'
import { newId } from '../../src/model/ids.ts'
import { openTestApp } from '../support/test-app.ts'

test('every route that changes something, starts a run or gives a result away names itself for the audit log', async t => {
  const { app } = await openTestApp(t)
  await app.ready()
  const silent = [
    // Rows in are counted and reported elsewhere, and these only ask.
    ...['/lake/v1/ingest/osquery', '/lake/v1/ingest/tables/:table', '/lake/v1/ingest/imports', '/lake/v1/sql/validate'],
    ...['/lake/v1/configurations/:label/validate', '/lake/v1/configurations/convert'],
  ]
  // What agents and shippers send comes all the time; enrolments name themselves where they happen.
  const isStream = (url: string, kind: string | undefined) => kind === 'agent' || url.startsWith('/services/collector')
  for (const { methods, url, access, audit } of app.routeList) {
    if (access?.kind === 'public' || silent.includes(url) || isStream(url, access?.kind)) continue
    const isChange = methods.some(method => !['GET', 'HEAD', 'OPTIONS'].includes(method))
    const isExport = url.endsWith('/export')
    assert.equal(audit !== undefined, isChange || isExport, `${methods} ${url}`)
  }
})

test('a run is kept with its text, who started it and from where, before the answer', async t => {
  const lake = await openTestApp(t)
  const tenant = await lake.tenant()
  const headers = await lake.headersFor(tenant.id)
  const payload = JSON.stringify({ adHocQuery: { template: 'SELECT 1 AS one', name: 'n' }, from: '2026-02-01' })
  const answer = await lake.app.inject({ method: 'POST', url: '/xdr-query/v1/queries/runs', headers, payload })
  const [{ actor, ...entry } = { actor: undefined }] = lake.audit.entries
  assert.deepEqual(entry, {
    ...{ at: lake.now, action: 'runs.start', outcome: 'done', address: '127.0.0.1', tenantId: tenant.id },
    ...{ requestId: answer.headers['x-request-id'], target: answer.json().id, sql: 'SELECT 1 AS one' },
    details: { name: 'n', from: '2026-02-01T00:00:00.000Z', to: answer.json().to.replace('.628Z', '.629Z') },
  })
  assert.deepEqual(actor, { ...actor, accountType: 'tenant', accountId: tenant.id, role: 'superAdmin' })
  await lake.app.inject({ method: 'POST', url: `/xdr-query/v1/queries/runs/${answer.json().id}/cancel`, headers })
  assert.deepEqual(
    lake.audit.entries.map(({ action, target }) => [action, target]),
    [
      ['runs.start', answer.json().id],
      ['runs.cancel', answer.json().id],
    ],
  )
})

test('no secret is in the log, whatever is managed', async t => {
  const lake = await openTestApp(t)
  const tenant = await lake.tenant()
  const headers = await lake.headersFor(tenant.id)
  const post = async (url: string, body: object) =>
    (await lake.app.inject({ method: 'POST', url, headers, payload: JSON.stringify(body) })).json()
  const made = await post('/lake/v1/principals', { name: 'p', role: 'readOnly' })
  const secrets = [
    made.clientSecret,
    (await post(`/lake/v1/principals/${made.id}/rotate`, {})).clientSecret,
    (await post('/lake/v1/enroll-secrets', { name: 'e' })).secret,
    (await post('/lake/v1/ingest-tokens', { name: 'i' })).token,
    headers['authorization']?.slice('Bearer '.length),
  ]
  const text = JSON.stringify(lake.audit.entries)
  assert.equal(lake.audit.entries.length, 4)
  for (const secret of secrets) {
    assert.ok(secret && secret.length > 20)
    assert.equal(text.includes(secret), false)
  }
})

test("refused calls are counted in the caller's own log, never in the one it asked for", async t => {
  const lake = await openTestApp(t)
  const [own, foreign] = [await lake.tenant(), await lake.tenant()]
  const headers = await lake.headersFor(own.id, 'readOnly')
  const post = (more: Record<string, string> = {}, payload = 'SELECT 1') =>
    lake.app.inject({ method: 'POST', url: '/xdr-query/v1/queries/runs', headers: { ...headers, ...more }, payload })
  await post()
  await post({ 'x-tenant-id': foreign.id })
  await lake.app.inject({ url: `/xdr-query/v1/queries/runs/${newId()}`, headers })
  await lake.app.inject({ url: '/xdr-query/v1/queries/runs', headers: { authorization: 'Bearer x' } })
  await lake.app.inject({ url: '/xdr-query/v1/queries/runs?page=0', headers })
  assert.deepEqual(
    lake.audit.refusals.map(({ tenantId, action, details }) => [tenantId, action, details?.['code']]),
    [
      [own.id, 'runs.start', 'permission_denied'],
      [own.id, 'runs.start', 'permission_denied'],
      [own.id, 'GET /xdr-query/v1/queries/runs/:runId', 'not_found'],
    ],
  )
  const analyst = await lake.headersFor(own.id, 'forensics')
  await post(analyst, '{"adHocQuery":{}}')
  assert.deepEqual(lake.audit.refusals.at(-1)?.details, { code: 'invalid_argument' })
  assert.deepEqual(lake.audit.entries, [])
})

test('failed logins of a known client are counted, those of an unknown one are nobody’s', async t => {
  const lake = await openTestApp(t)
  const tenant = await lake.tenant()
  const { clientId, principalId } = await lake.principal({ accountId: tenant.id })
  const login = (id: string) =>
    lake.app.inject({
      ...{ method: 'POST', url: '/api/v2/oauth2/token' },
      payload: `grant_type=client_credentials&client_id=${id}&client_secret=wrong`,
    })
  await login(clientId)
  await login(newId())
  assert.deepEqual(
    lake.audit.refusals.map(({ tenantId, action, actor }) => [tenantId, action, actor?.principalId]),
    [[tenant.id, 'tokens.issue', principalId]],
  )
})

test('what is about to be done is kept until it is known what became of it', async t => {
  const lake = await openTestApp(t)
  const tenant = await lake.tenant()
  const headers = await lake.headersFor(tenant.id)
  const url = `/lake/v1/tenants/${tenant.id}`
  const patch = (body: object) => lake.app.inject({ method: 'PATCH', url, headers, payload: JSON.stringify(body) })
  const intents = async () => (await listIntents(lake.store, 10)).map(({ entry }) => entry)
  // What the store holds while the handler works: a change that fails half way would leave this behind.
  const seen: unknown[] = []
  const { record } = lake.audit
  lake.audit.record = async entry => {
    seen.push(...(await intents()))
    return record(entry)
  }
  assert.equal((await patch({ retentionDays: 9 })).statusCode, 200)
  const [{ requestId, actor, ...intent }] = seen as [AuditEntry]
  assert.deepEqual(intent, {
    ...{ at: lake.now, action: 'tenants.change', outcome: 'interrupted', address: '127.0.0.1', tenantId: tenant.id },
    ...{ target: tenant.id, details: { method: 'PATCH', url } },
  })
  assert.equal(actor?.accountId, tenant.id)
  assert.equal(requestId, lake.audit.entries[0]?.requestId)
  assert.deepEqual(await intents(), [])
  assert.equal((await patch({ retentionDays: -1 })).statusCode, 400)
  assert.deepEqual(await intents(), [], 'a refused change leaves none')
  lake.audit.record = async () => {
    throw new Error('disk full')
  }
  assert.equal((await patch({ retentionDays: 8 })).statusCode, 200)
  assert.deepEqual(
    (await intents()).map(({ action }) => action),
    ['tenants.change'],
    'it is told of at the next start',
  )
})
