import { Histogram } from 'prom-client'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'

// One line and one measurement for every request. Both name the route, never the URL: what a client puts there is its
// own.

export function logRequests(app: App, deps: AppDependencies): void {
  const seconds = new Histogram({
    name: 'edr_lake_http_request_seconds',
    help: 'time from the first byte of a request to the last of its answer',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers: [deps.metrics],
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    const status = String(reply.statusCode)
    seconds.observe({ method: request.method, route, status }, reply.elapsedTime / 1000)
    request.log.info(
      {
        method: request.method,
        route,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        address: request.ip,
        principalId: request.caller?.principalId,
        tenantId: request.tenantId,
      },
      'request',
    )
  })
}
