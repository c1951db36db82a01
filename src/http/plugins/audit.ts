import type { FastifyRequest } from 'fastify'
import type { AuditEntry } from '../../model/audit.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'

// Every change, every run and every export is in the audit log before its caller is answered; a route names what it
// does in `config.audit`, its handler adds what it was done to. Refused calls are counted, whatever the route.

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a call of the route is in the audit log; undefined: reading, which is not kept. */
    audit?: string
  }
  interface FastifyRequest {
    /** What the handler did, for the audit log. */
    audited: Audited | undefined
  }
}

export interface Audited {
  /** Where it is not the request's own. */
  readonly tenantId?: string
  readonly target?: string
  readonly sql?: string
  readonly details?: AuditEntry['details']
}

/** A wrong body is worth keeping only where something would have been done. */
const allRefusals = /^4/
const foreignRefusals = /^(?:401|403|404|429)$/

export function auditRequests(app: App, { audit, clock }: AppDependencies): void {
  app.decorateRequest('audited', undefined)
  app.addHook('onSend', async (request, reply) => {
    const { audit: action } = request.routeOptions.config
    if (action === undefined || reply.statusCode >= 400) return
    try {
      await audit.record({ ...factsOf(request, action, clock()), outcome: 'done', ...request.audited })
    } catch (error) {
      // It is done, and the caller must hear of it: a secret in this answer is shown once.
      request.log.error({ err: error, action, target: request.audited?.target }, 'audit entry not kept')
    }
  })
  app.addHook('onResponse', async (request, reply) => {
    const { access } = request.routeOptions.config
    if (access === undefined || access.kind === 'public' || request.caller === undefined) return
    const { audit: name } = request.routeOptions.config
    if (!(name === undefined ? foreignRefusals : allRefusals).test(String(reply.statusCode))) return
    const action = name ?? `${request.method} ${request.routeOptions.url}`
    const details = { code: request.refusal }
    audit.refused({ ...factsOf(request, action, clock()), details })
  })
}

/** A refused caller's own account hears of it: the tenant it asked for may be another's. */
function factsOf(request: FastifyRequest, action: string, at: number) {
  const { caller, tenantId, address, id: requestId } = request
  const own = caller?.accountType === 'tenant' ? caller.accountId : undefined
  return {
    ...{ at, action, address, requestId, tenantId: tenantId ?? own, target: undefined },
    actor: caller && {
      ...{ principalId: caller.principalId, accountType: caller.accountType, accountId: caller.accountId },
      role: caller.role,
    },
  }
}
