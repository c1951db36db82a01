import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { AppError } from '../../src/model/errors.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertProblem } from './error-bodies.ts'

const url = '/lake/v1/ingest/osquery'
const line = '{"name":"x","hostIdentifier":"h","columns":{},"action":"added"}\n'

async function openIngest(context: TestContext, settings: object = {}) {
  const lake = await openTestApp(context, settings)
  const tenant = await lake.tenant()
  const headers = await lake.headersFor(tenant.id)
  const post = (payload: string | Buffer | undefined, more: Record<string, string> = {}, query = '') =>
    lake.app.inject({
      method: 'POST',
      url: url + query,
      headers: { ...headers, ...more },
      ...(payload === undefined ? {} : { payload }),
    })
  return { lake, tenant, headers, post }
}

test('lines reach the lake byte for byte, plain or gzip, whatever the content type', async t => {
  const { lake, tenant, post } = await openIngest(t)
  const gzip = { 'content-encoding': 'gzip' }
  const answers = [
    await post(line),
    await post(line, { 'content-type': 'application/x-ndjson' }),
    await post(line, { 'content-type': 'application/json', 'content-encoding': 'identity' }),
    await post(gzipSync(line), gzip),
    await post(gzipSync(line), { 'content-encoding': 'X-GZIP' }),
    await post(Buffer.concat([gzipSync(line.slice(0, 9)), gzipSync(line.slice(9))]), gzip),
  ]
  for (const answer of answers) {
    assert.equal(answer.statusCode, 200, answer.body)
    assert.deepEqual(answer.json(), { accepted: 1, duplicates: 0, rejected: [], rejectedCount: 0 })
  }
  for (const body of lake.ingest.bodies) assert.deepEqual(body, { tenantId: tenant.id, text: line, options: undefined })
  assert.equal(lake.ingest.bodies.length, answers.length)
})

test('the answer counts all and names the first rejected lines', async t => {
  const { lake, post } = await openIngest(t)
  lake.ingest.answer = {
    accepted: 3,
    duplicates: 2,
    rejected: { count: 40, first: [{ line: 7, reason: 'not a JSON object' }] },
  }
  assert.deepEqual((await post(line)).json(), {
    accepted: 3,
    duplicates: 2,
    rejected: [{ line: 7, reason: 'not a JSON object' }],
    rejectedCount: 40,
  })
})

test('an import names itself and its place in the file', async t => {
  const { lake, post } = await openIngest(t)
  assert.equal((await post(line, {}, '?importId=file-1&firstLine=1001')).statusCode, 200)
  assert.deepEqual(lake.ingest.bodies[0]?.options, { importId: 'file-1', firstLine: 1001 })
  assertProblem(await post(line, {}, '?firstLine=2'), 400, 'invalid_argument', 'firstLine needs importId')
  assertProblem(await post(line, {}, '?importId=a%20b'), 400, 'invalid_argument')
})

test('no body at all is an empty one', async t => {
  const { lake, post } = await openIngest(t)
  assert.equal((await post(undefined)).statusCode, 200)
  assert.equal((await post('')).statusCode, 200)
  assert.deepEqual(
    lake.ingest.bodies.map(body => body.text),
    ['', ''],
  )
})

test('too large: by its length, while it comes, and after inflating a bomb', async t => {
  const { lake, headers, post } = await openIngest(t, { bodyBytesMax: 1000 })
  const large = { code: 'too_large', message: 'the body is larger than 1000 bytes' } as const
  assertProblem(await post('x'.repeat(1001)), 413, large.code, large.message)
  assert.equal((await post('x'.repeat(1000))).statusCode, 200)
  const bomb = gzipSync(Buffer.alloc(10_000_000))
  assert.ok(bomb.length > 1000)
  const small = gzipSync(Buffer.alloc(100_000))
  assert.ok(small.length < 1000)
  assertProblem(await post(bomb, { 'content-encoding': 'gzip' }), 413, large.code, large.message)
  assertProblem(await post(small, { 'content-encoding': 'gzip' }), 413, large.code, large.message)
  assert.equal(lake.ingest.bodies.length, 1)

  await lake.app.listen({ host: '127.0.0.1', port: 0 })
  const origin = lake.app.listeningOrigin
  const chunks = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(600))
    },
  })
  const streamed = await fetch(origin + url, { method: 'POST', headers, body: chunks, duplex: 'half' })
  assert.equal(streamed.status, 413)
  assert.equal(streamed.headers.get('connection'), 'close')
  const gzip = { ...headers, 'content-encoding': 'gzip' }
  const inflated = await fetch(origin + url, { method: 'POST', headers: gzip, body: new Uint8Array(small) })
  assert.equal(inflated.status, 413)
  const lines = lake.logLines.map(line => JSON.parse(line)).filter(line => line.status === 413)
  assert.deepEqual(lines.map(line => line.address).slice(-2), ['127.0.0.1', '127.0.0.1'])
  assert.deepEqual(
    lake.logLines.filter(line => JSON.parse(line).level >= 50),
    [],
  )
})

