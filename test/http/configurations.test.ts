import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { insertEnrollSecret } from '../../src/db/enroll-secrets.ts'
import { newId } from '../../src/model/ids.ts'
import { enrolBody } from '../support/fleet.ts'
import { openTestApp } from '../support/test-app.ts'

const base = '/lake/v1/configurations'
const query = { query: 'SELECT pid FROM processes', interval: 60 }

async function open(context: TestContext) {
  const lake = await openTestApp(context)
  const tenant = await lake.tenant()
  const headers = await lake.headersFor(tenant.id)
  const call = async (method: 'GET' | 'PUT' | 'POST', url: string, payload?: unknown) => {
    const answer = await lake.app.inject({
      ...{ method, url, headers },
      ...(payload === undefined ? {} : { payload: typeof payload === 'string' ? payload : JSON.stringify(payload) }),
    })
    return { status: answer.statusCode, type: answer.headers['content-type'], body: answer.json() }
  }
  const put = (label: string, configuration: unknown, more: object = {}) =>
    call('PUT', `${base}/${label}`, { configuration, ...more })
  /** An agent of the tenant: enrols, and asks for its configuration. */
  const agent = async (labels: readonly string[] = []) => {
    const secret = newId()
    await insertEnrollSecret(lake.store, {
      ...{ id: newId(), tenantId: tenant.id, secret, name: 'test', createdAt: 1, disabledAt: undefined },
      ...{ labels, environment: undefined },
    })
    const payload = enrolBody({ secret, identifier: newId(), uuid: newId() })
    const enrolled = await lake.app.inject({ method: 'POST', url: '/osquery/v1/enroll', payload })
    const { node_key } = enrolled.json()
    return async () =>
      (await lake.app.inject({ method: 'POST', url: '/osquery/v1/config', payload: { node_key } })).json()
  }
  return { lake, tenant, headers, call, put, agent }
}

test('refused bodies, with the place, as problem details', async t => {
  const { call, put } = await open(t)
  const refusals: readonly (readonly [payload: unknown, detail: string | RegExp])[] = [
    ['', /^the body is not valid JSON: /],
    ['{', /^the body is not valid JSON: /],
    ['[]', 'the body must be object'],
    [{}, 'the body must have required properties configuration'],
    [{ configuration: [] }, 'configuration must be object'],
    [{ configuration: null }, 'the body must have required properties configuration'],
    [{ configuration: {}, comment: 'x'.repeat(501) }, /^comment must not have more than 500 characters/],
    [{ configuration: {}, baseVersion: -1 }, /^baseVersion must be >= 0/],
    [{ configuration: {}, shippedQueries: 'yes' }, 'shippedQueries must be boolean'],
    [
      { configuration: { schedule: { a: { ...query, interval: 0 } } } },
      'the configuration has errors: schedule.a.interval: 0 is not a whole number of seconds from 1 to 604,800: agents ' +
        'leave such a query out',
    ],
  ]
  for (const [payload, detail] of refusals) {
    const { status, type, body } = await call('PUT', `${base}/all`, payload)
    assert.deepEqual([status, type, body.code], [400, 'application/problem+json; charset=utf-8', 'invalid_argument'])
    if (typeof detail === 'string') assert.equal(body.detail, detail)
    else assert.match(body.detail, detail)
  }
  const { body } = await put('all', { options: { tls_hostname: 'x' }, schedule: { a: { ...query, query: 'x' } } })
  assert.deepEqual(
    body.details.errors.map(({ path }: { path: string }) => path),
    ['options.tls_hostname', 'schedule.a.query'],
  )
  assert.deepEqual((await call('GET', base)).body.items, [])
})

