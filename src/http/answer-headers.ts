import type { FastifyRequest } from 'fastify'

/** What every answer carries. A route that may be cached says so itself. */
export function answerHeaders(request: FastifyRequest): Readonly<Record<string, string>> {
  return { 'x-request-id': request.id, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }
}
