import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { issueTokens, type TokenRequest } from '../../src/auth/issue.ts'
import { registerPrincipal, rotateSecret } from '../../src/auth/register.ts'
import { openSigningKeys } from '../../src/auth/signing-keys.ts'
import { openVerifier } from '../../src/auth/verify.ts'
import { openStore } from '../../src/db/db.ts'
import { disablePrincipal } from '../../src/db/principals.ts'
import { refreshTokenMs, refreshTokensPerPrincipalMax } from '../../src/limits.ts'

// The token service by the clauses of RFC 6749.

async function openIssuer(context: TestContext, expiresAt?: number) {
  const store = openStore(':memory:')
  context.after(() => store.destroy())
  const time = { now: Date.UTC(2026, 1, 3) }
  const clock = () => time.now
  const keys = await openSigningKeys(store, clock)
  const service = { store, keys, secretKey: Buffer.alloc(32, 3), clock }
  const credentials = await registerPrincipal(service, {
    accountType: 'tenant',
    accountId: 'tenant-1',
    role: 'forensics',
    name: 'test',
    ...(expiresAt === undefined ? {} : { expiresAt }),
  })
  const request = (members: Partial<TokenRequest> = {}): TokenRequest => ({
    grantType: 'client_credentials',
    clientId: credentials.clientId,
    clientSecret: credentials.clientSecret,
    scope: 'token',
    refreshToken: undefined,
    ...members,
  })
  const issue = (members: Partial<TokenRequest> = {}) => issueTokens(service, request(members))
  const verify = openVerifier(service)
  const callerOf = (token: string) => verify(`Bearer ${token}`)
  return { store, time, service, credentials, issue, callerOf }
}

const oauth = (code: string, word: string) => ({ code, details: { oauth: word } })
const wrongClient = { ...oauth('unauthenticated', 'invalid_client_secret'), message: 'Unauthorized' }

test('§4.4.3: client credentials give a token of an hour and a refresh token', async t => {
  const { issue, callerOf, credentials } = await openIssuer(t)
  const issued = await issue()
  assert.equal(issued.expiresInSeconds, 3600)
  assert.match(issued.refreshToken, /^[0-9a-f]{64}$/)
  assert.deepEqual(await callerOf(issued.accessToken), {
    principalId: credentials.principalId,
    accountType: 'tenant',
    accountId: 'tenant-1',
    role: 'forensics',
  })
})

test('§3.3: the scope may be left out; any other than token is refused', async t => {
  const { issue } = await openIssuer(t)
  assert.ok(await issue({ scope: undefined }))
  await assert.rejects(issue({ scope: 'admin' }), oauth('invalid_argument', 'invalid_scope'))
})

test('§5.2: no grant, an unknown grant, a grant without its token', async t => {
  const { issue } = await openIssuer(t)
  await assert.rejects(issue({ grantType: undefined }), oauth('invalid_argument', 'invalid_request'))
  await assert.rejects(issue({ grantType: 'password' }), oauth('invalid_argument', 'unsupported_grant_type'))
  await assert.rejects(issue({ grantType: 'refresh_token' }), oauth('invalid_argument', 'invalid_request'))
})

test('§5.2: a wrong secret, an unknown client and a missing part', async t => {
  const { issue } = await openIssuer(t)
  await assert.rejects(issue({ clientSecret: '0'.repeat(64) }), wrongClient)
  await assert.rejects(issue({ clientId: '11111111-1111-4111-8111-111111111111' }), wrongClient)
  await assert.rejects(issue({ clientId: 'nobody' }), wrongClient)
  await assert.rejects(issue({ clientId: undefined }), oauth('unauthenticated', 'invalid_client_id'))
  await assert.rejects(issue({ clientSecret: undefined }), wrongClient)
})

test('the letter case of the client id does not matter', async t => {
  const { issue, credentials } = await openIssuer(t)
  assert.ok(await issue({ clientId: credentials.clientId.toUpperCase() }))
})

test('a disabled and an expired client are refused like a wrong secret', async t => {
  const { issue, store, credentials } = await openIssuer(t)
  await disablePrincipal(store, 'tenant-1', credentials.principalId, 1)
  await assert.rejects(issue(), wrongClient)
  const expiring = await openIssuer(t, Date.UTC(2026, 1, 4))
  assert.ok(await expiring.issue())
  expiring.time.now = Date.UTC(2026, 1, 4)
  await assert.rejects(expiring.issue(), wrongClient)
})

