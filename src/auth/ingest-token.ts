import { findIngestTokenByHash, noteIngestTokenUse } from '../db/ingest-tokens.ts'
import { ingestTokenUseNotedMs } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import type { Caller } from '../model/principal.ts'
import { hashClientSecret, newClientSecret } from './client-secret.ts'
import type { Registrar } from './register.ts'

// Tokens of sources that only put rows into one tenant (a log shipper, a collector). Unlike a principal's they are sent
// as they are, do not expire, and are good for nothing else. Kept as keyed hashes; looked up by their hash, so nothing
// is compared with a secret.

const prefix = 'edr-ingest-'
const tokenPattern = /^edr-ingest-[0-9a-f]{64}$/i

/** 256 random bits behind a prefix by which people and secret scanners know it. */
export function newIngestToken(): string {
  return `${prefix}${newClientSecret()}`
}

export function hashIngestToken(secretKey: Uint8Array, token: string): string {
  return hashClientSecret(secretKey, token)
}

/** How a token may be sent: as a bearer token, or also as the HTTP Event Collector's clients do. */
export type TokenSchemes = 'bearer' | 'hec'

/** The token in an `Authorization` header; undefined where there is another kind or none. */
export function ingestTokenOf(header: unknown, schemes: TokenSchemes = 'bearer'): string | undefined {
  const sent = credentialsIn(header, schemes)
  return sent !== undefined && tokenPattern.test(sent) ? sent.toLowerCase() : undefined
}

/**
 * What stands behind a scheme that is taken: of `Basic` the password, whatever the user's name is (Splunk, "Format
 * events for HTTP Event Collector"); undefined where there is none.
 */
export function credentialsIn(header: unknown, schemes: TokenSchemes): string | undefined {
  const [, scheme = '', sent = ''] = (typeof header === 'string' && /^ *(\w+) +(\S+) *$/.exec(header)) || []
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return sent
    case 'splunk':
      return schemes === 'hec' ? sent : undefined
    case 'basic':
      return schemes === 'hec' ? /:(.+)$/s.exec(Buffer.from(sent, 'base64').toString('utf8'))?.[1] : undefined
    default:
      return undefined
  }
}

/**
 * The caller behind a token: of its tenant, with the role that only puts rows in. Throws `unauthenticated` for a token
 * that is unknown or revoked.
 */
export async function verifyIngestToken({ store, secretKey, clock }: Registrar, token: string): Promise<Caller> {
  const found = await findIngestTokenByHash(store, hashIngestToken(secretKey, token))
  if (found === undefined || found.revokedAt !== undefined) {
    throw new AppError('unauthenticated', 'a valid bearer token is required')
  }
  const now = clock()
  if ((found.lastUsedAt ?? 0) + ingestTokenUseNotedMs <= now) await noteIngestTokenUse(store, found.id, now)
  return { principalId: found.id, accountType: 'tenant', accountId: found.tenantId, role: 'ingest' }
}
