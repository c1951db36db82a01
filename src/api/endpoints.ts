import Type, { type Static } from 'typebox'
import { AppError } from '../model/errors.ts'
import { type Host, hostPlatformOf } from '../model/host.ts'
import { parseUuid } from '../model/ids.ts'
import { formatInstant } from '../model/time-range.ts'
import { fieldsParameter, KeyedPages, keyedPageParameters } from './page.ts'
import { listParameter, type Parameters, textParameter } from './parameters.ts'
import { present } from './present.ts'

// `GET /endpoint/v1/endpoints`: the part of the vendor's Endpoint API that `matchEndpoints` needs, read-only. What a
// host has not told is left out.

export const Endpoint = Type.Object({
  id: Type.String({ description: 'the `endpoint_id` of its rows' }),
  type: Type.Optional(Type.Enum(['computer', 'server'])),
  hostname: Type.String({ description: "the machine's name; osquery's host identifier where it has not told it" }),
  tenant: Type.Object({ id: Type.String() }),
  os: Type.Optional(
    Type.Object({
      isServer: Type.Boolean(),
      platform: Type.Enum(['windows', 'macOS', 'linux']),
      name: Type.Optional(Type.String()),
      majorVersion: Type.Optional(Type.Integer()),
      minorVersion: Type.Optional(Type.Integer()),
      build: Type.Optional(Type.Integer()),
    }),
  ),
  ipv4Addresses: Type.Optional(Type.Array(Type.String(), { description: 'as the decoration `ip_address` says' })),
  ipv6Addresses: Type.Optional(Type.Array(Type.String())),
  macAddresses: Type.Optional(Type.Array(Type.String(), { description: 'as the decoration `mac_address` says' })),
  associatedPerson: Type.Optional(
    Type.Object({ viaLogin: Type.String({ description: 'as the decoration `username` says' }) }),
  ),
  lastSeenAt: Type.Optional(Type.String({ description: 'receipt of its last lines, up to a minute late' })),
})
export type Endpoint = Static<typeof Endpoint>

export const EndpointList = Type.Object({ items: Type.Array(Type.Partial(Endpoint)), pages: KeyedPages })

export const EndpointListQuery = Type.Object({
  ...keyedPageParameters,
  ...fieldsParameter,
  ids: Type.Optional(Type.String({ description: 'comma separated or repeated' })),
  search: Type.Optional(Type.String({ description: 'text the hostname or host identifier contains, without case' })),
})

/** `type` of a host that has told nothing of itself is unknown. */
export function toEndpoint(host: Host, type: 'computer' | 'server'): Endpoint {
  const { id, hostIdentifier, tenantId, lastSeenAt, facts } = host
  const platform = hostPlatformOf(facts.platform)
  const [major, minor, build] = versionNumbers(facts.osVersion)
  const { ip_address: ip, mac_address: mac, username } = facts.decorations ?? {}
  const version = { majorVersion: major, minorVersion: minor, build }
  return {
    id,
    ...present({ type: platform === undefined && facts.endpointType === undefined ? undefined : type }),
    ...{ hostname: facts.hostname ?? hostIdentifier, tenant: { id: tenantId } },
    ...present({
      os: platform && { isServer: type === 'server', platform, ...present({ name: facts.osName, ...version }) },
      ipv4Addresses: ip === undefined || ip.includes(':') ? undefined : [ip],
      ipv6Addresses: ip?.includes(':') ? [ip] : undefined,
      macAddresses: mac === undefined ? undefined : [mac],
      associatedPerson: username === undefined ? undefined : { viaLogin: username },
      lastSeenAt: lastSeenAt === undefined ? undefined : formatInstant(lastSeenAt),
    }),
  }
}

/** `10.0.19045` is 10, 0 and 19045; what is no number is undefined. */
function versionNumbers(version: string | undefined): readonly (number | undefined)[] {
  const parts = /^(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?/.exec(version ?? '') ?? []
  return [1, 2, 3].map(at => (parts[at] === undefined ? undefined : Number(parts[at])))
}

const idsMax = 1_000

export interface EndpointSearch {
  readonly ids?: readonly string[]
  readonly search?: string
}

/** Throws `invalid_argument` for ids that are no UUIDs or too many. */
export function parseEndpointSearch(parameters: Parameters): EndpointSearch {
  const ids = parseIds(listParameter(parameters, 'ids'))
  const search = textParameter(parameters, 'search')
  return { ...(ids.length === 0 ? {} : { ids }), ...(search === undefined ? {} : { search }) }
}

/** Ids in lower case. Throws `invalid_argument` for what is no UUID, and for too many. */
export function parseIds(texts: readonly string[], member = 'ids'): readonly string[] {
  const ids = texts.map(text => {
    const id = parseUuid(text)
    if (id !== undefined) return id
    throw new AppError('invalid_argument', `${member} has ${JSON.stringify(text.slice(0, 100))}: no UUID`)
  })
  if (ids.length > idsMax) throw new AppError('invalid_argument', `${member} has ${ids.length} ids: at most ${idsMax}`)
  return ids
}
