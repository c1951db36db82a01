import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Host } from '../../src/model/host.ts'
import { newId } from '../../src/model/ids.ts'
import type { Role } from '../../src/model/role.ts'
import type { DistributedAnswer } from '../../src/osquery/distributed.ts'
import { insertHost } from '../support/live.ts'
import { liveHostOf } from '../support/live-fixtures.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertXdrError } from './error-bodies.ts'

const path = '/live-discover/v1/queries/runs'
const template = 'SELECT name, pid FROM processes'

async function openLive(context: TestContext, settings = {}) {
  const lake = await openTestApp(context, settings)
  const tenant = await lake.tenant()
  const headers = await lake.headersFor(tenant.id, 'forensics')
  const host = async (members: Partial<Host> = {}) => {
    const made = liveHostOf({ tenantId: tenant.id, createdAt: lake.now, enrolledAt: lake.now, ...members })
    await insertHost(lake.store, made)
    return made
  }
  const call = (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object | string) =>
    lake.app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
  const start = (members: object = {}) =>
    call('POST', path, { adHocQuery: { template }, matchEndpoints: { all: true }, ...members })
  const answer = (host: Host, runId: string, members: Partial<DistributedAnswer> = {}) => {
    const whole = {
      status: 0,
      message: undefined,
      rows: [{ name: 'init', pid: '1' }],
      droppedRows: 0,
      stats: {},
      ...members,
    }
    return lake.liveQueries.write(host, new Map([[runId, whole]]))
  }
  return { lake, tenant, headers, host, call, start, answer }
}

