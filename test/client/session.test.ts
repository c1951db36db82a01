import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSession } from '../../src/client/session.ts'
import { openTransport } from '../../src/client/transport.ts'
import { type ScriptedAnswer, type SeenRequest, scriptedServer, tokenAnswer, tokenPath } from './scripted-server.ts'

const effects = { fetch, random: () => 1, wait: async () => {} }
const credentials = { clientId: 'the-id', clientSecret: 'the-secret' }
const read = { method: 'GET', path: '/thing', isRepeatable: true } as const

/** A server whose nth token is `token-n`, and whose other routes accept what `accepts` accepts. */
function lakeWith(accepts: (bearer: string) => boolean, expiresIn?: number) {
  let tokens = 0
  return scriptedServer((request: SeenRequest): ScriptedAnswer => {
    if (request.path === tokenPath) return tokenAnswer(`token-${++tokens}`, expiresIn)
    const isAccepted = accepts(request.headers.authorization ?? '')
    return isAccepted ? { body: { well: true } } : { status: 401, body: { error: 'Unauthorized' } }
  })
}

const paths = (seen: readonly SeenRequest[]) => seen.map(request => request.path)

test('asks for a token as the contract says, once for several calls', async () => {
  await using server = await lakeWith(bearer => bearer === 'Bearer token-1')
  const session = openSession(openTransport(server.url, effects), credentials, () => 0)
  await Promise.all([session.send(read), session.send(read)])
  await session.send(read)
  assert.deepEqual(paths(server.seen), [tokenPath, '/thing', '/thing', '/thing'])
  assert.equal(
    server.seen[0]?.body.toString(),
    'grant_type=client_credentials&scope=token&client_id=the-id&client_secret=the-secret',
  )
  assert.equal(server.seen[0]?.headers['content-type'], 'application/x-www-form-urlencoded')
})

test('renews a token a minute before it ends', async () => {
  let now = 0
  await using server = await lakeWith(() => true, 3600)
  const session = openSession(openTransport(server.url, effects), credentials, () => now)
  await session.send(read)
  now = 3_539_999
  await session.send(read)
  now = 3_540_000
  await session.send(read)
  assert.deepEqual(paths(server.seen), [tokenPath, '/thing', '/thing', tokenPath, '/thing'])
  assert.equal(server.seen.at(-1)?.headers.authorization, 'Bearer token-2')
})

test('a refused token is renewed and the call repeated once', async () => {
  await using server = await lakeWith(bearer => bearer === 'Bearer token-2')
  const session = openSession(openTransport(server.url, effects), credentials, () => 0)
  assert.equal((await session.send(read)).text, '{"well":true}')
  assert.deepEqual(paths(server.seen), [tokenPath, '/thing', tokenPath, '/thing'])
})

test('calls refused together share one renewal', async () => {
  await using server = await lakeWith(bearer => bearer === 'Bearer token-2')
  const session = openSession(openTransport(server.url, effects), credentials, () => 0)
  await Promise.all([session.send(read), session.send(read), session.send(read)])
  assert.equal(paths(server.seen).filter(path => path === tokenPath).length, 2)
})

test('a second refusal is the answer', async () => {
  await using server = await lakeWith(() => false)
  const session = openSession(openTransport(server.url, effects), credentials, () => 0)
  await assert.rejects(session.send(read), { code: 'unauthenticated', message: 'Unauthorized' })
  assert.deepEqual(paths(server.seen), [tokenPath, '/thing', tokenPath, '/thing'])
})

test('a failed token is not remembered', async () => {
  let isRight = false
  await using server = await scriptedServer(({ path }) => {
    if (path !== tokenPath) return { body: { well: true } }
    const refusal = { errorCode: 'oauth.invalid_client_secret', message: 'Unauthorized', trackingId: 't' }
    return isRight ? tokenAnswer() : { status: 401, body: refusal }
  })
  const session = openSession(openTransport(server.url, effects), credentials, () => 0)
  await assert.rejects(session.send(read), error => {
    assert.ok(error instanceof Error)
    assert.doesNotMatch(JSON.stringify(error) + error.message, /the-secret/)
    return 'code' in error && error.code === 'unauthenticated'
  })
  isRight = true
  await session.send(read)
})

test('an answer without a token is refused', async () => {
  await using server = await scriptedServer(() => ({ body: { expires_in: 3600 } }))
  const session = openSession(openTransport(server.url, effects), credentials, () => 0)
  await assert.rejects(session.send(read), { message: 'the token service answered without a token' })
})
