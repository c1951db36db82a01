import type { FastifyRequest } from 'fastify'
import { beginIntent, endIntent } from '../../db/audit-intents.ts'
import type { AuditEntry } from '../../model/audit.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'

// Every change, every run and every export is in the audit log before its caller is answered; a route names what it
// does in `config.audit`, its handler adds what it was done to. What is about to be done is kept before it is, so that
// one the server ends in the middle of is told of at its next start. Refused calls are counted, whatever the route.

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a call of the route is in the audit log; undefined: reading, which is not kept. */
    audit?: string
  }
  interface FastifyRequest {
    /** What the handler did, for the audit log. */
    audited: Audited | undefined
    /** Of what it was about to do. */
    intent: number | undefined
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

export function auditRequests(app: App, { audit, store, clock }: AppDependencies): void {
  app.decorateRequest('audited', undefined)
  app.decorateRequest('intent', undefined)
  app.addHook('preHandler', async request => {
    const { audit: action } = request.routeOptions.config
    if (action === undefined || request.caller === undefined) return
    const details = { method: request.method, url: request.url }
    const facts = { ...factsOf(request, action, clock()), target: targetOf(request) }
    request.intent = await beginIntent(store, { ...facts, outcome: 'interrupted', details })
  })
  app.addHook('onSend', async (request, reply) => {
    const { audit: action } = request.routeOptions.config
    if (action === undefined) return
    try {
      if (reply.statusCode < 400) {
        await audit.record({ ...factsOf(request, action, clock()), outcome: 'done', ...request.audited })
      }
      if (request.intent !== undefined) await endIntent(store, request.intent)
    } catch (error) {
      // It is done, and the caller must hear of it: a secret in this answer is shown once. The intent stays.
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

/** The id in the path. */
function targetOf(request: FastifyRequest): string | undefined {
  const ids = Object.values((request.params ?? {}) as Record<string, unknown>)
  const last = ids.at(-1)
  return typeof last === 'string' ? last.slice(0, targetCharsMax) : undefined
}

const targetCharsMax = 300

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
