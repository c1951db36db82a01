import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { decodeProtectedHeader } from 'jose'
import { failedLoginsPerMinuteMax, requestBytesMax } from '../../src/limits.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertTokenError } from './error-bodies.ts'

const url = '/api/v2/oauth2/token'

async function openTokens(context: TestContext) {
  const lake = await openTestApp(context)
  const tenant = await lake.tenant()
  const credentials = await lake.principal({ accountId: tenant.id })
  const form = (members: Record<string, string> = {}) =>
    new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: credentials.clientId,
      client_secret: credentials.clientSecret,
      scope: 'token',
      ...members,
    }).toString()
  const post = (payload: string | Buffer, headers: Record<string, string> = {}) =>
    lake.app.inject({ method: 'POST', url, payload, headers })
  return { lake, credentials, form, post }
}

test('the seven keys, and no other', async t => {
  const { form, post } = await openTokens(t)
  const answer = await post(form(), { 'content-type': 'application/x-www-form-urlencoded' })
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.headers['cache-control'], 'no-store')
  const { access_token, refresh_token, trackingId, ...rest } = answer.json()
  assert.deepEqual(rest, { errorCode: 'success', expires_in: 3600, message: 'OK', token_type: 'bearer' })
  assert.match(refresh_token, /^[0-9a-f]{64}$/)
  assert.match(trackingId, /^[0-9a-f-]{36}$/)
  assert.deepEqual(Object.keys(decodeProtectedHeader(access_token)).sort(), ['alg', 'kid', 'typ'])
})