test('a run as clients of the original see it, from start to end', async t => {
  const { lake, tenant, host, call, start, answer } = await openLive(t)
  const pc = await host({ facts: { platform: 'windows', hostname: 'FIN-WS-01', osName: 'Windows 11' } })
  const web = await host({ hostIdentifier: 'web-03', facts: { platform: 'ubuntu' }, lastSeenAt: lake.now })
  const matchEndpoints = { all: true }
  const begun = await start({ adHocQuery: { template, name: 'who runs' }, matchEndpoints })
  assert.equal(begun.statusCode, 201)
  const run = begun.json()
  const { id, createdBy } = run
  assert.deepEqual(run, {
    id,
    createdAt: '2026-02-03T08:14:55.628Z',
    createdBy: { id: createdBy.id, type: 'service', accountId: tenant.id, accountType: 'tenant' },
    expiresAt: '2026-02-04T08:29:55.628Z',
    status: 'pending',
    result: 'notAvailable',
    template,
    matchEndpoints,
    endpointCounts: {
      total: 2,
      types: { computer: 1, server: 1 },
      platforms: { windows: 1, macOS: 0, linux: 1 },
      statuses: {
        pending: { total: 2, online: 1, offline: 1 },
        started: { total: 0, withData: 0, withoutData: 0 },
        finished: {
          succeeded: { total: 0, withData: 0, withoutData: 0 },
          failed: { total: 0, withData: 0, withoutData: 0 },
          timedOut: { total: 0, withData: 0, withoutData: 0 },
          canceled: { total: 0, withData: 0, withoutData: 0 },
        },
      },
    },
    maxDurationInSeconds: 900,
    timeRemainingInSeconds: 900,
    resultCount: 0,
    queryName: 'live/who runs',
    name: 'who runs',
  })

  lake.now += 10_500
  await lake.liveQueries.readFor(pc)
  await lake.liveQueries.tick()
  const polled = (await call('GET', `${path}/${id}`)).json()
  assert.deepEqual([polled.status, polled.result, polled.timeRemainingInSeconds], ['started', 'notAvailable', 890])
  assert.deepEqual((await call('GET', `${path}/${id}?fields=status`)).json(), { id, status: 'started' })
  await answer(pc, id, {
    rows: [
      { name: 'init', pid: '1' },
      { name: 'x', pid: '2' },
    ],
    stats: { wallTimeMs: 40 },
  })
  await answer(web, id, { status: 1, rows: [], message: 'no such table: processes', stats: { wallTimeMs: 1 } })
  const ended = (await call('GET', `${path}/${id}?wait=5`)).json()
  assert.deepEqual(
    [ended.status, ended.result, ended.finishedAt, ended.timeRemainingInSeconds, ended.resultCount],
    ['finished', 'succeeded', '2026-02-03T08:15:06.128Z', 0, 2],
  )
  assert.deepEqual(ended.endpointCounts.statuses.finished.succeeded, { total: 1, withData: 1, withoutData: 0 })
  assert.deepEqual(ended.endpointCounts.statuses.finished.failed, { total: 1, withData: 0, withoutData: 1 })
  const bytes = '{"name":"init","pid":"1"}{"name":"x","pid":"2"}'.length
  assert.deepEqual(ended.performance, {
    score: 'excellent',
    dataTransferredInBytes: { total: bytes, average: bytes / 2, max: bytes },
    executionTimeInMillis: { total: 41, average: 20.5, max: 40 },
  })

  assert.deepEqual((await call('GET', `${path}/${id}/results`)).json(), {
    items: [
      { name: 'init', pid: '1', endpoint_id: pc.id, meta_hostname: 'FIN-WS-01' },
      { name: 'x', pid: '2', endpoint_id: pc.id, meta_hostname: 'FIN-WS-01' },
    ],
    metadata: {
      columns: ['endpoint_id', 'meta_hostname', 'name', 'pid'].map(name => ({ name, type: 'string' })),
    },
    pages: { size: 1_000, maxSize: 1_000, total: 1, items: 2 },
  })
  const endpoints = (await call('GET', `${path}/${id}/endpoints?sort=hostname:asc&pageTotal=true`)).json()
  assert.deepEqual(endpoints, {
    items: [
      {
        ...{ id: pc.id, hostname: 'FIN-WS-01', type: 'computer', os: { platform: 'windows', name: 'Windows 11' } },
        ...{ status: 'finished', result: 'succeeded', resultCount: 2, handOuts: 1 },
        ...{ startedAt: '2026-02-03T08:15:06.128Z', finishedAt: '2026-02-03T08:15:06.128Z' },
        performance: { executionTimeInMillis: 40 },
      },
      {
        ...{ id: web.id, hostname: 'web-03', type: 'server', os: { platform: 'linux' } },
        ...{ status: 'finished', result: 'failed', statusMessage: 'no such table: processes', resultCount: 0 },
        ...{ handOuts: 0, startedAt: '2026-02-03T08:15:06.128Z', finishedAt: '2026-02-03T08:15:06.128Z' },
        ...{ lastSeenAt: '2026-02-03T08:14:55.628Z', performance: { executionTimeInMillis: 1 } },
      },
    ],
    pages: { current: 1, size: 50, total: 1, items: 2, maxSize: 500 },
  })
  const [entry] = lake.audit.entries.filter(each => each.action === 'liveRuns.start')
  assert.deepEqual(
    [entry?.target, entry?.sql, entry?.details],
    [id, template, { name: 'who runs', matchEndpoints, endpoints: 2 }],
  )
})