test('labels that are none, versions that are none', async t => {
  const { call } = await open(t)
  for (const label of ['%20x', 'a%2Fb', 'x'.repeat(65), '%F0%9F%92%A9']) {
    const { status, body } = await call('PUT', `${base}/${label}`, { configuration: {} })
    assert.equal(status, 400, label)
    assert.match(body.detail, /is no label: 1 to 64 of A-Z a-z 0-9 \. _ - and spaces within$/)
  }
  for (const [url, status] of [
    [`${base}/all?version=x`, 400],
    [`${base}/all?version=-1`, 400],
    [`${base}/all?version=1`, 404],
    [`${base}/all/diff?from=3`, 404],
    [`${base}/all/diff?to=3`, 404],
    [`${base}/all/versions?page=0`, 400],
  ] as const) {
    assert.equal((await call('GET', url)).status, status, url)
  }
  assert.equal((await call('POST', `${base}/all/rollback`, { version: 7 })).status, 404)
  assert.equal((await call('POST', `${base}/all/rollback`, {})).status, 400)
  assert.equal((await call('POST', `${base}/all/rollback`, { version: 1.5 })).status, 400)
})

test('too large is refused before it is read', async t => {
  const { put } = await open(t)
  assert.equal((await put('all', { views: { x: `SELECT '${'x'.repeat(1_100_000)}'` } })).status, 413)
})

test('who may: reading is for those who see hosts, changing for a Super Admin', async t => {
  const { lake, tenant } = await open(t)
  for (const role of ['forensics', 'readOnly', 'management'] as const) {
    const headers = await lake.headersFor(tenant.id, role)
    assert.equal((await lake.app.inject({ method: 'GET', url: base, headers })).statusCode, 200)
    const payload = { configuration: {} }
    for (const [method, url] of [
      ['PUT', `${base}/all`],
      ['POST', `${base}/all/rollback`],
      ['POST', `${base}/all/import`],
    ] as const) {
      assert.equal((await lake.app.inject({ method, url, headers, payload })).statusCode, 403)
    }
    assert.equal(
      (await lake.app.inject({ method: 'POST', url: `${base}/all/validate`, headers, payload })).statusCode,
      200,
    )
  }
})

test('a configuration is saved, read, and served to an enrolled host; its warnings come back', async t => {
  const { lake, tenant, call, put, agent } = await open(t)
  const config = await agent()
  assert.ok((await config()).schedule.open_sockets)
  const configuration = {
    schedule: { mine: query, open_sockets: null, odd: { ...query, query: 'SELECT * FROM registry' } },
  }
  const saved = await put('all', configuration, { comment: 'first' })
  assert.equal(saved.status, 200)
  const { bytes, createdBy, ...shown } = saved.body
  assert.deepEqual(shown, {
    ...{ label: 'all', version: 1, comment: 'first', createdAt: '2026-02-03T08:14:55.628Z', isNew: true },
    warnings: [
      {
        path: 'schedule.odd.query',
        message: 'table registry is on Windows only, and this runs on macOS, Linux too',
      },
    ],
  })
  assert.equal(bytes, JSON.stringify(configuration).length)
  const got = await call('GET', `${base}/all`)
  assert.deepEqual(got.body, {
    ...{ label: 'all', version: 1, comment: 'first', createdAt: '2026-02-03T08:14:55.628Z', createdBy, bytes },
    configuration,
  })
  const served = await config()
  assert.deepEqual(served.schedule.mine, query)
  assert.equal(served.schedule.open_sockets, undefined)
  assert.ok(served.schedule.listening_ports)
  assert.ok(served.decorators.load.length > 0)
  assert.deepEqual(
    lake.audit.entries
      .filter(({ action }) => action.startsWith('configurations'))
      .map(entry => [entry.action, entry.tenantId, entry.target, entry.details]),
    [['configurations.put', tenant.id, 'all', { version: 1, isNew: true }]],
  )
})

test('the same again is no version; a change to an old one is a conflict', async t => {
  const { put } = await open(t)
  await put('all', { schedule: { a: query } }, { baseVersion: 0 })
  const again = await put('all', { schedule: { a: query } }, { comment: 'again' })
  assert.deepEqual([again.body.version, again.body.isNew, again.body.comment], [1, false, ''])
  await put('all', { schedule: { b: query } }, { baseVersion: 1 })
  const late = await put('all', { schedule: { c: query } }, { baseVersion: 1 })
  assert.equal(late.status, 409)
  assert.equal(late.body.detail, 'the configuration of all is at version 2, not 1: get it and change that')
  assert.deepEqual(late.body.details, { version: 2 })
})

