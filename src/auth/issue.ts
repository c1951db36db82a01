import { randomBytes } from 'node:crypto'
import { SignJWT } from 'jose'
import { inTransaction, type Store } from '../db/db.ts'
import { findPrincipalByClientId, listValidSecrets } from '../db/principals.ts'
import {
  deleteExpiredRefreshTokens,
  insertRefreshToken,
  takeRefreshToken,
  trimRefreshTokens,
} from '../db/refresh-tokens.ts'
import { accessTokenSeconds, refreshTokenMs, refreshTokensPerPrincipalMax } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import { newId, parseUuid, sha256Hex } from '../model/ids.ts'
import type { Principal } from '../model/principal.ts'
import { isOneOfSecrets, noSecretHash } from './client-secret.ts'
import { type SigningKeys, signingAlgorithm } from './signing-keys.ts'
import { isUsable, tokenAudience, tokenIssuer, tokenType } from './verify.ts'

// The token service (RFC 6749): the client-credentials grant (§4.4) and refreshing (§6), both with client
// authentication. Refusals are AppErrors whose `details.oauth` is the RFC's error word (§5.2).

export interface TokenService {
  readonly store: Store
  readonly keys: SigningKeys
  /** Bytes of the file that keys the hashes of client secrets. */
  readonly secretKey: Uint8Array
  readonly clock: Clock
}

/** A token request after parsing; a member that was absent or empty is undefined (§3.2). */
export interface TokenRequest {
  readonly grantType: string | undefined
  readonly clientId: string | undefined
  readonly clientSecret: string | undefined
  readonly scope: string | undefined
  readonly refreshToken: string | undefined
}

export interface IssuedTokens {
  /** A JWT, opaque to clients. */
  readonly accessToken: string
  readonly expiresInSeconds: number
  /** 64 hex digits, good for one use. */
  readonly refreshToken: string
}

/**
 * Tokens for the request, whichever grant it asks for. Errors: `invalid_argument` for a malformed request or an unknown
 * grant, a wrong refresh token included; `unauthenticated` for a wrong client. A wrong secret, an unknown client and an
 * expired or disabled one are one answer and the same work: nobody learns which client ids exist.
 * or disabled one are one answer and the same work: nobody learns which client ids exist.
 */
export async function issueTokens(service: TokenService, request: TokenRequest): Promise<IssuedTokens> {
  // 1. The grant (§4.4.2, §6): before the client, so that a confused client hears of its mistake.
  const { grantType } = request
  if (grantType === undefined) throw refuse('invalid_request', 'grant_type is missing')
  if (grantType !== 'client_credentials' && grantType !== 'refresh_token') {
    throw refuse('unsupported_grant_type', 'grant_type must be client_credentials or refresh_token')
  }
  if (grantType === 'refresh_token' && request.refreshToken === undefined) {
    throw refuse('invalid_request', 'refresh_token is missing')
  }
  // 2. The scope (§3.3): there is one, `token`, and it is the default.
  if (request.scope !== undefined && request.scope !== 'token') {
    throw refuse('invalid_scope', 'scope must be token')
  }
  // 3. The client (§2.3.1).
  const principal = await authenticateClient(service, request)
  // 4. The tokens (§5.1); refreshing spends the old refresh token, and of two callers with one token, one is refused.
  const accessToken = await signAccessToken(service, principal)
  const refreshToken = randomBytes(32).toString('hex')
  const now = service.clock()
  await inTransaction(service.store, async transaction => {
    if (grantType === 'refresh_token') {
      const spent = await takeRefreshToken(transaction, principal.id, sha256Hex(request.refreshToken ?? ''))
      if (spent === undefined || spent.expiresAt <= now) throw refuse('invalid_grant', 'refresh_token is not valid')
    }
    await insertRefreshToken(transaction, {
      hash: sha256Hex(refreshToken),
      principalId: principal.id,
      createdAt: now,
      expiresAt: now + refreshTokenMs,
    })
    await trimRefreshTokens(transaction, principal.id, refreshTokensPerPrincipalMax)
    await deleteExpiredRefreshTokens(transaction, now)
  })
  return { accessToken, expiresInSeconds: accessTokenSeconds, refreshToken }
}

async function authenticateClient(service: TokenService, request: TokenRequest): Promise<Principal> {
  const { clientId, clientSecret } = request
  if (clientId === undefined) throw unauthenticated('invalid_client_id')
  if (clientSecret === undefined) throw unauthenticated('invalid_client_secret')
  const now = service.clock()
  const principal = await findPrincipalByClientId(service.store, parseUuid(clientId) ?? clientId)
  // The same look-up for an unknown client: the clock must not tell the two apart.
  const secrets = await listValidSecrets(service.store, principal?.id ?? '', now)
  const hashes = secrets.length === 0 ? [noSecretHash] : secrets.map(secret => secret.hash)
  const isSecret = isOneOfSecrets(service.secretKey, clientSecret, hashes)
  if (principal === undefined || !isSecret || !isUsable(principal, now)) throw unauthenticated('invalid_client_secret')
  return principal
}

async function signAccessToken(service: TokenService, principal: Principal): Promise<string> {
  const issuedAt = Math.floor(service.clock() / 1000)
  const { kid, key } = await service.keys.current()
  return new SignJWT()
    .setProtectedHeader({ alg: signingAlgorithm, kid, typ: tokenType })
    .setIssuer(tokenIssuer)
    .setAudience(tokenAudience)
    .setSubject(principal.id)
    .setJti(newId())
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + accessTokenSeconds)
    .sign(key)
}

function refuse(oauth: string, message: string): AppError {
  return new AppError('invalid_argument', message, { details: { oauth } })
}

function unauthenticated(oauth: string): AppError {
  return new AppError('unauthenticated', 'Unauthorized', { details: { oauth } })
}
