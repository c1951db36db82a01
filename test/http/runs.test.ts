import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { putCategory, putSavedQuery } from '../../src/db/saved-queries.ts'
import { requestBytesMax } from '../../src/limits.ts'
import { newId } from '../../src/model/ids.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertXdrError } from './error-bodies.ts'

const runs = '/xdr-query/v1/queries/runs'
const adHoc = (members: object = {}) => JSON.stringify({ adHocQuery: { template: 'SELECT 1' }, ...members })

async function openRuns(context: TestContext) {
  const lake = await openTestApp(context)
  const tenant = await lake.tenant()
  const headers = await lake.headersFor(tenant.id)
  const post = (payload: string | Buffer, more: Record<string, string> = {}) =>
    lake.app.inject({ method: 'POST', url: runs, payload, headers: { ...headers, ...more } })
  const get = (url: string) => lake.app.inject({ url, headers })
  const start = async () => (await post(adHoc())).json().id as string
  return { lake, tenant, headers, post, get, start }
}

test('a run starts: 201, pending, the last 24 hours, nothing absent', async t => {
  const { lake, tenant, post } = await openRuns(t)
  const answer = await post(adHoc())
  assert.equal(answer.statusCode, 201)
  const { id, createdBy, ...rest } = answer.json()
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4/)
  assert.deepEqual(createdBy, {
    id: lake.queries.started[0]?.caller.principalId,
    type: 'service',
    accountId: tenant.id,
    accountType: 'tenant',
  })
  assert.deepEqual(rest, {
    createdAt: '2026-02-03T08:14:55.628Z',
    expiresAt: '2026-02-03T10:14:55.628Z',
    status: 'pending',
    result: 'notAvailable',
    template: 'SELECT 1',
    from: '2026-02-02T08:14:55.628Z',
    to: '2026-02-03T08:14:55.628Z',
  })
  const { window } = lake.queries.started[0]?.request ?? {}
  assert.deepEqual(window, {}, 'the last 24 hours count from when it starts, and its end stays open')
})

test('everything a request can say reaches the run', async t => {
  const { lake, tenant, post } = await openRuns(t)
  const hostId = newId()
  const answer = await post(
    JSON.stringify({
      adHocQuery: { name: 'n', template: "SELECT '$$p$$'" },
      variables: [{ name: 'p', dataType: 'text', value: 'x' }],
      matchEndpoints: { filters: [{ ids: [hostId] }] },
      from: '2026-02-01',
      to: '2026-02-02',
    }),
  )
  assert.equal(answer.statusCode, 201)
  const { caller, request } = lake.queries.started[0] ?? {}
  assert.equal(caller?.tenantId, tenant.id)
  assert.deepEqual(request, {
    template: "SELECT '$$p$$'",
    name: 'n',
    variables: [{ name: 'p', dataType: 'text', value: 'x' }],
    hostIds: [hostId],
    window: { start: Date.UTC(2026, 1, 1), end: Date.UTC(2026, 1, 3) },
  })
  const body = answer.json()
  assert.deepEqual(body.matchEndpoints, { filters: [{ ids: [hostId] }] })
  assert.equal(body.to, '2026-02-02T23:59:59.999Z')
})

test('the guide’s raw SQL body runs as it is', async t => {
  const { lake, post } = await openRuns(t)
  const sql = '-- running_processes\nSELECT name FROM xdr_data\n'
  const answer = await post(sql, { 'content-type': 'application/json' })
  assert.equal(answer.statusCode, 201)
  assert.equal(lake.queries.started[0]?.request.template, sql)
})

