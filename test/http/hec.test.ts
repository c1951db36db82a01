import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { AppError } from '../../src/model/errors.ts'
import { openTestApp } from '../support/test-app.ts'

const base = '/services/collector'
const line = '{"name":"x","hostIdentifier":"h","columns":{},"action":"added"}'
const body = `{"event":${line}}`
const channel = '0aeeac95-ac74-4aa9-b30d-6c4c0ac581ba'

async function openCollector(context: TestContext, settings: object = {}) {
  const lake = await openTestApp(context, settings)
  const tenant = await lake.tenant()
  const headers = await lake.headersFor(tenant.id)
  const makeToken = async (name = 'shipper') => {
    const url = '/lake/v1/ingest-tokens'
    const made = await lake.app.inject({ method: 'POST', url, headers, payload: JSON.stringify({ name }) })
    return made.json() as { id: string; token: string }
  }
  const { id, token } = await makeToken()
  const post = (path: string, payload: string | Buffer, more: Record<string, string> = {}) =>
    lake.app.inject({
      method: 'POST',
      url: base + path,
      headers: { authorization: `Splunk ${token}`, ...more },
      payload,
    })
  return { lake, tenant, headers, id, token, makeToken, post }
}

type Answer = Awaited<ReturnType<Awaited<ReturnType<typeof openCollector>>['post']>>

function assertHec(answer: Answer, status: number, code: number, text: string, eventNumber?: number): void {
  assert.equal(answer.statusCode, status, answer.body)
  assert.match(String(answer.headers['content-type']), /^application\/json/)
  const place = eventNumber === undefined ? {} : { 'invalid-event-number': eventNumber }
  assert.deepEqual(answer.json(), { text, code, ...place })
}

test('without a token, with a strange one, with one that is unknown or revoked', async t => {
  const { lake, headers, id, token, post } = await openCollector(t)
  for (const path of ['', '/event', '/event/1.0', '/raw', '/raw/1.0', '/ack']) {
    const none = await lake.app.inject({ method: 'POST', url: base + path, payload: body })
    assertHec(none, 401, 2, 'Token is required')
    assertHec(await post(path, body, { authorization: ' ' }), 401, 2, 'Token is required')
    const encode = (text: string) => Buffer.from(text).toString('base64')
    for (const authorization of [
      token,
      `Token ${token}`,
      'Splunk',
      'Splunk a b',
      `Basic ${encode(token)}`,
      'Bearer x',
    ]) {
      assertHec(await post(path, body, { authorization }), 401, 3, 'Invalid authorization')
    }
    const unknown = `edr-ingest-${'0'.repeat(64)}`
    for (const authorization of [
      'Splunk A94A8FE5-CCB1-9BA6-1C4C-000000000000',
      `Splunk ${unknown}`,
      `Bearer ${unknown}`,
      `Basic ${encode(`x:${unknown}`)}`,
    ]) {
      assertHec(await post(path, body, { authorization }), 403, 4, 'Invalid token')
    }
    // A token in the URL would stand in every log on the way.
    const inUrl = await lake.app.inject({ method: 'POST', url: `${base}${path}?token=${token}`, payload: body })
    assertHec(inUrl, 401, 2, 'Token is required')
  }
  await lake.app.inject({ method: 'DELETE', url: `/lake/v1/ingest-tokens/${id}`, headers })
  assertHec(await post('', body), 403, 4, 'Invalid token')
  assert.equal(lake.ingest.bodies.length, 0)
})

test('roles that may not, tenants of others, and a suspended one', async t => {
  const { lake, tenant, post } = await openCollector(t)
  const reader = await lake.headersFor(tenant.id, 'readOnly')
  assertHec(await post('', body, reader), 403, 4, 'Invalid token')
  const foreign = await lake.tenant()
  assertHec(await post('', body, { 'x-tenant-id': foreign.id }), 403, 1, 'Token disabled')
  const { authorization = '' } = await lake.headersFor(tenant.id)
  assertHec(await post('', body, { authorization }), 401, 3, 'Invalid authorization')
  const suspended = await lake.tenant({ status: 'suspended' })
  const principal = await lake.principal({ accountId: suspended.id })
  const token = await lake.token(principal)
  const headers = { authorization: `Bearer ${token}`, 'x-tenant-id': suspended.id }
  assertHec(await post('', body, headers), 403, 1, 'Token disabled')
  assert.equal(lake.ingest.bodies.length, 0)
})

