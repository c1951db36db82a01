import Type, { type Static } from 'typebox'
import { AppError } from '../model/errors.ts'
import type { Host } from '../model/host.ts'
import { parseUuid } from '../model/ids.ts'
import { formatInstant } from '../model/time-range.ts'
import { fieldsParameter, KeyedPages, keyedPageParameters } from './page.ts'
import { listParameter, type Parameters, textParameter } from './parameters.ts'

// `GET /endpoint/v1/endpoints`: the part of the vendor's Endpoint API that `matchEndpoints` needs, read-only. What a
// host has not told is left out.

export const Endpoint = Type.Object({
  id: Type.String({ description: 'the `endpoint_id` of its rows' }),
  hostname: Type.String({ description: "osquery's host identifier" }),
  tenant: Type.Object({ id: Type.String() }),
  lastSeenAt: Type.Optional(Type.String({ description: 'receipt of its last lines, up to a minute late' })),
})
export type Endpoint = Static<typeof Endpoint>

export const EndpointList = Type.Object({ items: Type.Array(Type.Partial(Endpoint)), pages: KeyedPages })

export const EndpointListQuery = Type.Object({
  ...keyedPageParameters,
  ...fieldsParameter,
  ids: Type.Optional(Type.String({ description: 'comma separated or repeated' })),
  search: Type.Optional(Type.String({ description: 'text the hostname contains, without case' })),
})

export function toEndpoint(host: Host): Endpoint {
  const { id, hostIdentifier: hostname, tenantId, lastSeenAt } = host
  return {
    ...{ id, hostname, tenant: { id: tenantId } },
    ...(lastSeenAt === undefined ? {} : { lastSeenAt: formatInstant(lastSeenAt) }),
  }
}

const idsMax = 1_000

export interface EndpointSearch {
  readonly ids?: readonly string[]
  readonly search?: string
}

/** Throws `invalid_argument` for ids that are no UUIDs or too many. */
export function parseEndpointSearch(parameters: Parameters): EndpointSearch {
  const ids = listParameter(parameters, 'ids').map(text => {
    const id = parseUuid(text)
    if (id === undefined)
      throw new AppError('invalid_argument', `ids has ${JSON.stringify(text.slice(0, 100))}: no UUID`)
    return id
  })
  if (ids.length > idsMax) throw new AppError('invalid_argument', `ids has ${ids.length} ids: at most ${idsMax}`)
  const search = textParameter(parameters, 'search')
  return { ...(ids.length === 0 ? {} : { ids }), ...(search === undefined ? {} : { search }) }
}