test('a saved query brings its SQL, name and defaults; the run names it and its category', async t => {
  const { lake, tenant, post, get } = await openRuns(t)
  const [queryId, categoryId] = [newId(), newId()]
  const times = { createdAt: 1, updatedAt: 1 }
  await putCategory(lake.store, {
    ...times,
    id: categoryId,
    type: 'canned',
    tenantId: undefined,
    name: 'Threat hunting',
    code: 'threatHunting',
    description: '',
    icon: '',
  })
  const variable = (name: string, value?: string) =>
    ({ name, dataType: 'text', ...(value === undefined ? {} : { value }) }) as const
  await putSavedQuery(lake.store, {
    ...times,
    id: queryId,
    type: 'custom',
    tenantId: tenant.id,
    name: 'By name',
    code: undefined,
    description: '',
    template: "SELECT '$$a$$', '$$b$$', '$$c$$'",
    variables: [variable('a', 'default a'), variable('b', 'default b'), variable('c')],
    categoryIds: [categoryId],
  })
  const variables = [variable('a', 'given'), variable('b'), variable('d', 'extra')]
  const answer = await post(JSON.stringify({ savedQuery: { queryId: queryId.toUpperCase(), categoryId }, variables }))
  assert.equal(answer.statusCode, 201, answer.body)
  const expected = {
    name: 'By name',
    query: { id: queryId, name: 'By name' },
    category: { id: categoryId, name: 'Threat hunting', code: 'threatHunting' },
    variables: [variable('a', 'given'), variable('d', 'extra'), variable('b', 'default b')],
  }
  const { name, query, category, variables: sent, id } = answer.json()
  assert.deepEqual({ name, query, category, variables: sent }, expected)
  assert.deepEqual((await get(`${runs}/${id}`)).json().query, expected.query)
  assert.deepEqual((await get(runs)).json().items[0].category, expected.category)

  const missing = await post(JSON.stringify({ savedQuery: { queryId: newId() } }))
  assertXdrError(missing, 400, 'ValidationException', /^there is no saved query /)
  const wrongCategory = await post(JSON.stringify({ savedQuery: { queryId, categoryId: newId() } }))
  assertXdrError(wrongCategory, 400, 'ValidationException', /^there is no category /)
  assert.equal(lake.queries.started.length, 1)
})

test('a saved query of another tenant is none', async t => {
  const { lake, post } = await openRuns(t)
  const other = await lake.tenant()
  const id = newId()
  await putSavedQuery(lake.store, {
    id,
    type: 'custom',
    tenantId: other.id,
    name: 'secret name',
    code: undefined,
    description: '',
    template: 'SELECT 1',
    variables: [],
    categoryIds: [],
    createdAt: 1,
    updatedAt: 1,
  })
  const answer = await post(JSON.stringify({ savedQuery: { queryId: id } }))
  assertXdrError(answer, 400, 'ValidationException', `there is no saved query ${id}`)
})

test('what cannot be run is refused before anything starts', async t => {
  const { lake, post } = await openRuns(t)
  const from = '2126-01-01T00:00:00.000Z'
  const refusals: readonly (readonly [string, string | RegExp])[] = [
    ['', /^the body is empty/],
    ['{"adHocQuery"', /^the body is not valid JSON/],
    ['query.sql', /--data-binary @query\.sql/],
    ['-- comment SELECT 1', /--data-binary @query\.sql/],
    [adHoc({ from }), `Invalid time range 'from' field: ${from} - cannot be in the future.`],
    [adHoc({ from: '2020-01-01' }), /the span of one query cannot be more than 90 days\.$/],
  ]
  for (const [body, message] of refusals) assertXdrError(await post(body), 400, 'ValidationException', message)
  assert.equal(lake.queries.started.length, 0)
})

test('too large, compressed, and a content type that is none', async t => {
  const { post } = await openRuns(t)
  const large = await post(adHoc({ padding: 'x'.repeat(requestBytesMax) }))
  assertXdrError(large, 413, 'PayloadTooLarge')
  const gzip = await post(adHoc(), { 'content-encoding': 'gzip' })
  assertXdrError(gzip, 415, 'UnsupportedMediaType', 'compressed bodies are not accepted here')
  // A type that is none says as much as no type.
  for (const type of ['nonsense', 'sql', '/', '', 'text/']) {
    assert.equal((await post(adHoc(), { 'content-type': type })).statusCode, 201, type)
    assert.equal((await post('SELECT 1', { 'content-type': type })).statusCode, 201, type)
  }
})