test('pages by key stay while answers arrive', async t => {
  const { host, call, start, answer } = await openLive(t)
  const hosts = [await host(), await host(), await host()]
  const { id } = (await start()).json()
  const rows = (n: number) => Array.from({ length: 3 }, (_, at) => ({ at: `${n}/${at}` }))
  const get = async (query: string) => (await call('GET', `${path}/${id}/results?pageSize=2&${query}`)).json()
  const values = (page: { items: { at: string }[] }) => page.items.map(({ at }) => at)
  assert.deepEqual((await get('')).items, [])
  await answer(hosts[0]!, id, { rows: rows(0) })
  const first = await get('')
  assert.deepEqual(
    [values(first), first.pages],
    [['0/0', '0/1'], { nextKey: 'AAAAAg', size: 2, maxSize: 1_000, total: 2, items: 3 }],
  )
  const second = await get('pageFromKey=AAAAAg')
  assert.deepEqual(
    [values(second), second.pages],
    [['0/2'], { fromKey: 'AAAAAg', size: 2, maxSize: 1_000, total: 2, items: 3 }],
  )
  await answer(hosts[1]!, id, { rows: rows(1) })
  await answer(hosts[2]!, id, { rows: rows(2) })
  assert.deepEqual(values(await get('')), ['0/0', '0/1'])
  const again = await get('pageFromKey=AAAAAg==')
  assert.deepEqual([values(again), again.pages.nextKey], [['0/2', '1/0'], 'AAAABA'])
  assert.deepEqual(values(await get('page=3')), ['1/1', '1/2'])
  assert.deepEqual(values(await get('pageFromKey=AAAACQ')), [], 'right behind the end')
  assertXdrError(
    await call('GET', `${path}/${id}/results?pageFromKey=AAAACg`),
    400,
    'ValidationException',
    'pageFromKey is not a key of this result',
  )
  assertXdrError(
    await call('GET', `${path}/${id}/results?sort=name`),
    400,
    'ValidationException',
    /sort is not supported/,
  )
  assert.equal((await call('GET', `${path}/${id}/results?pageSize=5000&maxSize=9`)).json().pages.size, 1_000)
})

test('a cut result says so, with the rows that came', async t => {
  const { host, call, start, answer } = await openLive(t)
  const one = await host()
  const { id } = (await start()).json()
  await answer(one, id, { droppedRows: 7 })
  const truncated = { reason: 'answerMax', limit: 8_388_608, total: 8 }
  assert.deepEqual((await call('GET', `${path}/${id}/results`)).json().truncated, truncated)
  assert.deepEqual((await call('GET', `${path}/${id}`)).json().truncated, truncated)
  assert.deepEqual((await call('GET', `${path}/${id}/endpoints`)).json().items[0].truncated, truncated)
})

test('a saved query goes to the systems it is for, with its variables', async t => {
  const { lake, host, call, start } = await openLive(t)
  const windows = await host({ facts: { platform: 'windows' } })
  await host({ facts: { platform: 'darwin' } })
  const { items } = (await call('GET', '/live-discover/v1/queries?search=scheduled%20tasks')).json()
  const [query] = items
  assert.deepEqual(
    [items.length, query.code, query.supportedOSes, query.type],
    [1, 'scheduled-tasks', ['windows'], 'canned'],
  )
  const savedQuery = { queryId: query.id, categoryId: query.categories[0].id }
  const variables = [{ name: 'task', dataType: 'text', value: "o'b" }]
  const run = (await start({ adHocQuery: undefined, savedQuery, variables })).json()
  assert.deepEqual(
    [run.query, run.category.code, run.name, run.endpointCounts.total],
    [{ id: query.id, name: query.name, code: query.code }, 'persistence', query.name, 1],
  )
  const { queries } = await lake.liveQueries.readFor(windows)
  assert.match(queries[run.id]!, /t\.name LIKE 'o''b'/)
  const byDefault = (
    await start({ adHocQuery: undefined, savedQuery: { queryId: query.id, categoryId: '' }, variables: null })
  ).json()
  assert.deepEqual(byDefault.variables, [{ name: 'task', dataType: 'text', value: '%' }])
  const list = (await call('GET', `${path}?queryId=${query.id.toUpperCase()}&fields=name&pageTotal=true`)).json()
  assert.deepEqual([list.items.length, list.pages.items], [2, 2])
  assert.deepEqual((await call('GET', `${path}?categoryId=${savedQuery.categoryId}`)).json().items.length, 1)
})

