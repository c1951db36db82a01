import type { FastifyRequest } from 'fastify'
import { requireAccount, requireAction, tenantCaller } from '../../auth/access.ts'
import { ingestTokenOf, verifyIngestToken } from '../../auth/ingest-token.ts'
import { openVerifier, type VerifyBearer } from '../../auth/verify.ts'
import { AppError } from '../../model/errors.ts'
import type { Caller, TenantCaller } from '../../model/principal.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import type { RouteAccess } from '../route-access.ts'
import type { CallCounter } from './call-limits.ts'

// Who may call a route. Every route says it in its `config.access`; a route that says nothing does not start. Checked
// before the body is read, in this order: token, identity header, role, call windows.

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: RouteAccess
    /** Counted against the caller's windows before the handler runs; the results route counts for itself. */
    isCounted?: boolean
  }
  interface FastifyRequest {
    caller: Caller | undefined
    tenantId: string | undefined
  }
}

export function guardRoutes(app: App, deps: AppDependencies, calls: CallCounter): void {
  app.decorateRequest('caller', undefined)
  app.decorateRequest('tenantId', undefined)
  app.addHook('onRoute', route => {
    if (route.config?.access === undefined) throw new Error(`route ${route.url} does not say who may call it`)
  })
  const { store, clock, signingKeys: keys } = deps
  const verifyBearer = openVerifier({ store, keys, clock })
  app.addHook('onRequest', async request => {
    const { access, isCounted } = request.routeOptions.config
    if (access === undefined || access.kind === 'public' || access.kind === 'agent') return
    await admit(deps, verifyBearer, access, request)
    if (isCounted === true) await calls.count(callerOf(request), request.tenantId)
  })
}

async function admit(
  deps: AppDependencies,
  verifyBearer: VerifyBearer,
  access: Exclude<RouteAccess, { kind: 'public' | 'agent' }>,
  request: FastifyRequest,
): Promise<void> {
  const { authorization } = request.headers
  const ingestToken = access.kind === 'tenant' ? ingestTokenOf(authorization, access.schemes) : undefined
  // A principal by its access token or, on the routes of a tenant, a source by its ingest token.
  const caller =
    ingestToken === undefined ? await verifyBearer(authorization) : await verifyIngestToken(deps, ingestToken)
  request.caller = caller
  switch (access.kind) {
    case 'caller':
      return
    case 'tenant': {
      // An ingest token says which tenant it is for; a header that says another one is refused.
      const header = request.headers['x-tenant-id'] ?? (ingestToken === undefined ? undefined : caller.accountId)
      request.tenantId = (await tenantCaller(deps.store, caller, header)).tenantId
      break
    }
    case 'account':
      if (caller.accountType !== 'tenant') break
      request.tenantId = (await tenantCaller(deps.store, caller, caller.accountId)).tenantId
      break
    case 'partner':
      requireAccount(caller, 'partner', 'X-Partner-ID', request.headers['x-partner-id'])
      break
    case 'organization':
      requireAccount(caller, 'organization', 'X-Organization-ID', request.headers['x-organization-id'])
      break
  }
  requireAction(caller, access.action)
}

/** The caller of a route that is not public. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === undefined) throw new AppError('internal', 'the route has no caller')
  return request.caller
}

/** The caller and tenant of a route whose access is `tenant`. */
export function tenantCallerOf(request: FastifyRequest): TenantCaller {
  const caller = callerOf(request)
  if (request.tenantId === undefined) throw new AppError('internal', 'the route has no tenant')
  return { ...caller, tenantId: request.tenantId }
}
