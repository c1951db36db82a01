import { Histogram } from 'prom-client'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'

// One line and one measurement for every request. Both name the route, never the URL: what a client puts there is its
// own.

declare module 'fastify' {
  interface FastifyRequest {
    /** The peer's address, after trusted proxies. */
    address: string
  }
}

export function logRequests(app: App, deps: AppDependencies): void {
  const seconds = new Histogram({
    name: 'edr_lake_http_request_seconds',
    help: 'time from the first byte of a request to the last of its answer',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers: [deps.metrics],
  })
  app.decorateRequest('address', '')
  app.addHook('onRequest', async request => {
    // Now: a request whose body was given up has lost its socket, and with it its address, when it is answered.
    request.address = request.ip
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    const status = String(reply.statusCode)
    seconds.observe({ method: request.method, route, status }, reply.elapsedTime / 1000)
    const { isAgents } = request.routeOptions.config
    // Agents ask all the time: where all is well, the figures are enough.
    const level = isAgents === true && request.refusal === undefined ? 'debug' : 'info'
    request.log[level](
      {
        method: request.method,
        route,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        address: request.address,
        principalId: request.caller?.principalId,
        tenantId: request.tenantId,
        refusal: request.refusal,
      },
      'request',
    )
  })
}