test('runs are listed by what they are asked for', async t => {
  const { lake, host, call, start, answer } = await openLive(t)
  const one = await host()
  const ids: string[] = []
  for (const name of ['b', 'a', 'c']) {
    ids.push((await start({ adHocQuery: { template, name } })).json().id)
    lake.now += 1_000
  }
  await answer(one, ids[0]!)
  await lake.liveQueries.cancel(one.tenantId, ids[1]!)
  const names = async (query: string) =>
    (await call('GET', `${path}?${query}`))
      .json()
      .items.map((run: { name: string }) => run.name)
      .join('')
  assert.equal(await names(''), 'cab')
  assert.equal(await names('sort=createdAt'), 'bac')
  assert.equal(await names('sort=name:desc'), 'cba')
  assert.equal(await names('status=finished&sort=name'), 'ab')
  assert.equal(await names('status=pending,started'), 'c')
  assert.equal(await names('result=succeeded'), 'b')
  assert.equal(await names('result=canceled&status=finished'), 'a')
  assert.equal(await names('createdByPrincipalType=user'), '')
  assert.equal(await names('createdByPrincipalType=service,user'), 'cab')
  assert.equal(await names('pageSize=1&page=2'), 'a')
  assert.equal(await names('queryId=nonsense'), '')
  await start({ adHocQuery: { template, name: 'b' } })
  const byName = await call('GET', `${path}?sort=name:desc,createdAt&fields=name,status`)
  assert.deepEqual(
    byName.json().items.map((run: { name: string; status: string }) => [run.name, run.status]),
    [
      ['c', 'pending'],
      ['b', 'finished'],
      ['b', 'pending'],
      ['a', 'finished'],
    ],
  )
  assertXdrError(
    await call('GET', `${path}?sort=name,id`),
    400,
    'ValidationException',
    'sort is "id": one of createdAt, name, finishedAt is expected, with :asc or :desc',
  )
  assertXdrError(
    await call('GET', `${path}?sort=id`),
    400,
    'ValidationException',
    'sort is "id": one of createdAt, name, finishedAt is expected, with :asc or :desc',
  )
  assertXdrError(await call('GET', `${path}?status=done`), 400, 'ValidationException', /status is "done"/)
})

test('endpoints are matched as they are now', async t => {
  const { lake, host, call, start, answer } = await openLive(t)
  const [a, b, c] = [
    await host({ hostIdentifier: 'a' }),
    await host({ hostIdentifier: 'b' }),
    await host({ hostIdentifier: 'c' }),
  ]
  const d = await host({ hostIdentifier: 'd' })
  const { id } = (await start({ maxDurationInSeconds: 60 })).json()
  await lake.liveQueries.readFor(d)
  await answer(a, id)
  await answer(b, id, { rows: [] })
  const names = async (query: string) =>
    (await call('GET', `${path}/${id}/endpoints?sort=hostname&${query}`))
      .json()
      .items.map((each: { hostname: string }) => each.hostname)
      .join('')
  assert.equal(await names('match=finished:succeeded:withData'), 'a')
  assert.equal(await names('match=finished:succeeded:withoutData'), 'b')
  assert.equal(await names('match=finished'), 'ab')
  assert.equal(await names('match=started,pending'), 'cd')
  assert.equal(await names('match=started&match=finished:succeeded:withData'), 'ad')
  assert.equal(await names('match=finished:timedOut'), '')
  // By the words of the wire: every kind of end is `finished`.
  const sorted = async (sort: string) =>
    (await call('GET', `${path}/${id}/endpoints?sort=${sort}`))
      .json()
      .items.map((each: { hostname: string }) => each.hostname)
      .join('')
  assert.equal(await sorted('status,hostname:desc'), 'bacd')
  assert.equal(await sorted('status:desc&sort=hostname'), 'dcab')
  lake.now += 60_000
  await lake.liveQueries.tick()
  assert.equal(await names('match=finished:timedOut'), 'cd')
  assert.equal(await names('match=pending'), '')
  assert.equal(await sorted('status,hostname'), 'abcd')
  assert.equal(await sorted('status:desc,hostname:desc'), 'dcba')
  assert.equal(await names('pageSize=1&page=4'), 'd')
  assert.ok(c)
  for (const match of ['done', 'finished:won', 'finished:succeeded:some', 'finished:succeeded:withData:x']) {
    assertXdrError(await call('GET', `${path}/${id}/endpoints?match=${match}`), 400, 'ValidationException', /^match is/)
  }
})

