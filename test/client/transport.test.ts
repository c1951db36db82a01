import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ApiRequest, openTransport, type TransportEffects } from '../../src/client/transport.ts'
import { type ScriptedAnswer, type ScriptedServer, scriptedServer } from './scripted-server.ts'

/** Effects whose waiting takes no time and is written down. */
function effects(waits: number[] = []): TransportEffects {
  return {
    fetch,
    random: () => 1,
    wait: async ms => {
      waits.push(ms)
    },
  }
}

/** Gives its answers in turn, the last one for ever. */
function inTurn(...answers: readonly ScriptedAnswer[]): Promise<ScriptedServer> {
  let next = 0
  return scriptedServer(() => answers[Math.min(next++, answers.length - 1)] ?? {})
}

const read: ApiRequest = { method: 'GET', path: '/thing', isRepeatable: true }
const write: ApiRequest = { method: 'POST', path: '/thing', body: 'x', isRepeatable: false }

test('sends the query without undefined members and returns the body', async () => {
  await using server = await inTurn({ body: { well: true } })
  const answer = await openTransport(`${server.url}//`, effects()).send({
    ...read,
    query: { a: 'x y', b: undefined, c: 3 },
  })
  assert.deepEqual(answer, { kind: 'answer', status: 200, text: '{"well":true}' })
  assert.deepEqual(
    server.seen.map(({ method, path, query }) => ({ method, path, query })),
    [{ method: 'GET', path: '/thing', query: { a: 'x y', c: '3' } }],
  )
})

test('429 waits as long as the server says', async () => {
  const waits: number[] = []
  await using server = await inTurn({ status: 429, headers: { 'retry-after': '3' } }, { body: { well: true } })
  await openTransport(server.url, effects(waits)).send(write)
  assert.deepEqual(waits, [3000])
  assert.equal(server.seen.length, 2)
})

test('503 is repeated ever later, a bounded number of times', async () => {
  const waits: number[] = []
  await using server = await inTurn({ status: 503, body: { title: 'unavailable', detail: 'the disk is full' } })
  await assert.rejects(openTransport(server.url, effects(waits)).send(write), {
    name: 'AppError',
    code: 'unavailable',
    message: 'the disk is full',
  })
  assert.deepEqual(waits, [250, 500, 1000, 2000, 4000, 8000])
  assert.equal(server.seen.length, 7)
})

test('a lost connection is repeated only where that does no harm', async () => {
  const waits: number[] = []
  await using server = await inTurn({ body: 'cut' }, { body: 'cut' }, { body: { well: true } })
  const transport = openTransport(server.url, effects(waits))
  await assert.rejects(transport.send(write), { code: 'unavailable', message: /^cannot reach http:.*was cut$/ })
  assert.deepEqual(waits, [])
  assert.equal((await transport.send(read)).text, '{"well":true}')
  assert.deepEqual(waits, [250])
})

test('nobody listening is one sentence that says what to do', async () => {
  const server = await inTurn({})
  await server[Symbol.asyncDispose]()
  await assert.rejects(openTransport(server.url, effects()).send(write), {
    code: 'unavailable',
    message: `cannot reach ${server.url}: connection refused (is the lake running? \`npm start\`)`,
  })
})

test('a refusal keeps the words of each kind of body', async () => {
  const bodies: readonly (readonly [ScriptedAnswer, string, string])[] = [
    [
      { status: 400, body: { error: 'ValidationException', message: 'bad from', requestId: 'r1' } },
      'invalid_argument',
      'bad from',
    ],
    [{ status: 401, body: { error: 'Unauthorized', correlationId: 'c' } }, 'unauthenticated', 'Unauthorized'],
    [
      { status: 401, body: { errorCode: 'oauth.invalid_client_secret', message: 'Unauthorized', trackingId: 't' } },
      'unauthenticated',
      'Unauthorized',
    ],
    [{ status: 403, body: { error: 'Forbidden' } }, 'permission_denied', 'Forbidden'],
    [
      { status: 404, body: { type: 'about:blank', title: 'Not Found', detail: 'no such run' } },
      'not_found',
      'no such run',
    ],
    [{ status: 413, body: '<html>too large</html>' }, 'too_large', 'the server answered 413'],
    [{ status: 500, body: '[]' }, 'internal', 'the server answered 500'],
    [{ status: 502, body: '' }, 'internal', 'the server answered 502'],
  ]
  for (const [answer, code, message] of bodies) {
    await using server = await inTurn(answer)
    await assert.rejects(openTransport(server.url, effects()).send(read), { name: 'AppError', code, message })
  }
})

test('details of a refusal are handed on', async () => {
  await using server = await inTurn({
    status: 400,
    body: { error: 'ValidationException', message: 'no such column', requestId: 'r1', details: { line: 2, column: 8 } },
  })
  await assert.rejects(openTransport(server.url, effects()).send(read), {
    details: { status: 400, line: 2, column: 8, requestId: 'r1' },
  })
})

test('a redirect is not followed: the token goes to the named origin only', async () => {
  await using server = await inTurn({ status: 302, headers: { location: 'http://127.0.0.1:1/' } })
  await assert.rejects(openTransport(server.url, effects()).send(write), { code: 'unavailable' })
  assert.equal(server.seen.length, 1)
})

test('an abort ends a request and a wait', async () => {
  await using server = await inTurn({ status: 503 })
  const controller = new AbortController()
  const transport = openTransport(server.url, {
    ...effects(),
    wait: async () => controller.abort(new Error('enough')),
  })
  await assert.rejects(transport.send({ ...read, signal: controller.signal }), { code: 'canceled' })
  await assert.rejects(transport.send({ ...read, signal: controller.signal }), { code: 'canceled' })
  assert.equal(server.seen.length, 1)
})
