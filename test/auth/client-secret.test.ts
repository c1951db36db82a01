import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashClientSecret, isOneOfSecrets, newClientSecret, noSecretHash } from '../../src/auth/client-secret.ts'

const key = Buffer.alloc(32, 1)

test('a secret is 64 hex digits and never the same', () => {
  const secrets = new Set(Array.from({ length: 100 }, newClientSecret))
  assert.equal(secrets.size, 100)
  for (const secret of secrets) assert.match(secret, /^[0-9a-f]{64}$/)
})

test('the hash is HMAC-SHA-256 (RFC 4231, test case 2)', () => {
  const expected = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'
  assert.equal(hashClientSecret(Buffer.from('Jefe'), 'what do ya want for nothing?'), expected)
})

test('a secret matches its own hash among others, and under its own key only', () => {
  const [mine, other] = [newClientSecret(), newClientSecret()]
  const hashes = [hashClientSecret(key, other), hashClientSecret(key, mine)]
  assert.equal(isOneOfSecrets(key, mine, hashes), true)
  assert.equal(isOneOfSecrets(Buffer.alloc(32, 2), mine, hashes), false)
  assert.equal(isOneOfSecrets(key, mine.toUpperCase(), hashes), false)
  assert.equal(isOneOfSecrets(key, '', hashes), false)
  assert.equal(isOneOfSecrets(key, mine, []), false)
  assert.equal(isOneOfSecrets(key, mine, [noSecretHash, 'not a hash']), false)
})
