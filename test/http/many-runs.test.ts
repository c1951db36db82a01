import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { disablePrincipal } from '../../src/db/principals.ts'
import { setTenantStatus } from '../../src/db/tenants.ts'
import { AppError } from '../../src/model/errors.ts'
import { newId } from '../../src/model/ids.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertProblem } from './error-bodies.ts'

const url = '/lake/v1/queries/runs'
const adHocQuery = { template: 'SELECT n FROM xdr_data', name: 'many' }

async function openPartner(context: TestContext, tenantCount: number) {
  const lake = await openTestApp(context)
  const partnerId = newId()
  const tenants = []
  for (let number = 0; number < tenantCount; number += 1) {
    tenants.push(await lake.tenant({ partnerId, name: `tenant ${number}`, createdAt: lake.now + number }))
  }
  const principal = await lake.principal({ accountType: 'partner', accountId: partnerId, role: 'forensics' })
  const headers = { authorization: `Bearer ${await lake.token(principal)}` }
  const post = (body: unknown, path = url, own: Record<string, string> = headers) =>
    lake.app.inject({ method: 'POST', url: path, headers: own, payload: JSON.stringify(body) })
  const get = (path: string, own: Record<string, string> = headers) => lake.app.inject({ url: path, headers: own })
  return { lake, partnerId, tenants, principal, headers, post, get }
}

test('a run over all tenants starts a few at a time and ends with every row once, with whose it is', async t => {
  const { lake, tenants, post, get } = await openPartner(t, 300)
  const started = await post({ tenants: 'all', adHocQuery, from: '2026-02-01', to: '2026-02-02' })
  assert.equal(started.statusCode, 201, started.body)
  const { id, tenants: parts, ...head } = started.json()
  assert.deepEqual(head, {
    name: 'many',
    createdAt: '2026-02-03T08:14:55.628Z',
    expiresAt: '2026-02-03T10:14:55.628Z',
    status: 'pending',
    result: 'notAvailable',
    counts: { tenants: 300, waiting: 300 },
  })
  assert.deepEqual(
    parts.map((part: { name: string }) => part.name),
    tenants.map(tenant => tenant.name),
  )
  assertProblem(await get(`${url}/${id}/results`), 400, 'invalid_argument')
  lake.queries.rows = [{ n: 1 }, { n: 2 }]
  let underWayMax = 0
  for (let pass = 0; pass < 100; pass += 1) {
    const isBusy = await lake.manyRuns.step()
    const live = lake.queries.runs.filter(run => run.state === 'queued')
    underWayMax = Math.max(underWayMax, live.length)
    for (const run of live) lake.queries.set(run.id, { state: 'succeeded', rowCount: 2, finishedAt: lake.now })
    if (!isBusy) break
  }
  assert.equal(underWayMax, 8)
  const done = (await get(`${url}/${id}`)).json()
  assert.deepEqual([done.status, done.result, done.rowCount], ['finished', 'succeeded', 600])
  assert.deepEqual(done.counts, { tenants: 300, succeeded: 300 })
  assert.deepEqual(new Set(lake.queries.runs.map(run => run.tenantId)).size, 300)
  const { template, window } = lake.queries.started[0]!.request
  assert.deepEqual([template, window], [adHocQuery.template, { start: 1769904000000, end: 1770076800000 }])

  const rows: object[] = []
  let path = `${url}/${id}/results?pageSize=7`
  for (let pages = 0; pages < 200; pages += 1) {
    const page = (await get(path)).json()
    assert.equal(page.pages.items, 600)
    rows.push(...page.items)
    if (page.pages.nextKey === undefined) break
    path = `${url}/${id}/results?pageSize=7&pageFromKey=${page.pages.nextKey}`
  }
  const expected = tenants.flatMap(({ id: tenant_id, name: tenant_name }) =>
    [1, 2].map(n => ({ tenant_id, tenant_name, n })),
  )
  assert.deepEqual(rows, expected)
  assert.equal(lake.audit.entries.filter(entry => entry.action === 'runs.start').length, 300)
  assert.deepEqual(new Set(lake.audit.entries.map(entry => entry.sql)), new Set([adHocQuery.template]))
})