test('a run is canceled on both paths', async t => {
  const { lake, host, call, start } = await openLive(t)
  await host()
  const [first, second] = [(await start()).json().id, (await start()).json().id]
  assert.deepEqual((await call('POST', `${path}/${first}/cancel`, {})).json(), { canceled: true })
  assert.deepEqual((await call('POST', `${path}/${first}/cancel`)).json(), { canceled: false })
  assert.deepEqual((await call('DELETE', `${path}/${second}`)).json(), { canceled: true })
  const { status, result } = (await call('GET', `${path}/${second}`)).json()
  assert.deepEqual([status, result], ['finished', 'canceled'])
  assert.deepEqual(
    lake.audit.entries.filter(each => each.action === 'liveRuns.cancel').map(each => each.target),
    [first, first, second],
  )
})

test('whom filters mean', async t => {
  const { host, call, start } = await openLive(t)
  const pc = await host({ facts: { platform: 'windows', hostname: 'FIN-17' } })
  await host({ facts: { platform: 'ubuntu', hostname: 'web-03' } })
  const count = async (filter: object) => {
    const answer = await start({ matchEndpoints: { filters: [filter] } })
    if (answer.statusCode === 201) await call('DELETE', `${path}/${answer.json().id}`)
    return answer.statusCode === 201 ? answer.json().endpointCounts.total : answer.statusCode
  }
  assert.equal(await count({ ids: [pc.id.toUpperCase()] }), 1)
  assert.equal(await count({ ids: pc.id }), 1, 'PowerShell makes a list of one a plain value')
  assert.equal(await count({ hostnameContains: '17' }), 1)
  assert.equal(await count({ os: [{ platform: 'linux' }, { platform: 'windows' }] }), 2)
  assert.equal(await count({ os: { platform: 'linux' } }), 1)
  assert.equal(await count({ type: ['computer'] }), 1)
  assert.equal(await count({ lastSeenAfter: '-P1D' }), 2)
  assert.equal(await count({ lastSeenBefore: 'P1D' }), 404)
  assert.equal(await count({ lastSeenBefore: '2026-02-03' }), 2, 'to the end of that day')
  assert.equal(await count({ healthStatus: ['unknown'] }), 2)
  assert.equal(await count({ healthStatus: ['good'] }), 404)
  assert.equal(await count({ tamperProtectionEnabled: true }), 404)
  assert.equal(await count({ search: 'WEB', searchFields: ['hostname'], later: 'unknown members are ignored' }), 1)
  assert.equal(await count({ labels: 'linux' }), 1)
})

