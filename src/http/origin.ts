import type { FastifyRequest } from 'fastify'
import { AppError } from '../model/errors.ts'
import type { AppSettings } from './dependencies.ts'

const hostPattern = /^(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i

/**
 * The origin clients are told to call, without a trailing slash. Unless configured it is the one this request came to,
 * as a trusted proxy reports it. Throws `invalid_argument` where that is no host: HTTP/1.0 has none, and what else a
 * header may hold would be a URL that leads nowhere.
 */
export function originOf(request: FastifyRequest, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return publicUrl
  const { protocol, host = '' } = request
  if (hostPattern.test(host)) return `${protocol}://${host}`
  const shown = JSON.stringify(host.slice(0, hostCharsShown))
  throw new AppError('invalid_argument', `the host of the request is ${shown}: a name or address is needed`)
}

const hostCharsShown = 100

/** The same for a tenant's data, whose region may have a host of its own. */
export function dataOriginOf(
  request: FastifyRequest,
  { publicUrl, regionHosts }: Pick<AppSettings, 'publicUrl' | 'regionHosts'>,
  dataRegion: string | undefined,
): string {
  const own = dataRegion === undefined ? undefined : regionHosts?.[dataRegion]
  return own ?? originOf(request, publicUrl)
}