test('§6: a refresh token is good for one use, by its own client', async t => {
  const { issue, callerOf } = await openIssuer(t)
  const first = await issue()
  const second = await issue({ grantType: 'refresh_token', refreshToken: first.refreshToken, scope: undefined })
  assert.ok(await callerOf(second.accessToken))
  assert.notEqual(second.refreshToken, first.refreshToken)
  const refused = oauth('invalid_argument', 'invalid_grant')
  await assert.rejects(issue({ grantType: 'refresh_token', refreshToken: first.refreshToken }), refused)
  await assert.rejects(issue({ grantType: 'refresh_token', refreshToken: 'f'.repeat(64) }), refused)
})

test("§6: the client authenticates; another client's refresh token is nothing to it", async t => {
  const { issue, service } = await openIssuer(t)
  const { refreshToken } = await issue()
  const grantType = 'refresh_token'
  await assert.rejects(issue({ grantType, refreshToken, clientSecret: 'x' }), wrongClient)
  const other = await registerPrincipal(service, {
    accountType: 'tenant',
    accountId: 'tenant-2',
    role: 'superAdmin',
    name: 'other',
  })
  const { clientId, clientSecret } = other
  const stolen = issue({ grantType, refreshToken, clientId, clientSecret })
  await assert.rejects(stolen, oauth('invalid_argument', 'invalid_grant'))
  assert.ok(await issue({ grantType, refreshToken }), 'and it is still its own')
})

test('§6: of two that refresh with one token at once, exactly one succeeds', async t => {
  const { issue } = await openIssuer(t)
  const { refreshToken } = await issue()
  const both = [1, 2].map(() => issue({ grantType: 'refresh_token', refreshToken }))
  const outcomes = (await Promise.allSettled(both)).map(outcome => outcome.status).sort()
  assert.deepEqual(outcomes, ['fulfilled', 'rejected'])
})

test('a refresh token ends after its time', async t => {
  const { issue, time } = await openIssuer(t)
  const { refreshToken } = await issue()
  time.now += refreshTokenMs
  await assert.rejects(issue({ grantType: 'refresh_token', refreshToken }), oauth('invalid_argument', 'invalid_grant'))
})

test('expired refresh tokens of others are cleared away when one is issued', async t => {
  const { issue, service, store, time } = await openIssuer(t)
  await issue()
  time.now += refreshTokenMs
  const account = { accountType: 'tenant', accountId: 'tenant-2', role: 'superAdmin', name: 'other' } as const
  const { clientId, clientSecret } = await registerPrincipal(service, account)
  await issue({ clientId, clientSecret })
  assert.equal((await store.selectFrom('refresh_tokens').selectAll().execute()).length, 1)
})

test('of a client that never refreshes only the newest tokens are kept', async t => {
  const { issue, store, time } = await openIssuer(t)
  const first = await issue()
  for (let count = 0; count < refreshTokensPerPrincipalMax; count += 1) {
    time.now += 1
    await issue()
  }
  const rows = await store.selectFrom('refresh_tokens').selectAll().execute()
  assert.equal(rows.length, refreshTokensPerPrincipalMax)
  await assert.rejects(issue({ grantType: 'refresh_token', refreshToken: first.refreshToken }))
})

test('the store holds no secret and no refresh token in the clear', async t => {
  const { issue, store, credentials } = await openIssuer(t)
  const { refreshToken } = await issue()
  const secrets = JSON.stringify(await store.selectFrom('client_secrets').selectAll().execute())
  const tokens = JSON.stringify(await store.selectFrom('refresh_tokens').selectAll().execute())
  assert.equal(secrets.includes(credentials.clientSecret), false)
  assert.equal(tokens.includes(refreshToken), false)
})

test('a rotated secret works at once, the old one until the overlap ends', async t => {
  const { issue, service, credentials, time } = await openIssuer(t)
  const fresh = await rotateSecret(service, credentials.principalId, 1000)
  assert.ok(await issue({ clientSecret: fresh }))
  assert.ok(await issue())
  time.now += 1000
  await assert.rejects(issue(), wrongClient)
  assert.ok(await issue({ clientSecret: fresh }))
})