test('a part that fails, is refused or was closed meanwhile is said, the others have their rows', async t => {
  const { lake, tenants, post, get } = await openPartner(t, 4)
  const { id } = (await post({ tenants: tenants.map(tenant => tenant.id.toUpperCase()), adHocQuery })).json()
  await setTenantStatus(lake.store, tenants[1]!.id, 'suspended')
  const { start } = lake.queries
  lake.queries.start = async (caller, ...rest) => {
    if (caller.tenantId === tenants[2]!.id) throw new AppError('invalid_argument', 'there is no table x')
    return start(caller, ...rest)
  }
  await lake.manyRuns.step()
  const [first, fourth] = lake.queries.runs
  lake.queries.set(first!.id, { state: 'succeeded', rowCount: 1 })
  lake.queries.set(fourth!.id, { state: 'failed', error: { code: 'internal', message: 'out of memory' } })
  lake.queries.rows = [{ n: 1 }]
  assert.equal(await lake.manyRuns.step(), false)
  const { tenants: parts, ...run } = (await get(`${url}/${id}`)).json()
  assert.deepEqual([run.status, run.result, run.rowCount], ['finished', 'partial', 1])
  assert.deepEqual(run.counts, { tenants: 4, succeeded: 1, refused: 2, failed: 1 })
  assert.deepEqual(
    parts.map((part: { result: string; error?: { message: string } }) => [part.result, part.error?.message]),
    [
      ['succeeded', undefined],
      ['refused', 'not your tenant, partner or organization'],
      ['refused', 'there is no table x'],
      ['failed', 'out of memory'],
    ],
  )
  assert.deepEqual((await get(`${url}/${id}/results`)).json().items.length, 1)
})

test('rows of a tenant that is closed or gone since are not given any more', async t => {
  const { lake, tenants, post, get } = await openPartner(t, 3)
  const { id } = (await post({ tenants: 'all', adHocQuery })).json()
  await lake.manyRuns.step()
  for (const run of lake.queries.runs) lake.queries.set(run.id, { state: 'succeeded', rowCount: 1 })
  lake.queries.rows = [{ n: 1 }]
  assert.equal(await lake.manyRuns.step(), false)
  const owners = async () =>
    (await get(`${url}/${id}/results`)).json().items.map((row: { tenant_id: string }) => row.tenant_id)
  assert.deepEqual(
    await owners(),
    tenants.map(tenant => tenant.id),
  )
  await setTenantStatus(lake.store, tenants[0]!.id, 'suspended')
  await lake.store.updateTable('tenants').set({ partner_id: newId() }).where('id', '=', tenants[1]!.id).execute()
  assert.deepEqual(await owners(), [tenants[2]!.id])
  const { tenants: parts, ...run } = (await get(`${url}/${id}`)).json()
  assert.deepEqual([run.result, run.rowCount, run.counts], ['partial', 1, { tenants: 3, refused: 2, succeeded: 1 }])
  const message = 'not your tenant, partner or organization'
  assert.deepEqual(parts[1], {
    ...{ id: tenants[1]!.id, name: tenants[1]!.name, status: 'finished', result: 'refused' },
    error: { code: 'permission_denied', message },
  })
  await setTenantStatus(lake.store, tenants[0]!.id, 'active')
  assert.deepEqual(await owners(), [tenants[0]!.id, tenants[2]!.id])
})

test('a full queue holds parts back, nothing is lost', async t => {
  const { lake, post, get } = await openPartner(t, 3)
  const { id } = (await post({ tenants: 'all', adHocQuery })).json()
  const { start } = lake.queries
  let isFull = true
  lake.queries.start = async (...args) => {
    if (isFull) throw new AppError('unavailable', '200 runs in all are waiting already')
    return start(...args)
  }
  for (const code of ['unavailable', 'rate_limited']) {
    assert.equal(await lake.manyRuns.step(), true, code)
    assert.deepEqual((await get(`${url}/${id}`)).json().counts, { tenants: 3, waiting: 3 })
  }
  isFull = false
  await lake.manyRuns.step()
  assert.deepEqual((await get(`${url}/${id}`)).json().counts, { tenants: 3, pending: 3 })
})

test('cancel stops what is under way and what waits; what has ended stays', async t => {
  const { lake, post, get } = await openPartner(t, 12)
  const { id } = (await post({ tenants: 'all', adHocQuery })).json()
  await lake.manyRuns.step()
  lake.queries.set(lake.queries.runs[0]!.id, { state: 'succeeded', rowCount: 0 })
  assert.deepEqual((await post({}, `${url}/${id}/cancel`)).json(), { canceled: true })
  const run = (await get(`${url}/${id}?wait=1`)).json()
  assert.deepEqual([run.status, run.result], ['finished', 'canceled'])
  assert.deepEqual(run.counts, { tenants: 12, succeeded: 1, canceled: 11 })
  assert.deepEqual((await post({}, `${url}/${id}/cancel`)).json(), { canceled: false })
  assert.equal(lake.queries.runs.length, 8, 'no further run was started')
})

