import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { AppError } from '../../model/errors.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { openApiDocument } from '../openapi.ts'
import { publicAccess } from '../route-access.ts'

// What the operator's tools ask: is it alive, is it ready, how does it do, which version.

export function operationRoutes(app: App, deps: AppDependencies): void {
  const config = { access: publicAccess }

  /** Alive means: the event loop turns. Nothing else, or a broken disk would restart it for ever. */
  app.get('/livez', { config, schema: { summary: 'Is the process alive' } }, async () => ({ status: 'alive' }))

  app.get('/readyz', { config, schema: { summary: 'Does every part work' } }, async (_request, reply) => {
    const checks = await deps.health()
    const isReady = checks.every(check => check.isOk)
    return reply.code(isReady ? 200 : 503).send({
      status: isReady ? 'ready' : 'not ready',
      checks: Object.fromEntries(checks.map(({ name, isOk, detail }) => [name, { ok: isOk, detail }])),
    })
  })

  app.get('/metrics', { config, schema: { summary: 'Prometheus metrics' } }, async (request, reply) => {
    if (!maySeeMetrics(request, deps.settings.metricsToken)) {
      throw new AppError('permission_denied', 'metrics are for this machine or for the bearer of the metrics token')
    }
    return reply.type(deps.metrics.contentType).send(await deps.metrics.metrics())
  })

  /** Made at the first request: only then are all routes known. */
  let reference: string | undefined
  app.get('/openapi.json', { config, schema: { summary: 'This reference' } }, async (_request, reply) => {
    reference ??= JSON.stringify(openApiDocument(app.routeList, deps.version))
    return reply.type('application/json; charset=utf-8').send(reference)
  })

  app.get('/version', { config, schema: { summary: 'Which version' } }, async () => ({
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