test('versions, what changed between them, and back', async t => {
  const { lake, tenant, call, put, agent } = await open(t)
  const config = await agent()
  await put('all', { schedule: { a: query } })
  lake.now += 1_000
  await put(
    'all',
    { schedule: { a: { ...query, interval: 120 }, b: query } },
    { shippedQueries: false, comment: 'quiet' },
  )
  assert.deepEqual(Object.keys((await config()).schedule), ['a', 'b'])
  const versions = await call('GET', `${base}/ALL/versions?pageTotal=true&pageSize=1`)
  assert.deepEqual(versions.body.pages, { current: 1, size: 1, total: 2, items: 2, maxSize: 100 })
  assert.deepEqual(
    versions.body.items.map(({ version, comment }: { version: number; comment: string }) => [version, comment]),
    [[2, 'quiet']],
  )
  const { body: diff } = await call('GET', `${base}/all/diff`)
  assert.deepEqual(diff, {
    ...{ label: 'all', from: 1, to: 2 },
    changes: [
      { path: 'configuration.schedule.a.interval', change: 'changed', before: 60, after: 120 },
      { path: 'configuration.schedule.b', change: 'added', after: query },
      { path: 'shippedQueries', change: 'added', after: false },
    ],
  })
  const fromNothing = await call('GET', `${base}/all/diff?from=0&to=1`)
  assert.deepEqual(fromNothing.body.changes, [{ path: 'configuration.schedule', change: 'added', after: { a: query } }])
  const back = await call('POST', `${base}/all/rollback`, { version: 1, comment: 'too quiet' })
  assert.deepEqual(
    [back.body.version, back.body.restoredVersion, back.body.isNew, back.body.comment],
    [3, 1, true, 'too quiet'],
  )
  assert.ok((await config()).schedule.open_sockets)
  const old = await call('GET', `${base}/all?version=2`)
  assert.deepEqual([old.body.shippedQueries, old.body.comment], [false, 'quiet'])
  const rollback = lake.audit.entries.find(({ action }) => action === 'configurations.rollback')
  assert.deepEqual(
    [rollback?.tenantId, rollback?.target, rollback?.details],
    [tenant.id, 'all', { version: 3, isNew: true, restoredVersion: 1 }],
  )
})

test("a label's configuration is for its hosts; without such a label nobody has it, and that is said", async t => {
  const { lake, headers, call, put, agent } = await open(t)
  const early = await put('web', { schedule: { early: query } })
  assert.deepEqual(early.body.warnings, [{ path: '', message: 'there is no label web yet: no host is given this' }])
  await lake.app.inject({ method: 'PUT', url: '/lake/v1/labels/Web', headers })
  const [web, other] = [await agent(['Web']), await agent()]
  assert.deepEqual((await put('WEB', { schedule: { mine: query } })).body.warnings, [])
  assert.deepEqual((await web()).schedule.mine, query)
  assert.equal((await other()).schedule.mine, undefined)
  const { body } = await call('GET', '/lake/v1/hosts?pageSize=50')
  const host = body.items.find(({ labels }: { labels: string[] }) => labels.includes('Web'))
  const effective = await call('GET', `/lake/v1/hosts/${host.id}/configuration`)
  const { configuration, bytes, shard, ...shown } = effective.body
  assert.deepEqual(shown, {
    ...{ hostId: host.id, version: '1.0.0 web:2', platform: 'linux' },
    layers: [{ label: 'web', version: 2 }],
  })
  assert.deepEqual(configuration, await web())
  assert.equal(bytes, JSON.stringify(configuration).length)
  assert.ok(shard >= 1 && shard <= 100)
  assert.equal((await call('GET', `/lake/v1/hosts/${newId()}/configuration`)).status, 404)
})