test('damaged and cut gzip, and encodings we do not know', async t => {
  const { post } = await openIngest(t)
  const gzip = { 'content-encoding': 'gzip' }
  const whole = gzipSync(line)
  assertProblem(await post(line, gzip), 400, 'invalid_argument', 'the gzip body is damaged')
  assertProblem(
    await post(whole.subarray(0, whole.length - 4), gzip),
    400,
    'invalid_argument',
    'the gzip body is damaged',
  )
  const deflate = await post(line, { 'content-encoding': 'deflate' })
  assertProblem(deflate, 415, 'unsupported_media_type', 'content encoding "deflate" is not gzip or identity')
})

test('what ingest refuses is a problem with its own words', async t => {
  const { lake, post } = await openIngest(t)
  lake.ingest.accept = async () => {
    throw new AppError('unavailable', 'the disk is nearly full', { details: { retryAfterSeconds: 30 } })
  }
  const answer = await post(line)
  assertProblem(answer, 503, 'unavailable', 'the disk is nearly full')
  assert.equal(answer.headers['retry-after'], '30')
})

test('an import is told where to go on, in its answer and beforehand', async t => {
  const { lake, tenant, headers, post } = await openIngest(t)
  lake.ingest.answer = { accepted: 1, duplicates: 0, rejected: { count: 0, first: [] }, nextLine: 8 }
  assert.equal((await post(line, {}, '?importId=a&firstLine=7')).json().nextLine, 8)
  lake.ingest.positions.set(`${tenant.id}/a`, 8)
  const ask = (payload: string) => lake.app.inject({ method: 'POST', url: '/lake/v1/ingest/imports', headers, payload })
  const answer = await ask(JSON.stringify({ ids: ['a', 'b'] }))
  assert.equal(answer.statusCode, 200, answer.body)
  assert.deepEqual(answer.json(), { positions: { a: 8 } })
  const wrong = ['', '[]', '{}', '{"ids":[]}', '{"ids":["a b"]}', '{"ids":[1]}', '{"ids":"a"}']
  wrong.push(JSON.stringify({ ids: Array.from({ length: 1001 }, (_, index) => `i${index}`) }))
  for (const payload of wrong) assertProblem(await ask(payload), 400, 'invalid_argument')
})

test('rows of a table go where the path says, whatever its letters', async t => {
  const { lake, tenant, headers } = await openIngest(t)
  const row = '{"src_ip":"10.0.0.1"}\n'
  const post = (table: string) =>
    lake.app.inject({ method: 'POST', url: `/lake/v1/ingest/tables/${table}`, headers, payload: row })
  const answer = await post('XGFW_data?importId=a&firstLine=3')
  assert.equal(answer.statusCode, 200, answer.body)
  assert.deepEqual(lake.ingest.bodies, [
    { tenantId: tenant.id, text: row, options: { importId: 'a', firstLine: 3, table: 'xgfw_data' } },
  ])
  // The wide table's rows are osquery's lines; the others are the lake's own.
  for (const table of ['xdr_data', 'xdr_ext_data', 'lake_reports', 'nowhere']) {
    const refused = await post(table)
    assert.equal(refused.statusCode, 404, refused.body)
    assert.match(
      refused.json().detail ?? refused.body,
      /rows go into xdr_ioc_view, xdr_ti_data, mdr_ioc_all, xgfw_data/,
    )
  }
  assert.equal(lake.ingest.bodies.length, 1)
})
