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
const pattern = /^bearer +(edr-ingest-[0-9a-f]{64}) *$/i

/** 256 random bits behind a prefix by which people and secret scanners know it. */
export function newIngestToken(): string {
  return `${prefix}${newClientSecret()}`
}

export function hashIngestToken(secretKey: Uint8Array, token: string): string {
  return hashClientSecret(secretKey, token)
}

/** The token in an `Authorization` header; undefined where there is another kind or none. */
export function ingestTokenOf(header: unknown): string | undefined {
  return typeof header === 'string' ? pattern.exec(header)?.[1]?.toLowerCase() : undefined
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