test('what cannot be run is refused with the reason', async t => {
  const { host, start, call } = await openLive(t)
  await host()
  const all = { all: true }
  const cases: readonly (readonly [object, string | RegExp])[] = [
    [{ adHocQuery: undefined }, 'adHocQuery or savedQuery is required'],
    [{ savedQuery: { queryId: newId() } }, 'adHocQuery and savedQuery are given: exactly one of them is needed'],
    [{ adHocQuery: { query: 'SELECT 1' } }, /^adHocQuery/],
    [{ adHocQuery: { template: '  ' } }, 'adHocQuery.template is empty'],
    [
      { adHocQuery: { template, name: 'x'.repeat(301) } },
      'adHocQuery.name has 301 characters: at most 300 are allowed',
    ],
    [{ adHocQuery: { template: `SELECT '${'x'.repeat(50_000)}'` } }, /has 50009 characters/],
    [
      { adHocQuery: { template: 'DELETE FROM processes' } },
      'line 1:1: only SELECT, VALUES and WITH … SELECT go to agents',
    ],
    [{ adHocQuery: { template: 'SELECT 1; SELECT 2' } }, /^line 1:11: one statement/],
    [{ adHocQuery: { template: 'SELECT $$x$$' } }, "line 1:8: variable 'x' has no value"],
    [
      { adHocQuery: { template: 'SELECT $$x$$' }, variables: [{ name: 'x', dataType: 'integer', value: '1 OR 1' }] },
      /is not a whole number$/,
    ],
    [{ adHocQuery: undefined, savedQuery: { queryId: 'x' } }, 'savedQuery.queryId must be a UUID'],
    [{ adHocQuery: undefined, savedQuery: { queryId: newId() } }, /^there is no saved query/],
    [
      { variables: ['1', '2'].map(value => ({ name: 'x', dataType: 'integer', value })) },
      'variables has "x" more than once, with different types or values',
    ],
    [{ matchEndpoints: undefined }, /matchEndpoints/],
    [{ matchEndpoints: {} }, 'matchEndpoints needs all: true or at least one filter'],
    [{ matchEndpoints: { all: false, filters: [] } }, 'matchEndpoints needs all: true or at least one filter'],
    [
      { matchEndpoints: { ...all, filters: [{ type: 'server' }] } },
      'matchEndpoints has all and filters: give one of them',
    ],
    [{ matchEndpoints: { filters: [{}] } }, 'matchEndpoints.filters.0 is empty: all hosts are meant by all: true'],
    [{ matchEndpoints: { filters: [{ ids: ['x'] }] } }, 'matchEndpoints.filters.0.ids has "x": no UUID'],
    [{ matchEndpoints: { filters: [{ ids: [] }] } }, /ids/],
    [{ matchEndpoints: { filters: Array(6).fill({ type: 'server' }) } }, /filters/],
    [
      { matchEndpoints: { filters: [{ type: ['toaster'] }] } },
      'matchEndpoints.filters.0.type has "toaster": must be one of computer, server, securityVm',
    ],
    [{ matchEndpoints: { filters: [{ healthStatus: 'fine' }] } }, /healthStatus has "fine"/],
    [{ matchEndpoints: { filters: [{ os: [{ platform: 'beos' }] }] } }, /os/],
    [
      { matchEndpoints: { filters: [{ os: [{ platform: 'windows', version: { match: 'x' } }] }] } },
      /versions are not compared/,
    ],
    [{ matchEndpoints: { filters: [{ lastSeenAfter: 'lately' }] } }, /lastSeenAfter/],
    [{ matchEndpoints: { filters: [{ searchFields: ['x'], search: 'y' }] } }, /searchFields has "x"/],
    [{ maxDurationInSeconds: 5 }, /maxDurationInSeconds/],
    [{ maxDurationInSeconds: 86_401 }, /maxDurationInSeconds/],
  ]
  for (const [members, message] of cases) assertXdrError(await start(members), 400, 'ValidationException', message)
  assertXdrError(await call('POST', path, ''), 400, 'ValidationException', /^the body is empty/)
  assertXdrError(await call('POST', path, 'SELECT 1'), 400, 'ValidationException', /not valid JSON/)
  assertXdrError(await call('POST', path, 'x'.repeat(1_100_000)), 413, 'PayloadTooLarge')
  assertXdrError(
    await start({ matchEndpoints: { filters: [{ hostnameContains: 'nope' }] } }),
    404,
    'resourceNotFound',
    'No resolved endpoints found in query submission request',
  )
})

test('what is not there, or not yours, is not found', async t => {
  const { lake, host, call, start } = await openLive(t)
  await host()
  const { id } = (await start()).json()
  for (const url of [`${path}/${newId()}`, `${path}/nonsense`]) {
    for (const rest of ['', '/endpoints', '/results'])
      assertXdrError(await call('GET', `${url}${rest}`), 404, 'resourceNotFound')
    assertXdrError(await call('POST', `${url}/cancel`, {}), 404, 'resourceNotFound')
    assertXdrError(await call('DELETE', url), 404, 'resourceNotFound')
  }
  const other = await lake.tenant()
  const headers = await lake.headersFor(other.id)
  for (const rest of ['', '/endpoints', '/results']) {
    assertXdrError(await lake.app.inject({ url: `${path}/${id}${rest}`, headers }), 404, 'resourceNotFound')
  }
  assert.deepEqual((await lake.app.inject({ url: path, headers })).json().items, [])
  for (const url of [
    '/live-discover/v1/queries/nonsense',
    `/live-discover/v1/queries/${newId()}`,
    '/live-discover/v1/queries/categories/x',
  ]) {
    assertXdrError(await call('GET', url), 404, 'resourceNotFound')
  }
})