test('the token behind each of the schemes, whatever the case', async t => {
  const { lake, tenant, headers, token, post } = await openCollector(t)
  const basic = Buffer.from(`anything:${token}`).toString('base64')
  const accepted = [
    `Splunk ${token}`,
    `splunk  ${token} `,
    `Bearer ${token}`,
    `Basic ${basic}`,
    `SPLUNK ${token.toUpperCase()}`,
  ]
  for (const authorization of accepted) {
    for (const path of ['', '/', '/event', '/event/1.0', '/raw', '/raw/1.0']) {
      assertHec(await post(path, body, { authorization }), 200, 0, 'Success')
    }
  }
  assertHec(await post('', body, headers), 200, 0, 'Success')
  assert.ok(lake.ingest.bodies.every(each => each.tenantId === tenant.id))
  // The other routes know bearer tokens only.
  const ndjson = await lake.app.inject({
    method: 'POST',
    url: '/lake/v1/ingest/osquery',
    headers: { authorization: `Splunk ${token}` },
    payload: line,
  })
  assert.equal(ndjson.statusCode, 401)
})

test('bad bodies: none, no events, an event that is none, damaged and too large ones', async t => {
  const { lake, post } = await openCollector(t, { bodyBytesMax: 2_000 })
  for (const path of ['', '/event', '/raw']) {
    assertHec(await post(path, ''), 400, 5, 'No data')
    assertHec(await post(path, ' \n'), 400, 5, 'No data')
    assertHec(await post(path, 'x'.repeat(2_001)), 413, 27, 'Request entity too large')
    const gzip = { 'content-encoding': 'gzip' }
    assertHec(await post(path, gzipSync('x'.repeat(2_001)), gzip), 413, 27, 'Request entity too large')
    assertHec(await post(path, body, gzip), 400, 6, 'Invalid data format')
    assertHec(await post(path, gzipSync(body).subarray(0, -4), gzip), 400, 6, 'Invalid data format')
    assertHec(await post(path, body, { 'content-encoding': 'br' }), 415, 6, 'Invalid data format')
    const odd = await post(path, body, { 'x-splunk-request-channel': 'a b' })
    assertHec(odd, 400, 11, 'Invalid data channel')
  }
  const before = lake.ingest.bodies.length
  assertHec(await post('', `${body}{"event":1}{`), 400, 6, 'Invalid data format', 2)
  assertHec(await post('', '{"event":""}'), 400, 13, 'Event field cannot be blank', 0)
  assertHec(await post('', `${body}{"time":1}`), 400, 12, 'Event field is required', 1)
  assertHec(await post('', `${body}{"event":1,"fields":[]}`), 400, 15, 'Error in handling indexed fields', 1)
  assertHec(await post('', `${body}{"event":1,"index":[]}`), 400, 7, 'Incorrect index', 1)
  assert.deepEqual(
    lake.ingest.bodies.slice(before).map(each => each.text.split('\n').length - 1),
    [2, 0, 1, 1, 1],
    'the events before it',
  )
})

test('what ingest refuses, and what nobody expected', async t => {
  const { lake, post } = await openCollector(t)
  lake.ingest.accept = async () => {
    throw new AppError('unavailable', 'the disk is nearly full', { details: { retryAfterSeconds: 30 } })
  }
  const busy = await post('', body)
  assertHec(busy, 503, 9, 'Server is busy')
  assert.equal(busy.headers['retry-after'], '30')
  lake.ingest.accept = async () => {
    throw new Error('/secret is broken')
  }
  assertHec(await post('', body), 500, 8, 'Internal server error')
  assertHec(await post('/other', body), 404, 404, 'The requested URL was not found on this server.')
  const get = await lake.app.inject({ url: `${base}/event` })
  assertHec(get, 405, 405, 'The requested method is not allowed here.')
  assert.equal(get.headers['allow'], 'POST')
})

test('events reach the lake as lines, their sender standing in for a host', async t => {
  const { lake, tenant, post } = await openCollector(t)
  assertHec(await post('', `${body}{"event":"text"}{"event":"text"}`), 200, 0, 'Success')
  assertHec(await post('/raw?host=h&sourcetype=s', gzipSync('a\nb'), { 'content-encoding': 'gzip' }), 200, 0, 'Success')
  const [events, raw] = lake.ingest.bodies.map(each => each.text.split('\n').slice(0, -1))
  assert.equal(events?.[0], line)
  const time = '1770106495.628000'
  const expected = (name: string, host: string, more: string, message: string, at = time) =>
    `{"name":"${name}","hostIdentifier":"${host}","unixTime":${at},` +
    `"decorations":{"hostname":"${host}"${more}},"columns":{"message":"${message}"}}`
  const text = expected('event', '127.0.0.1', '', 'text')
  assert.deepEqual(events?.slice(1), [text, text], 'two in one body are two')
  // Another request at the same millisecond: these are no events sent again.
  const later = '1770106495.628001'
  assert.deepEqual(
    raw,
    ['a', 'b'].map(each => expected('s', 'h', ',"sourcetype":"s"', each, later)),
  )
  assert.ok(lake.ingest.bodies.every(each => each.tenantId === tenant.id && each.options === undefined))
})

