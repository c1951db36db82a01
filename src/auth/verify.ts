import { errors, jwtVerify } from 'jose'
import type { Store } from '../db/db.ts'
import { findPrincipal } from '../db/principals.ts'
import type { Clock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import { sha256Hex } from '../model/ids.ts'
import type { Caller, Principal } from '../model/principal.ts'
import { type SigningKeys, signingAlgorithm } from './signing-keys.ts'

// From a bearer token to a caller. The token only proves who it is; what that principal may do now is read from the
// store at every request, so that a disabled, expired or demoted one loses access at once, though its token lives on.

export const tokenIssuer = 'urn:edr-lake'
export const tokenAudience = 'urn:edr-lake:api'
/** RFC 9068 §2.1: an access token is not to be taken for another kind of JWT. */
export const tokenType = 'at+jwt'

export interface VerifierDeps {
  readonly store: Store
  readonly keys: Pick<SigningKeys, 'find'>
  readonly clock: Clock
}

/**
 * The caller behind an `Authorization` header. Throws `unauthenticated`, without saying why, for everything that is not
 * a token of ours that is valid now: other schemes, other algorithms, foreign issuers, expired tokens, principals that
 * are gone.
 */
export type VerifyBearer = (header: unknown) => Promise<Caller>

/** True while the principal is neither disabled nor expired. */
export function isUsable(principal: Principal, now: number): boolean {
  return principal.disabledAt === undefined && (principal.expiresAt === undefined || principal.expiresAt > now)
}

export function openVerifier(deps: VerifierDeps): VerifyBearer {
  const subjectOf = openSubjects(deps)
  return async header => {
    const token = bearerToken(header)
    if (token === undefined) throw unauthenticated()
    const principal = await findPrincipal(deps.store, await subjectOf(token))
    if (principal === undefined || !isUsable(principal, deps.clock())) throw unauthenticated()
    return {
      principalId: principal.id,
      accountType: principal.accountType,
      accountId: principal.accountId,
      role: principal.role,
    }
  }
}

/** RFC 6750 §2.1, the scheme in any letter case. */
function bearerToken(header: unknown): string | undefined {
  return typeof header === 'string' ? /^bearer +([\w\-.~+/]+=*) *$/i.exec(header)?.[1] : undefined
}

interface Proven {
  readonly subject: string
  readonly kid: string
  /** Seconds since the epoch, exclusive. */
  readonly expiresAt: number
}

const provenTokensMax = 10_000

/**
 * The principal a token names. A signature takes a sixth of a small call, and clients show one token for an hour: what
 * a token proved holds, by the token's hash, until it or its key expires. Refused tokens are not held.
 */
function openSubjects({ keys, clock }: VerifierDeps): (token: string) => Promise<string> {
  const held = new Map<string, Proven>()
  return async token => {
    const hash = sha256Hex(token)
    const known = held.get(hash)
    const isStillProven = known !== undefined && known.expiresAt > Math.floor(clock() / 1000)
    if (isStillProven && (await keys.find(known.kid)) !== undefined) return known.subject
    held.delete(hash)
    const proven = await prove(token, keys, clock())
    const oldest = held.size < provenTokensMax ? undefined : held.keys().next().value
    if (oldest !== undefined) held.delete(oldest)
    held.set(hash, proven)
    return proven.subject
  }
}

async function prove(token: string, keys: VerifierDeps['keys'], now: number): Promise<Proven> {
  try {
    const { payload, protectedHeader } = await jwtVerify(
      token,
      async header => {
        const key = header.kid === undefined ? undefined : await keys.find(header.kid)
        if (key === undefined) throw new errors.JWKSNoMatchingKey()
        return key
      },
      {
        algorithms: [signingAlgorithm],
        issuer: tokenIssuer,
        audience: tokenAudience,
        typ: tokenType,
        requiredClaims: ['exp', 'iat', 'sub'],
        currentDate: new Date(now),
      },
    )
    const { sub, exp } = payload
    const { kid } = protectedHeader
    if (sub === undefined || exp === undefined || kid === undefined) throw unauthenticated()
    return { subject: sub, kid, expiresAt: exp }
  } catch (error) {
    // Every way a token can be wrong is one answer; anything else is ours and stays an error.
    if (error instanceof errors.JOSEError) throw unauthenticated(error)
    throw error
  }
}

function unauthenticated(cause?: unknown): AppError {
  return new AppError('unauthenticated', 'a valid bearer token is required', cause === undefined ? {} : { cause })
}