test('who may do what', async t => {
  const { lake, tenant, host, start } = await openLive(t)
  await host()
  const { id } = (await start()).json()
  const expected: Readonly<Record<Role, readonly [read: number, write: number]>> = {
    superAdmin: [200, 201],
    forensics: [200, 201],
    readOnly: [200, 403],
    management: [403, 403],
    ingest: [403, 403],
  }
  for (const [role, [read, write]] of Object.entries(expected)) {
    const headers = await lake.headersFor(tenant.id, role as Role)
    for (const url of [
      path,
      `${path}/${id}`,
      `${path}/${id}/endpoints`,
      `${path}/${id}/results`,
      '/live-discover/v1/queries',
      '/live-discover/v1/queries/categories/',
    ]) {
      assert.equal((await lake.app.inject({ url, headers })).statusCode, read, `${role} ${url}`)
    }
    const payload = { adHocQuery: { template }, matchEndpoints: { all: true } }
    const answer = await lake.app.inject({ method: 'POST', url: path, headers, payload })
    assert.equal(answer.statusCode, write, role)
    if (write === 403) assertXdrError(answer, 403, 'UNAUTHORIZED_ACCESS')
  }
})

test('live runs of a tenant are counted, whoever starts them', async t => {
  const { lake, tenant, host, start } = await openLive(t, { callLimits: { liveRunsPerMinute: 2 } })
  await host()
  assert.equal((await start({ adHocQuery: { template: '' } })).statusCode, 400, 'what is refused is not counted')
  assert.equal((await start()).statusCode, 201)
  const headers = await lake.headersFor(tenant.id)
  const payload = { adHocQuery: { template }, matchEndpoints: { all: true } }
  assert.equal((await lake.app.inject({ method: 'POST', url: path, headers, payload })).statusCode, 201)
  const refused = await start()
  assertXdrError(refused, 429, 'TooManyRequests', /window 'live-runs-minute' allows 2/)
  assert.match(String(refused.headers['retry-after']), /^\d+$/)
})

test('the library: lists, pages, search, fields, categories', async t => {
  const { call } = await openLive(t)
  const base = '/live-discover/v1/queries'
  const all = (await call('GET', `${base}?pageSize=250&pageTotal=true`)).json()
  assert.deepEqual([all.items.length, all.pages], [20, { current: 1, size: 250, total: 1, items: 20, maxSize: 250 }])
  for (const query of all.items) {
    assert.deepEqual(Object.keys(query).sort(), [
      'categories',
      'code',
      'description',
      'id',
      'name',
      'supportedOSes',
      'template',
      'type',
      'variables',
    ])
    assert.deepEqual((await call('GET', `${base}/${query.id.toUpperCase()}`)).json(), query)
  }
  assert.deepEqual(Object.keys((await call('GET', `${base}?fields=name&pageSize=1`)).json().items[0]), ['id', 'name'])
  assert.equal((await call('GET', `${base}?page=3&pageSize=9`)).json().items.length, 2)
  assert.equal((await call('GET', `${base}?search=AUTHORIZED_KEYS`)).json().items.length, 1)
  assert.equal((await call('GET', `${base}?search=authorized_keys&searchFields=name`)).json().items.length, 0)
  const categories = (await call('GET', `${base}/categories`)).json()
  assert.equal('pages' in categories, false)
  for (const category of categories.items) {
    assert.deepEqual(Object.keys(category).sort(), ['code', 'description', 'icon', 'id', 'name', 'queryCount', 'type'])
    assert.equal(
      (await call('GET', `${base}?categoryId=${category.id}&pageSize=250`)).json().items.length,
      category.queryCount,
    )
    assert.deepEqual((await call('GET', `${base}/categories/${category.id}`)).json(), category)
  }
})
