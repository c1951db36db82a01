import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

// Secrets of service principals. 256 random bits cannot be guessed, so a keyed hash is enough: a slow one would add
// nothing and let anyone burn the processor. The key is a file of its own: a stolen store alone is no use.

const secretBytes = 32
const secretPattern = /^[0-9a-f]{64}$/

/** A hash no secret has in practice: what a login with an unknown client id is compared with. */
export const noSecretHash = '0'.repeat(64)

/** 64 lower-case hex digits: several clients build the form without percent-encoding. */
export function newClientSecret(): string {
  return randomBytes(secretBytes).toString('hex')
}

/** HMAC-SHA-256, hex. */
export function hashClientSecret(secretKey: Uint8Array, secret: string): string {
  return createHmac('sha256', secretKey).update(secret).digest('hex')
}

/**
 * Whether the secret is one of those hashed. Constant time for each hash, and always at least one comparison: hand in
 * `[noSecretHash]` for an unknown client, so that it takes the same work.
 */
export function isOneOfSecrets(secretKey: Uint8Array, secret: string, hashes: readonly string[]): boolean {
  const given = createHmac('sha256', secretKey).update(secret).digest()
  let isFound = false
  for (const hash of hashes) {
    const stored = secretPattern.test(hash) ? Buffer.from(hash, 'hex') : Buffer.alloc(secretBytes)
    if (timingSafeEqual(given, stored)) isFound = true
  }
  return isFound
}