test('a part is started with the rights that the principal has then', async t => {
  const { lake, partnerId, principal, headers, post } = await openPartner(t, 2)
  const { id } = (await post({ tenants: 'all', adHocQuery })).json()
  await disablePrincipal(lake.store, partnerId, principal.principalId, lake.now)
  await lake.manyRuns.step()
  assert.equal(lake.queries.runs.length, 0)
  const { parts } = await lake.manyRuns.get(partnerId, id)
  assert.deepEqual(new Set(parts.map(part => part.state)), new Set(['refused']))
  assertProblem(await post({ tenants: 'all', adHocQuery }, url, headers), 401, 'unauthenticated')
})

test('what cannot be meant is refused before anything is stored', async t => {
  const { lake, tenants, post, get } = await openPartner(t, 2)
  const foreign = await lake.tenant()
  const trial = await lake.tenant({ partnerId: tenants[0]!.partnerId, billingType: 'trial' })
  const [first] = tenants
  for (const body of [
    { adHocQuery },
    { tenants: [], adHocQuery },
    { tenants: 'some', adHocQuery },
    { tenants: ['x'], adHocQuery },
    { tenants: 'all' },
    { tenants: 'all', adHocQuery: { template: '' } },
    { tenants: 'all', adHocQuery, from: '2027-01-01' },
    { tenants: Array.from({ length: 1001 }, () => newId()), adHocQuery },
  ]) {
    assertProblem(await post(body), 400, 'invalid_argument')
  }
  const wanted = '"all" the caller manages, or 1 to 1000 ids'
  for (const [body, detail] of [
    [{ adHocQuery }, `tenants is required: ${wanted}`],
    [{ tenants: null, adHocQuery }, `tenants is required: ${wanted}`],
    [{ tenants: [], adHocQuery }, `tenants must be ${wanted}`],
    [{ tenants: 'ALL', adHocQuery }, `tenants must be ${wanted}`],
    [{ tenants: Array.from({ length: 1001 }, () => newId()), adHocQuery }, `tenants must be ${wanted}`],
    [[], 'the body must be object'],
  ] as const) {
    assert.equal((await post(body)).json().detail, detail)
  }
  for (const tenant of [foreign.id, trial.id, newId()]) {
    assertProblem(await post({ tenants: [first!.id, tenant], adHocQuery }), 403, 'permission_denied')
  }
  lake.queries.validation = { ...lake.queries.validation, columns: [{ name: 'Tenant_Name', type: 'string' }] }
  const clash = await post({ tenants: 'all', adHocQuery })
  assertProblem(clash, 400, 'invalid_argument')
  assert.match(clash.json().detail, /^column Tenant_Name is the lake's own .*: give it another name$/)
  const broken = new AppError('invalid_argument', 'there is a FROM missing', { details: { line: 1 } })
  lake.queries.validation = { ...lake.queries.validation, columns: undefined, error: broken }
  assertProblem(await post({ tenants: 'all', adHocQuery }), 400, 'invalid_argument')
  assert.deepEqual((await get(url)).json(), { items: [] })
  const unknown = new AppError('invalid_argument', 'no table', { details: { unknown: { kind: 'table', name: 'x' } } })
  lake.queries.validation = { ...lake.queries.validation, error: unknown }
  assert.equal((await post({ tenants: 'all', adHocQuery })).statusCode, 201, 'another tenant may have the table')
})

test("another account's is not there, and an account has few at once", async t => {
  const { lake, tenants, post, get } = await openPartner(t, 1)
  const { id } = (await post({ tenants: 'all', adHocQuery })).json()
  const stranger = await lake.principal({ accountType: 'partner', accountId: newId(), role: 'superAdmin' })
  const headers = { authorization: `Bearer ${await lake.token(stranger)}` }
  assertProblem(await get(`${url}/${id}`, headers), 404, 'not_found')
  assertProblem(await get(`${url}/${id}/results`, headers), 404, 'not_found')
  assertProblem(await post({}, `${url}/${id}/cancel`, headers), 404, 'not_found')
  assertProblem(await post({ tenants: 'all', adHocQuery }, url, headers), 400, 'invalid_argument')
  const own = await lake.headersFor(tenants[0]!.id)
  assert.equal((await post({ tenants: 'all', adHocQuery }, url, own)).json().counts.tenants, 1, 'a tenant has itself')
  for (let more = 1; more < 4; more += 1) assert.equal((await post({ tenants: 'all', adHocQuery })).statusCode, 201)
  const tooMany = await post({ tenants: 'all', adHocQuery })
  assertProblem(tooMany, 429, 'rate_limited')
  assert.equal(tooMany.headers['retry-after'], '10')
  assert.equal((await get(url)).json().items.length, 4)
  lake.now += 2 * 3_600_000
  const later = { authorization: `Bearer ${await lake.token(stranger)}` }
  assertProblem(await get(`${url}/${id}`, later), 404, 'not_found')
})
