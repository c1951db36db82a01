import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { registerPrincipal } from '../../src/auth/register.ts'
import { openSigningKeys } from '../../src/auth/signing-keys.ts'
import { openVerifier, tokenAudience, tokenIssuer, tokenType } from '../../src/auth/verify.ts'
import { openStore } from '../../src/db/db.ts'
import { disablePrincipal } from '../../src/db/principals.ts'

async function openTest(context: TestContext) {
  const store = openStore(':memory:')
  context.after(() => store.destroy())
  const time = { now: Date.UTC(2026, 1, 3) }
  const clock = () => time.now
  const keys = await openSigningKeys(store, clock)
  const registrar = { store, secretKey: Buffer.alloc(32), clock }
  const account = { accountType: 'tenant', accountId: 't', role: 'readOnly', name: 'n' } as const
  const { principalId } = await registerPrincipal(registrar, { ...account, expiresAt: time.now + 600_000 })
  const current = await keys.current()
  const seconds = time.now / 1000
  const claims = { iss: tokenIssuer, aud: tokenAudience, sub: principalId, iat: seconds, exp: seconds + 3600 }
  const sign = (change: object = {}, header: object = {}, key: CryptoKey | Uint8Array = current.key) =>
    new SignJWT({ ...claims, ...change })
      .setProtectedHeader({ alg: 'EdDSA', kid: current.kid, typ: tokenType, ...header })
      .sign(key)
  const verify = openVerifier({ store, keys, clock })
  return { store, time, keys, current, claims, principalId, sign, verify }
}

const refused = { code: 'unauthenticated', message: 'a valid bearer token is required' }

test('a token of ours names its caller; the scheme may be in any letter case', async t => {
  const { sign, verify, principalId } = await openTest(t)
  const token = await sign()
  const caller = { principalId, accountType: 'tenant', accountId: 't', role: 'readOnly' }
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) assert.deepEqual(await verify(`${scheme} ${token}`), caller)
})

test('headers that hold no bearer token', async t => {
  const { sign, verify } = await openTest(t)
  const token = await sign()
  const headers = [undefined, '', 'Bearer', 'Bearer ', token, `Basic ${token}`, `Bearer ${token} x`, 'Bearer a b', 7]
  for (const header of [...headers, [`Bearer ${token}`], 'Bearer x', 'Bearer a.b.c', `Bearer ${token}x`]) {
    await assert.rejects(verify(header), refused, String(header))
  }
})

test('every claim is checked', async t => {
  const { sign, verify, time } = await openTest(t)
  const past = time.now / 1000
  const changes = [
    { iss: 'urn:other' },
    { iss: undefined },
    { aud: 'urn:other' },
    { aud: undefined },
    { sub: undefined },
    { sub: 'nobody' },
    { exp: past },
    { exp: undefined },
    { iat: undefined },
    { nbf: past + 60 },
  ]
  for (const change of changes) {
    await assert.rejects(verify(`Bearer ${await sign(change)}`), refused, JSON.stringify(change))
  }
  assert.ok(await verify(`Bearer ${await sign()}`))
})

test('the algorithm is ours to choose: none, HMAC with the public key, and foreign keys are refused', async t => {
  const { sign, verify, claims, keys, current } = await openTest(t)
  const unsecured = new UnsecuredJWT(claims).encode()
  await assert.rejects(verify(`Bearer ${unsecured}`), refused)
  const [jwk] = (await keys.jwks()).keys
  const hmac = await sign({}, { alg: 'HS256' }, Buffer.from(JSON.stringify(jwk)))
  await assert.rejects(verify(`Bearer ${hmac}`), refused)
  const foreign = await generateKeyPair('EdDSA')
  await assert.rejects(verify(`Bearer ${await sign({}, {}, foreign.privateKey)}`), refused)
  const embedded = await sign({}, { jwk: await exportJWK(foreign.publicKey) }, foreign.privateKey)
  await assert.rejects(verify(`Bearer ${embedded}`), refused)
  await assert.rejects(verify(`Bearer ${await sign({}, { kid: 'other' })}`), refused)
  await assert.rejects(verify(`Bearer ${await sign({}, { kid: undefined })}`), refused)
  await assert.rejects(verify(`Bearer ${await sign({}, { typ: 'JWT' })}`), refused)
  assert.ok(current.kid)
})

test('a token ends on the second', async t => {
  const { sign, verify, time } = await openTest(t)
  const header = `Bearer ${await sign({ exp: time.now / 1000 + 60 })}`
  time.now += 59_999
  assert.ok(await verify(header))
  time.now += 1
  await assert.rejects(verify(header), refused)
})

test('a token that was accepted before is refused once its key no longer verifies', async t => {
  const { sign, store, time, keys } = await openTest(t)
  let isKnown = true
  const find = async (kid: string) => (isKnown ? keys.find(kid) : undefined)
  const verify = openVerifier({ store, keys: { find }, clock: () => time.now })
  const header = `Bearer ${await sign()}`
  assert.ok(await verify(header))
  isKnown = false
  await assert.rejects(verify(header), refused)
  isKnown = true
  assert.ok(await verify(header))
})

test('a token beside one that was accepted before is checked by itself', async t => {
  const { sign, verify } = await openTest(t)
  const token = await sign()
  assert.ok(await verify(`Bearer ${token}`))
  const [head, body, signature] = token.split('.') as [string, string, string]
  const other = (await sign({ sub: 'nobody' })).split('.')[1]
  for (const forged of [
    `${head}.${other}.${signature}`,
    `${head}.${body}.${signature.slice(0, -2)}`,
    `${head}.${body}.`,
  ]) {
    await assert.rejects(verify(`Bearer ${forged}`), refused, forged)
  }
  assert.ok(await verify(`Bearer ${token}`))
})

test('a disabled or expired principal loses access at once, though its token lives on', async t => {
  const { sign, verify, store, time, principalId } = await openTest(t)
  const header = `Bearer ${await sign()}`
  assert.ok(await verify(header))
  time.now += 600_000
  await assert.rejects(verify(header), refused)
  time.now -= 1
  assert.ok(await verify(header))
  await disablePrincipal(store, 't', principalId, time.now)
  await assert.rejects(verify(header), refused)
})

test('a rotated key still verifies, and a store that fails is not a wrong token', async t => {
  const { sign, verify, store, keys } = await openTest(t)
  const header = `Bearer ${await sign()}`
  await keys.rotate()
  assert.ok(await verify(header))
  await store.schema.dropTable('refresh_tokens').execute()
  await store.schema.dropTable('client_secrets').execute()
  await store.schema.dropTable('principals').execute()
  await assert.rejects(
    verify(header),
    error => !(error instanceof Error && 'code' in error && error.code === refused.code),
  )
})
