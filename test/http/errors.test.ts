import assert from 'node:assert/strict'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { retryAfterSeconds, statusOf, toRequestError } from '../../src/http/error-status.ts'
import type { App } from '../../src/http/instance.ts'
import { AppError, errorCodes } from '../../src/model/errors.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertProblem, assertTokenError, assertXdrError } from './error-bodies.ts'

test('unknown paths answer in the form of their part of the tree', async t => {
  const { app } = await openTestApp(t)
  const get = (url: string) => app.inject({ url })
  for (const url of ['/', '/xdr-query/v1/nothing', '/xdr-query/v1/queries/runs/a/b/c', '/lakes', '/favicon.ico']) {
    assertXdrError(await get(url), 404, 'resourceNotFound', `there is nothing at ${url}`)
  }
  assertTokenError(await get('/api/v2/oauth2/other'), 404, 'oauth.not_found')
  for (const url of ['/lake/v1/nothing', '/lake', '//lake/v1/x', '/.well-known/other', '/metrics/x']) {
    assertProblem(await get(url), 404, 'not_found')
  }
})

test('a wrong method says which ones are right', async t => {
  const { app } = await openTestApp(t)
  const methods: readonly (readonly [string, 'DELETE' | 'PUT' | 'GET', string])[] = [
    ['/xdr-query/v1/queries/runs', 'PUT', 'GET, HEAD, POST'],
    ['/xdr-query/v1/queries/runs/abc/', 'PUT', 'DELETE, GET, HEAD'],
    ['/xdr-query/v1/queries/runs/abc/cancel', 'GET', 'POST'],
    ['/xdr-query/v1/queries', 'DELETE', 'GET, HEAD'],
  ]
  for (const [url, method, allow] of methods) {
    const answer = await app.inject({ method, url })
    assertXdrError(answer, 405, 'MethodNotAllowed', `${method} is not allowed here, only ${allow}`)
    assert.equal(answer.headers['allow'], allow)
  }
  const ingest = await app.inject({ url: '/lake/v1/ingest/osquery' })
  assertProblem(ingest, 405, 'method_not_allowed', 'GET is not allowed here, only POST')
})

test('a URL that cannot be decoded', async t => {
  const { app } = await openTestApp(t)
  assertXdrError(await app.inject({ url: '/xdr-query/v1/%zz' }), 400, 'ValidationException')
  assertProblem(await app.inject({ url: '/lake/v1/%zz' }), 400, 'invalid_argument')
})

test('ids: the request id is ours, the correlation id may be the client’s', async t => {
  const { app } = await openTestApp(t)
  const given = '6F0C1A6E-0F7E-4D5E-9F43-1D6F0B7A2C11'
  const answer = await app.inject({ url: '/nothing', headers: { 'x-correlation-id': given, 'x-request-id': given } })
  assert.equal(answer.json().correlationId, given.toLowerCase())
  assert.notEqual(answer.json().requestId, given.toLowerCase())
  const odd = await app.inject({ url: '/nothing', headers: { 'x-correlation-id': '<script>' } })
  assert.match(odd.json().correlationId, /^[0-9a-f-]{36}$/)
})

test('what nobody expected is one neutral line with an id; the log has the whole of it', async t => {
  const lake = await openTestApp(t)
  const tenant = await lake.tenant()
  const headers = await lake.headersFor(tenant.id)
  lake.queries.list = async () => {
    throw new Error('/secret/path is broken')
  }
  const answer = await lake.app.inject({ url: '/xdr-query/v1/queries/runs', headers })
  assertXdrError(answer, 500, 'InternalServerError', 'internal error')
  assert.equal(answer.body.includes('secret'), false)
  const line = lake.logLines.find(each => each.includes('request failed')) ?? ''
  assert.ok(line.includes('/secret/path is broken') && line.includes(answer.json().requestId))
})

test('what a part of the program refuses keeps its kind, and says when to come again', async t => {
  const lake = await openTestApp(t)
  const headers = await lake.headersFor((await lake.tenant()).id)
  const failWith = async (error: AppError) => {
    lake.queries.list = async () => {
      throw error
    }
    return lake.app.inject({ url: '/xdr-query/v1/queries/runs', headers })
  }
  const busy = await failWith(new AppError('unavailable', 'busy', { details: { retryAfterSeconds: 2.1 } }))
  assertXdrError(busy, 503, 'ServiceUnavailable', 'busy')
  assert.equal(busy.headers['retry-after'], '3')
  const logged = () => lake.logLines.map(line => JSON.parse(line))
  assert.equal(logged().findLast(line => line.msg === 'request')?.refusal, 'unavailable')
  // A caller who was told when to come again is no news; one who could not be is.
  assert.equal(
    logged().find(line => line.msg === 'request not served'),
    undefined,
  )
  await failWith(new AppError('unavailable', 'the disk is gone'))
  assert.equal(logged().find(line => line.msg === 'request not served')?.err.message, 'the disk is gone')
  const details = { line: 2, column: 7 }
  const wrong = await failWith(new AppError('invalid_argument', 'no such column', { details }))
  assertXdrError(wrong, 400, 'ValidationException', 'no such column')
  assert.deepEqual(wrong.json().details, details)
})

test('every code has a status; the framework’s refusals become ours', () => {
  for (const code of errorCodes) assert.ok(statusOf[code] >= 400 && statusOf[code] < 600, code)
  const framework = (statusCode: number, code = 'FST_X') =>
    toRequestError(Object.assign(new Error('Body is odd'), { statusCode, code }))
  assert.deepEqual(
    [400, 413, 415, 404, 418].map(status => framework(status).code),
    ['invalid_argument', 'too_large', 'unsupported_media_type', 'not_found', 'invalid_argument'],
  )
  assert.equal(framework(400).message, 'body is odd')
  assert.equal(framework(500).code, 'internal')
  assert.equal(framework(400, 'OTHER').code, 'internal')
  assert.equal(toRequestError('text').code, 'internal')
})

test('seconds to wait are whole and at least one', () => {
  const of = (code: 'rate_limited' | 'conflict', seconds?: number) =>
    retryAfterSeconds(new AppError(code, '', seconds === undefined ? {} : { details: { retryAfterSeconds: seconds } }))
  assert.equal(of('rate_limited', 0.2), 1)
  assert.equal(of('rate_limited'), 5)
  assert.equal(of('conflict'), undefined)
})

/** What the app answers to these very bytes, up to the end of the connection. */
async function answerTo({ server }: App, request: string): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.end(request)
  return text(socket)
}

test('a request without Host is refused with a JSON body', async t => {
  const { app } = await openTestApp(t)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const answer = await answerTo(app, 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n')
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  assert.match(head, /^HTTP\/1\.1 400 Bad Request\r\n/)
  const { code, detail, status } = JSON.parse(body)
  assert.deepEqual([status, code, detail], [400, 'invalid_argument', 'header Host is required'])
  assert.match(await answerTo(app, 'GET /livez HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 OK\r\n/)
})

test('what is not HTTP at all gets a JSON body and the end of the connection', async t => {
  const { app } = await openTestApp(t)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const [head = '', body = ''] = (await answerTo(app, 'NONSENSE\r\n\r\n')).split('\r\n\r\n')
  assert.match(head, /^HTTP\/1\.1 400 Bad Request\r\n/)
  assert.match(head, /\r\nConnection: close/)
  const parsed = JSON.parse(body)
  assert.equal(parsed.error, 'ValidationException')
  assert.equal(parsed.message, 'the request is not valid HTTP')
  assert.equal(parsed.code, '400')
})
