import type { FastifyRequest } from 'fastify'

/**
 * The origin clients are told to call, without a trailing slash. Unless configured it is the one this request came to,
 * as a trusted proxy reports it.
 * a trusted proxy reports it.
 */
export function originOf(request: FastifyRequest, publicUrl: string | undefined): string {
  return publicUrl ?? `${request.protocol}://${request.host}`
}