test('events that no line can be made of are counted in the answer', async t => {
  const { lake, post } = await openCollector(t)
  lake.ingest.answer = { accepted: 1, duplicates: 0, rejected: { count: 2, first: [] } }
  const answer = await post('', body)
  assert.deepEqual(answer.json(), { text: 'Success', code: 0, rejectedCount: 2 })
})

test('acknowledgements: for what was answered, of this channel, whenever it is asked', async t => {
  const { lake, makeToken, post } = await openCollector(t)
  const header = { 'x-splunk-request-channel': channel }
  const first = (await post('', body, header)).json()
  const second = (await post(`?channel=${channel}`, body)).json()
  assert.deepEqual(Object.keys(first), ['text', 'code', 'ackId'])
  assert.ok(second.ackId > first.ackId)
  const ask = (acks: unknown, headers: Record<string, string> = header) =>
    post('/ack', JSON.stringify({ acks }), headers)
  const both = { [first.ackId]: true, [second.ackId]: true }
  const asked = await ask([first.ackId, 3, second.ackId, first.ackId + 4096])
  assert.equal(asked.statusCode, 200, asked.body)
  assert.deepEqual(asked.json(), { acks: { ...both, 3: false, [first.ackId + 4096]: false } })
  assert.deepEqual((await ask([first.ackId, second.ackId])).json(), { acks: both }, 'again')
  assert.deepEqual((await ask([])).json(), { acks: {} })
  const inUrl = await post(`/ack?channel=${channel}`, gzipSync(`{"acks":[${first.ackId}]}`), {
    'content-encoding': 'gzip',
  })
  assert.deepEqual(inUrl.json(), { acks: { [first.ackId]: true } })
  const other = { authorization: `Splunk ${(await makeToken('other')).token}`, ...header }
  assert.deepEqual((await ask([first.ackId], other)).json(), { acks: { [first.ackId]: true } }, 'of the tenant')

  assertHec(await ask([1], {}), 400, 10, 'Data channel is missing')
  assertHec(await ask([1], { 'x-splunk-request-channel': '<>' }), 400, 11, 'Invalid data channel')
  for (const acks of [undefined, null, 1, ['1'], [-1], [1.5], [2 ** 53], Array.from({ length: 10_001 }, () => 1)]) {
    assertHec(await ask(acks), 400, 6, 'Invalid data format')
  }
  assertHec(await post('/ack', 'acks', header), 400, 6, 'Invalid data format')
  lake.now += 31 * 86_400_000
  assert.deepEqual((await ask([first.ackId])).json(), { acks: { [first.ackId]: false } }, 'a month later')
})

test('no acknowledgement for a batch that was refused', async t => {
  const { post } = await openCollector(t)
  assertHec(await post('', `${body}{`, { 'x-splunk-request-channel': channel }), 400, 6, 'Invalid data format', 1)
})

test('health: open to anybody, and says when the token shown is wrong', async t => {
  const { lake, token } = await openCollector(t)
  const ask = (path: string, headers: Record<string, string> = {}) => lake.app.inject({ url: base + path, headers })
  for (const path of ['/health', '/health/1.0']) {
    assertHec(await ask(path), 200, 17, 'HEC is healthy')
    assertHec(await ask(path, { authorization: `Splunk ${token}` }), 200, 17, 'HEC is healthy')
    const wrong = { authorization: `Splunk edr-ingest-${'0'.repeat(64)}` }
    assertHec(await ask(path, wrong), 400, 21, 'Invalid token')
  }
  lake.health.push({ name: 'disk', isOk: false })
  assertHec(await ask('/health'), 503, 18, 'HEC is unhealthy, queues are full')
})

test('lines are counted by the way they came and what came of them', async t => {
  const { lake, headers, post } = await openCollector(t)
  lake.ingest.answer = { accepted: 3, duplicates: 2, rejected: { count: 1, first: [] } }
  await post('', body)
  await post('/raw', 'x')
  const lines = (query: string) =>
    lake.app.inject({ method: 'POST', url: `/lake/v1/ingest/osquery${query}`, headers, payload: line })
  await lines('')
  await lines('?importId=a')
  await lake.app.inject({ method: 'POST', url: '/lake/v1/ingest/tables/xgfw_data', headers, payload: '{}' })
  const { body: text } = await lake.app.inject({ url: '/metrics' })
  const counted = [...text.matchAll(/^edr_lake_ingest_lines_total\{way="(\w+)",outcome="(\w+)"\} (\d+)$/gm)]
  assert.deepEqual(
    counted.map(([, way, outcome, count]) => `${way} ${outcome} ${count}`),
    [
      ...['hec accepted 6', 'hec duplicate 4', 'hec rejected 2'],
      ...['lines accepted 3', 'lines duplicate 2', 'lines rejected 1'],
      ...['import accepted 3', 'import duplicate 2', 'import rejected 1'],
      ...['table accepted 3', 'table duplicate 2', 'table rejected 1'],
    ],
  )
})