test('form, JSON and Basic, with any content type or none', async t => {
  const { form, post, credentials } = await openTokens(t)
  const json = JSON.stringify(Object.fromEntries(new URLSearchParams(form())))
  const basic = `Basic ${Buffer.from(`${credentials.clientId}:${credentials.clientSecret}`).toString('base64')}`
  const short = 'grant_type=client_credentials&scope=token'
  const answers = [
    await post(form()),
    await post(form(), { 'content-type': 'application/json' }),
    await post(form(), { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' }),
    await post(json),
    await post(json, { 'content-type': 'application/json' }),
    await post(json, { 'content-type': 'text/plain' }),
    await post(short, { authorization: basic, 'content-type': 'application/x-www-form-urlencoded' }),
  ]
  for (const answer of answers) assert.equal(answer.statusCode, 200, answer.body)
})

test('a refresh by JSON as the vendor sends it, once', async t => {
  const { form, post, credentials } = await openTokens(t)
  const { refresh_token } = (await post(form())).json()
  const body = JSON.stringify({
    client_id: credentials.clientId,
    client_secret: credentials.clientSecret,
    grant_type: 'refresh_token',
    refresh_token,
  })
  const answer = await post(body, { 'content-type': 'application/json' })
  assert.equal(answer.statusCode, 200)
  assert.equal(Object.keys(answer.json()).length, 7)
  assertTokenError(await post(body), 400, 'oauth.invalid_grant')
})

test('three keys for every refusal', async t => {
  const { form, post } = await openTokens(t)
  const wrong = await post(form({ client_secret: '0'.repeat(64) }))
  assertTokenError(wrong, 401, 'oauth.invalid_client_secret', 'Unauthorized')
  const unknown = await post(form({ client_id: '11111111-1111-4111-8111-111111111111' }))
  assertTokenError(unknown, 401, 'oauth.invalid_client_secret', 'Unauthorized')
  assertTokenError(await post(form({ client_id: '' })), 401, 'oauth.invalid_client_id')
  assertTokenError(await post(form({ grant_type: '' })), 400, 'oauth.invalid_request', 'grant_type is missing')
  assertTokenError(await post(form({ grant_type: 'password' })), 400, 'oauth.unsupported_grant_type')
  assertTokenError(await post(form({ scope: 'all' })), 400, 'oauth.invalid_scope')
  assertTokenError(await post(`${form()}&scope=token`), 400, 'oauth.invalid_request', 'scope is given more than once')
  assertTokenError(await post('{"grant_type":'), 400, 'oauth.invalid_request')
  assertTokenError(await post(''), 400, 'oauth.invalid_request')
  assert.equal((await post(form(), { 'content-type': 'nonsense' })).statusCode, 200)
  assertTokenError(await post(Buffer.from([0xff, 0xfe])), 400, 'oauth.invalid_request', 'the body is not UTF-8')
})

test('three keys for what a framework would refuse by itself', async t => {
  const { lake, form, post } = await openTokens(t)
  assertTokenError(await post('x'.repeat(requestBytesMax + 1)), 413, 'oauth.invalid_request')
  assertTokenError(await post(form(), { 'content-encoding': 'gzip' }), 415, 'oauth.invalid_request')
  const get = await lake.app.inject({ method: 'GET', url })
  assertTokenError(get, 405, 'oauth.method_not_allowed', 'GET is not allowed here, only POST')
  assert.equal(get.headers['allow'], 'POST')
  assertTokenError(await lake.app.inject({ method: 'POST', url: '/api/v2/oauth2/tokens' }), 404, 'oauth.not_found')
})

test('RFC 6749 §5.2: a client that tried Basic is told of Basic', async t => {
  const { post } = await openTokens(t)
  const basic = `Basic ${Buffer.from('a:b').toString('base64')}`
  const answer = await post('grant_type=client_credentials', { authorization: basic })
  assert.equal(answer.statusCode, 401)
  assert.equal(answer.headers['www-authenticate'], 'Basic realm="edr-lake"')
})

test('guessing is slowed for one client id and address; neither others nor the honest feel it', async t => {
  const { lake, credentials, form, post } = await openTokens(t)
  for (let count = 0; count < 2 * failedLoginsPerMinuteMax; count += 1) {
    assert.equal((await post(form())).statusCode, 200)
  }
  for (let count = 0; count < failedLoginsPerMinuteMax; count += 1) {
    assert.equal((await post(form({ client_secret: 'guess' }))).statusCode, 401)
  }
  const refused = await post(form())
  assertTokenError(refused, 429, 'oauth.slow_down', /^too many calls: window 'failed logins' allows 10, try again at /)
  assert.match(String(refused.headers['retry-after']), /^[1-9]\d*$/)
  const elsewhere = await lake.app.inject({ method: 'POST', url, payload: form(), remoteAddress: '192.0.2.7' })
  assert.equal(elsewhere.statusCode, 200)
  const other = await lake.principal({ accountId: credentials.principalId })
  assert.equal((await post(form({ client_id: other.clientId, client_secret: other.clientSecret }))).statusCode, 200)
})

test('an unknown client id is slowed exactly like a known one', async t => {
  const { form, post } = await openTokens(t)
  const statuses = []
  for (let count = 0; count <= failedLoginsPerMinuteMax; count += 1) {
    statuses.push((await post(form({ client_id: 'nobody' }))).statusCode)
  }
  assert.deepEqual(statuses, [...Array(failedLoginsPerMinuteMax).fill(401), 429])
})

test('the key set is public and verifies the tokens', async t => {
  const { lake, form, post } = await openTokens(t)
  const { access_token } = (await post(form())).json()
  const answer = await lake.app.inject({ url: '/.well-known/jwks.json' })
  assert.equal(answer.statusCode, 200)
  const { kid } = decodeProtectedHeader(access_token)
  assert.deepEqual(
    answer.json().keys.map((key: { kid: string }) => key.kid),
    [kid],
  )
  assert.equal(answer.body.includes('"d"'), false)
})

test('no token, secret or key is ever logged', async t => {
  const { lake, credentials, form, post } = await openTokens(t)
  const { access_token, refresh_token } = (await post(form())).json()
  await post(form({ client_secret: 'wrong-secret-text' }))
  await lake.app.inject({ url: '/whoami/v1', headers: { authorization: `Bearer ${access_token}` } })
  const log = lake.logLines.join('')
  assert.match(log, /"msg":"request"/)
  for (const secret of [access_token, refresh_token, credentials.clientSecret, 'wrong-secret-text', 'Bearer']) {
    assert.equal(log.includes(secret), false)
  }
})