test('polling: pending while it works, then finished', async t => {
  const { lake, get, start } = await openRuns(t)
  const id = await start()
  lake.queries.set(id, { state: 'running' })
  assert.equal((await get(`${runs}/${id}`)).json().status, 'pending')
  lake.queries.set(id, { state: 'failed', finishedAt: lake.now + 5, error: { code: 'x', message: 'why', line: 3 } })
  const { status, result, finishedAt, error } = (await get(`${runs}/${id.toUpperCase()}`)).json()
  assert.deepEqual(
    { status, result, finishedAt, error },
    {
      status: 'finished',
      result: 'failed',
      finishedAt: '2026-02-03T08:14:55.633Z',
      error: { code: 'x', message: 'why', line: 3 },
    },
  )
  assert.equal((await get(`${runs}/urn:uuid:${id}`)).statusCode, 200)
})

test('a run that is unknown, expired or another tenant’s is 404 on every route', async t => {
  const { lake, headers, start } = await openRuns(t)
  const other = await lake.tenant()
  const foreignHeaders = await lake.headersFor(other.id)
  const foreign = (
    await lake.app.inject({ method: 'POST', url: runs, payload: adHoc(), headers: foreignHeaders })
  ).json().id
  const expired = await start()
  lake.queries.set(expired, { expiresAt: lake.now })
  for (const id of [newId(), 'not-an-id', foreign, expired]) {
    for (const [method, url] of [
      ['GET', `${runs}/${id}`],
      ['GET', `${runs}/${id}/results`],
      ['POST', `${runs}/${id}/cancel`],
      ['DELETE', `${runs}/${id}`],
    ] as const) {
      assertXdrError(await lake.app.inject({ method, url, headers }), 404, 'resourceNotFound')
    }
  }
  assert.equal(lake.queries.runs.find(run => run.id === foreign)?.state, 'queued')
})

test('the list: newest first, by status, by page', async t => {
  const { lake, get, start } = await openRuns(t)
  const ids: string[] = []
  for (let count = 0; count < 5; count += 1) {
    ids.push(await start())
    lake.now += 1000
  }
  lake.queries.set(ids[0] ?? '', { state: 'succeeded' })
  const list = async (query: string) => {
    const { items, pages } = (await get(`${runs}?${query}`)).json()
    return { ids: items.map((run: { id: string }) => ids.indexOf(run.id)).join(''), pages }
  }
  const size = { current: 1, size: 50, maxSize: 100 }
  assert.deepEqual(await list(''), { ids: '43210', pages: size })
  assert.equal((await list('order=asc')).ids, '01234')
  assert.equal((await list('statuses=finished')).ids, '0')
  assert.equal((await list('statuses=pending&statuses=started')).ids, '4321')
  assert.equal((await list('statuses=started')).ids, '')
  assert.deepEqual(await list('page=2&pageSize=2&pageTotal=TRUE'), {
    ids: '21',
    pages: { current: 2, size: 2, total: 3, items: 5, maxSize: 100 },
  })
  assert.deepEqual(await list('page=9&pageSize=500'), { ids: '', pages: { current: 9, size: 100, maxSize: 100 } })
  assertXdrError(await get(`${runs}?statuses=done`), 400, 'ValidationException')
  assertXdrError(await get(`${runs}?pageSize=0`), 400, 'ValidationException')
})

test('cancel by POST with any body, and by DELETE; false once it has ended', async t => {
  const { lake, headers, get, start } = await openRuns(t)
  const cancel = (id: string, payload?: string) =>
    lake.app.inject({
      method: 'POST',
      url: `${runs}/${id}/cancel`,
      headers,
      ...(payload === undefined ? {} : { payload }),
    })
  for (const payload of [undefined, '', '{}', 'null']) {
    const id = await start()
    const answer = await cancel(id, payload)
    assert.deepEqual([answer.statusCode, answer.json()], [200, { canceled: true }])
    const { status, result, finishedAt } = (await get(`${runs}/${id}`)).json()
    assert.deepEqual([status, result, typeof finishedAt], ['finished', 'canceled', 'string'])
    assert.deepEqual((await cancel(id, payload)).json(), { canceled: false })
  }
  const id = await start()
  const remove = () => lake.app.inject({ method: 'DELETE', url: `${runs}/${id}`, headers })
  assert.deepEqual((await remove()).json(), { canceled: true })
  assert.deepEqual((await remove()).json(), { canceled: false })
})

