import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { Alive, Readiness, Version } from '../../api/operations.ts'
import { AppError } from '../../model/errors.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { publicAccess } from '../route-access.ts'

// What the operator's tools ask: is it alive, is it ready, how does it do, which version.

export function operationRoutes(app: App, deps: AppDependencies): void {
  const config = { access: publicAccess }

  /** Alive means: the event loop turns. Nothing else, or a broken disk would restart it for ever. */
  app.get('/livez', { config, schema: { summary: 'Is the process alive', response: { 200: Alive } } }, async () => ({
    status: 'alive' as const,
  }))

  app.get(
    '/readyz',
    { config, schema: { summary: 'Does every part work', response: { 200: Readiness, 503: Readiness } } },
    async (request, reply) => {
      const checks = await deps.health()
      const isReady = checks.every(check => check.isOk)
      const isOperator = maySeeMetrics(request, deps.settings.metricsToken)
      const shown = checks.map(({ name, isOk, detail, operatorDetail }) => [
        name,
        { ok: isOk, detail: isOperator ? (operatorDetail ?? detail) : detail },
      ])
      return reply
        .code(isReady ? 200 : 503)
        .send({ status: isReady ? 'ready' : 'not ready', checks: Object.fromEntries(shown) })
    },
  )

  app.get(
    '/metrics',
    { config, schema: { summary: 'Prometheus metrics', responseTypes: ['text/plain'] } },
    async (request, reply) => {
      if (!maySeeMetrics(request, deps.settings.metricsToken)) {
        throw new AppError('permission_denied', 'metrics are for this machine or for the bearer of the metrics token')
      }
      return reply.type(deps.metrics.contentType).send(await deps.metrics.metrics())
    },
  )

  app.get('/version', { config, schema: { summary: 'Which version', response: { 200: Version } } }, async () => ({
    name: 'edr-lake',
    version: deps.version,
  }))
}

/** From this machine itself (a request that a proxy here passes on is not), or with the token. */
function maySeeMetrics(request: FastifyRequest, token: string | undefined): boolean {
  const given = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (token !== undefined && given !== undefined && isEqual(given, token)) return true
  const isForwarded = request.headers['x-forwarded-for'] !== undefined || request.headers['forwarded'] !== undefined
  return !isForwarded && /^(?:127\.|::1$|::ffff:127\.)/.test(request.address)
}

/** Constant time, whatever the lengths. */
function isEqual(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
