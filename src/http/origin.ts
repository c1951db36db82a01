import type { FastifyRequest } from 'fastify'
import type { AppSettings } from './dependencies.ts'

/**
 * The origin clients are told to call, without a trailing slash. Unless configured it is the one this request came to,
 * as a trusted proxy reports it.
 */
export function originOf(request: FastifyRequest, publicUrl: string | undefined): string {
  return publicUrl ?? `${request.protocol}://${request.host}`
}

/** The same for a tenant's data, whose region may have a host of its own. */
export function dataOriginOf(
  request: FastifyRequest,
  { publicUrl, regionHosts }: Pick<AppSettings, 'publicUrl' | 'regionHosts'>,
  dataRegion: string | undefined,
): string {
  const own = dataRegion === undefined ? undefined : regionHosts?.[dataRegion]
  return own ?? originOf(request, publicUrl)
}