test('what is checked is not saved', async t => {
  const { call } = await open(t)
  const good = await call('POST', `${base}/windows/validate`, { configuration: { schedule: { a: query } } })
  assert.deepEqual(good.body, {
    isValid: true,
    errors: [],
    warnings: [],
    bytes: JSON.stringify({ schedule: { a: query } }).length,
  })
  const bad = await call('POST', `${base}/all/validate`, {
    configuration: { schedule: { a: { query: 'SELECT 1', interval: 0 } } },
  })
  assert.deepEqual([bad.status, bad.body.isValid, bad.body.errors.length], [200, false, 1])
  assert.deepEqual((await call('GET', base)).body, { items: [], shippedVersion: '1.0.0' })
})

const conf = `# a pack
{"platform": "linux", "queries": {"a": {"query": "SELECT 1;", "interval": "60",},},}`

test('a file of osquery or Fleet is converted without being saved', async t => {
  const { call } = await open(t)
  const pack = await call('POST', `${base}/convert?pack=it`, conf)
  assert.deepEqual(pack.body, {
    configuration: { packs: { it: { platform: 'linux', queries: { a: { query: 'SELECT 1;', interval: '60' } } } } },
    ...{ errors: [], warnings: [] },
  })
  const fleet = await call('POST', `${base}/convert`, 'queries:\n- {name: q, query: SELECT, interval: 60}\n')
  assert.equal(fleet.body.configuration.schedule.q.query, 'SELECT')
  assert.equal((await call('POST', `${base}/convert`, '{"a": }')).body.detail, 'line 1:7: this is no value')
  assert.equal((await call('POST', `${base}/convert?format=conf`, 'a: 1')).status, 400)
  assert.equal((await call('POST', `${base}/convert?format=xml`, '{}')).status, 400)
  assert.equal((await call('POST', `${base}/convert`, `queries: ${'x'.repeat(300_000)}`)).status, 413)
  assert.deepEqual((await call('GET', base)).body.items, [])
})

test('an import puts the things of a file among those that are there, and is one version', async t => {
  const { call, put } = await open(t)
  await put(
    'all',
    { schedule: { kept: query, open_sockets: null }, packs: { it: { queries: {} }, other: { queries: {} } } },
    { shippedQueries: true },
  )
  const saved = await call('POST', `${base}/all/import?pack=it&comment=moved`, conf)
  assert.deepEqual([saved.status, saved.body.version, saved.body.comment, saved.body.isNew], [200, 2, 'moved', true])
  const { body } = await call('GET', `${base}/all`)
  assert.equal(body.shippedQueries, true)
  assert.deepEqual(body.configuration, {
    schedule: { kept: query, open_sockets: null },
    packs: {
      it: { platform: 'linux', queries: { a: { query: 'SELECT 1;', interval: '60' } } },
      other: { queries: {} },
    },
  })
  const again = await call('POST', `${base}/all/import?pack=it`, conf)
  assert.deepEqual([again.body.version, again.body.isNew], [2, false])
  const bad = await call('POST', `${base}/all/import`, '{"schedule": {"x": {"query": "DROP", "interval": 1}}}')
  assert.deepEqual([bad.status, bad.body.details.errors[0].path], [400, 'schedule.x.query'])
  const flags = await call(
    'POST',
    `${base}/all/import`,
    '{"options": {"config_plugin": "filesystem", "verbose": true}}',
  )
  assert.deepEqual(flags.body.warnings, [
    { path: 'options.config_plugin', message: "left out: it belongs in the agent's flagfile" },
  ])
})

test("a tenant does not see or change another's", async t => {
  const { lake, put } = await open(t)
  await put('all', { schedule: { a: query } })
  const other = await lake.headersFor((await lake.tenant()).id)
  const list = await lake.app.inject({ method: 'GET', url: base, headers: other })
  assert.deepEqual(list.json().items, [])
  const one = await lake.app.inject({ method: 'GET', url: `${base}/all`, headers: other })
  assert.deepEqual([one.json().version, one.json().configuration], [0, {}])
})