test('wait: the answer comes with the end, or when the client need not wait', async t => {
  const { lake, get, start } = await openRuns(t)
  const id = await start()
  let polls = 0
  lake.queries.onGet = () => {
    polls += 1
    if (polls === 3) lake.queries.set(id, { state: 'succeeded', finishedAt: lake.now })
  }
  assert.equal((await get(`${runs}/${id}?wait=30`)).json().result, 'succeeded')
  assert.equal(polls, 3)
  await get(`${runs}/${id}?wait=60`)
  assert.equal(polls, 4, 'a finished run is answered at once')
  const other = await start()
  assert.equal((await get(`${runs}/${other}?wait=0`)).json().status, 'pending')
  assertXdrError(await get(`${runs}/${other}?wait=soon`), 400, 'ValidationException')
})

test('a server that stops lets the waiting go with the run as it is', async t => {
  const { lake, get, start } = await openRuns(t)
  const id = await start()
  const asked = new Promise<void>(resolve => {
    lake.queries.onGet = resolve
  })
  const waiting = get(`${runs}/${id}?wait=60`)
  await asked
  await lake.app.close()
  assert.equal((await waiting).json().status, 'pending')
})

test('Idempotency-Key: the same request twice is one run, another body is 409', async t => {
  const { lake, post } = await openRuns(t)
  const key = { 'idempotency-key': 'a key' }
  const [first, second] = await Promise.all([post(adHoc(), key), post(adHoc(), key)])
  assert.equal(first.statusCode, 201)
  assert.deepEqual(second.json(), first.json())
  assert.equal(lake.queries.started.length, 1)
  lake.queries.set(first.json().id, { state: 'succeeded', finishedAt: lake.now })
  assert.deepEqual((await post(adHoc(), key)).json(), first.json(), 'still pending, as the first time')
  assertXdrError(await post(adHoc({ from: 'P1D' }), key), 409, 'Conflict')
  assert.equal((await post(adHoc(), { 'idempotency-key': 'other' })).statusCode, 201)
  const otherPrincipal = await lake.headersFor(lake.queries.started[0]?.caller.tenantId ?? '')
  assert.equal((await post(adHoc({ from: 'P2D' }), { ...otherPrincipal, ...key })).statusCode, 201)
  assert.equal(lake.queries.started.length, 3)
})

test('a key ends with its run, and a refused request does not use it up', async t => {
  const { lake, post } = await openRuns(t)
  const key = { 'idempotency-key': 'k' }
  assertXdrError(await post('{"adHocQuery": {}}', key), 400, 'ValidationException')
  const first = (await post(adHoc(), key)).json()
  lake.now = Date.parse(first.expiresAt)
  const headers = await lake.headersFor(lake.queries.started[0]?.caller.tenantId ?? '')
  assert.notEqual((await post(adHoc(), { ...headers, ...key })).json().id, first.id)
  assertXdrError(await post(adHoc(), { 'idempotency-key': 'x'.repeat(256) }), 401, 'Unauthorized')
  assertXdrError(await post(adHoc(), { ...headers, 'idempotency-key': 'x'.repeat(256) }), 400, 'ValidationException')
})

test('a run under way says how far it is, an ended one does not, and warnings stay', async t => {
  const lake = await openTestApp(t)
  const headers = await lake.headersFor((await lake.tenant()).id)
  const started = await lake.app.inject({ method: 'POST', url: runs, headers, payload: 'SELECT 1' })
  assert.equal('progress' in started.json(), false)
  const { id } = started.json()
  const poll = async () => (await lake.app.inject({ url: `${runs}/${id}`, headers })).json()
  assert.deepEqual((await poll()).progress, { phase: 'queued' })
  const warnings = [{ code: 'no_query_name', message: 'all rows are read', line: 1, column: 1, offset: 0, length: 3 }]
  lake.queries.set(id, { state: 'running', warnings })
  assert.deepEqual((await poll()).progress, { phase: 'opening' })
  lake.queries.progress = { phase: 'executing', percent: 40 }
  assert.deepEqual((await poll()).progress, { phase: 'executing', percent: 40 })
  lake.queries.progress = { phase: 'writing', percent: undefined }
  assert.deepEqual((await poll()).progress, { phase: 'writing' })
  lake.queries.set(id, { state: 'succeeded', finishedAt: lake.now })
  const ended = await poll()
  assert.equal('progress' in ended, false)
  assert.deepEqual(ended.warnings, warnings)
})
