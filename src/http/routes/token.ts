import type { FastifyRequest } from 'fastify'
import { decodeText } from '../../api/body.ts'
import { KeySet } from '../../api/operations.ts'
import { parseTokenRequest, TokenBody, TokenReply } from '../../api/token.ts'
import { issueTokens } from '../../auth/issue.ts'
import { findPrincipalByClientId } from '../../db/principals.ts'
import { AppError } from '../../model/errors.ts'
import { parseUuid } from '../../model/ids.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { bodyOf } from '../plugins/bodies.ts'
import { openLoginThrottle } from '../plugins/call-limits.ts'
import { publicAccess } from '../route-access.ts'

// The token service and the keys its tokens are verified with.

const tokenTypes = ['application/x-www-form-urlencoded', 'application/json']

export function tokenRoutes(app: App, deps: AppDependencies): void {
  const service = { store: deps.store, keys: deps.signingKeys, secretKey: deps.secretKey, clock: deps.clock }
  const throttle = openLoginThrottle(deps.clock)

  /** Known or not, a client id costs the same. */
  async function auditFailure(clientId: string, { address, id: requestId }: FastifyRequest): Promise<void> {
    const principal = await findPrincipalByClientId(deps.store, parseUuid(clientId) ?? clientId)
    if (principal === undefined) return
    const { id: principalId, accountType, accountId, role } = principal
    deps.audit.refused({
      ...{ at: deps.clock(), action: 'tokens.issue', address, requestId },
      tenantId: accountType === 'tenant' ? accountId : undefined,
      actor: { principalId, accountType, accountId, role },
    })
  }

  app.post(
    '/api/v2/oauth2/token',
    {
      config: { access: publicAccess },
      schema: { summary: 'Get an access token', body: TokenBody, bodyTypes: tokenTypes, response: { 200: TokenReply } },
    },
    async (request, reply) => {
      const tokenRequest = parseTokenRequest(decodeText(bodyOf(request)), request.headers.authorization)
      const clientId = tokenRequest.clientId ?? ''
      await throttle.check(clientId, request.address)
      try {
        const issued = await issueTokens(service, tokenRequest)
        reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' })
        return {
          access_token: issued.accessToken,
          errorCode: 'success',
          expires_in: issued.expiresInSeconds,
          message: 'OK',
          refresh_token: issued.refreshToken,
          token_type: 'bearer',
          trackingId: request.id,
        } as const
      } catch (error) {
        // Counted and passed on: a wrong secret and a wrong refresh token are both guesses.
        const word = error instanceof AppError ? error.details?.['oauth'] : undefined
        if (word === 'invalid_client_secret' || word === 'invalid_grant') {
          await throttle.countFailure(clientId, request.address)
          await auditFailure(clientId, request)
        }
        throw error
      }
    },
  )

  app.get(
    '/.well-known/jwks.json',
    { config: { access: publicAccess }, schema: { summary: 'Keys that verify tokens', response: { 200: KeySet } } },
    async (_request, reply) => {
      reply.header('cache-control', 'public, max-age=300')
      return deps.signingKeys.jwks()
    },
  )
}
