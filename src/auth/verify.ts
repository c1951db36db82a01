import { errors, jwtVerify } from 'jose'
import type { Store } from '../db/db.ts'
import { findPrincipal } from '../db/principals.ts'
import type { Clock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import type { Caller, Principal } from '../model/principal.ts'
import { type SigningKeys, signingAlgorithm } from './signing-keys.ts'

// From a bearer token to a caller. The token only proves who it is; what that principal may do now is read from the
// store at every request, so that a disabled, expired or demoted one loses access at once, though its token lives on.

export const tokenIssuer = 'urn:edr-lake'
export const tokenAudience = 'urn:edr-lake:api'
/** RFC 9068 §2.1: an access token is not to be taken for another kind of JWT. */
export const tokenType = 'at+jwt'

export interface TokenVerifier {
  readonly store: Store
  readonly keys: Pick<SigningKeys, 'find'>
  readonly clock: Clock
}

/** True while the principal is neither disabled nor expired. */
export function isUsable(principal: Principal, now: number): boolean {
  return principal.disabledAt === undefined && (principal.expiresAt === undefined || principal.expiresAt > now)
}

/**
 * The caller behind an `Authorization` header. Throws `unauthenticated`, without saying why, for everything that is not
 * a token of ours that is valid now: other schemes, other algorithms, foreign issuers, expired tokens, principals that
 * are gone.
 */
export async function verifyBearer(verifier: TokenVerifier, header: unknown): Promise<Caller> {
  const token = bearerToken(header)
  if (token === undefined) throw unauthenticated()
  const principalId = await subjectOf(verifier, token)
  const principal = await findPrincipal(verifier.store, principalId)
  if (principal === undefined || !isUsable(principal, verifier.clock())) throw unauthenticated()
  return {
    principalId: principal.id,
    accountType: principal.accountType,
    accountId: principal.accountId,
    role: principal.role,
  }
}

/** RFC 6750 §2.1, the scheme in any letter case. */
function bearerToken(header: unknown): string | undefined {
  return typeof header === 'string' ? /^bearer +([\w\-.~+/]+=*) *$/i.exec(header)?.[1] : undefined
}

async function subjectOf(verifier: TokenVerifier, token: string): Promise<string> {
  try {
    const { payload } = await jwtVerify(
      token,
      async header => {
        const key = header.kid === undefined ? undefined : await verifier.keys.find(header.kid)
        if (key === undefined) throw new errors.JWKSNoMatchingKey()
        return key
      },
      {
        algorithms: [signingAlgorithm],
        issuer: tokenIssuer,
        audience: tokenAudience,
        typ: tokenType,
        requiredClaims: ['exp', 'iat', 'sub'],
        currentDate: new Date(verifier.clock()),
      },
    )
    if (payload.sub === undefined) throw unauthenticated()
    return payload.sub
  } catch (error) {
    // Every way a token can be wrong is one answer; anything else is ours and stays an error.
    if (error instanceof errors.JOSEError) throw unauthenticated(error)
    throw error
  }
}

function unauthenticated(cause?: unknown): AppError {
  return new AppError('unauthenticated', 'a valid bearer token is required', cause === undefined ? {} : { cause })
}
