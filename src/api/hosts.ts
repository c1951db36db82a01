import Type, { type Static } from 'typebox'
import { AppError } from '../model/errors.ts'
import { type HostPlatform, type HostRecord, type HostStatus, hostPlatformOf, hostStatuses } from '../model/host.ts'
import { formatInstant } from '../model/time-range.ts'
import { parseIds } from './endpoints.ts'
import { KeyedPages, keyedPageParameters } from './page.ts'
import { listParameter, type Parameters, textParameter, wordParameter } from './parameters.ts'
import { present } from './present.ts'

// `/lake/v1/hosts`: the machines, enrolled or known from their logs. What a host has not told is left out.

export const hostPlatforms = ['windows', 'macOS', 'linux'] as const

export const WireHost = Type.Object({
  id: Type.String({ description: 'the `endpoint_id` of its rows' }),
  hostIdentifier: Type.String({ description: 'of a copy of a machine with `~` and the beginning of its id behind it' }),
  status: Type.Enum([...hostStatuses], { description: 'online: heard of within 10 minutes; missing: not for 30 days' }),
  labels: Type.Array(Type.String(), { description: 'those it was given' }),
  createdAt: Type.String(),
  enrolledAt: Type.Optional(Type.String({ description: 'absent: known from its logs only' })),
  lastSeenAt: Type.Optional(Type.String({ description: 'up to a minute late, like the next two' })),
  lastLogAt: Type.Optional(Type.String()),
  lastConfigAt: Type.Optional(Type.String()),
  configVersion: Type.Optional(Type.String({ description: 'of the configuration it was last given' })),
  ingest: Type.Enum(['on', 'off'], {
    description: 'off: its lines are acknowledged and not stored, for a label it has',
  }),
  duplicateOf: Type.Optional(
    Type.String({ description: 'a host that has its hardware UUID or identifier, and was alive when it enrolled' }),
  ),
  hardwareUuid: Type.Optional(Type.String()),
  hostname: Type.Optional(Type.String()),
  platform: Type.Optional(Type.Enum([...hostPlatforms])),
  osPlatform: Type.Optional(Type.String({ description: 'as osquery names it' })),
  osName: Type.Optional(Type.String()),
  osVersion: Type.Optional(Type.String()),
  osqueryVersion: Type.Optional(Type.String()),
  hardwareSerial: Type.Optional(Type.String()),
  publicIp: Type.Optional(Type.String({ description: 'address it was last seen from, after trusted proxies' })),
  decorations: Type.Optional(
    Type.Record(Type.String(), Type.String(), { description: 'of its last lines, without `meta_`' }),
  ),
})
export type WireHost = Static<typeof WireHost>

export const HostList = Type.Object({ items: Type.Array(WireHost), pages: KeyedPages })

export const HostListQuery = Type.Object({
  ...keyedPageParameters,
  ids: Type.Optional(Type.String({ description: 'comma separated or repeated' })),
  status: Type.Optional(Type.Enum([...hostStatuses])),
  platform: Type.Optional(Type.Enum([...hostPlatforms])),
  label: Type.Optional(Type.String({ description: 'one it was given, or `all`, `windows`, `macos`, `linux`' })),
  search: Type.Optional(
    Type.String({
      description: 'text of an id, identifier, name, hardware UUID, serial number or address; without case',
    }),
  ),
})

export interface HostQuery {
  readonly ids?: readonly string[]
  readonly status?: HostStatus
  readonly platform?: HostPlatform
  readonly label?: string
  readonly search?: string
}

/** Throws `invalid_argument` for a word that is none, for ids that are no UUIDs or too many. */
export function parseHostQuery(parameters: Parameters): HostQuery {
  const ids = parseIds(listParameter(parameters, 'ids'))
  const wanted = wordParameter(parameters, 'platform', hostPlatforms)
  const label = textParameter(parameters, 'label')
  // What is so and is not given is found by what it is.
  const builtIn = hostPlatforms.find(each => each.toLowerCase() === label?.toLowerCase())
  if (builtIn !== undefined && wanted !== undefined && wanted !== builtIn) {
    throw new AppError('invalid_argument', `no host is both ${wanted} and ${builtIn}`)
  }
  const isGiven = builtIn === undefined && label?.toLowerCase() !== 'all'
  return present({
    ids: ids.length === 0 ? undefined : ids,
    status: wordParameter(parameters, 'status', hostStatuses),
    platform: wanted ?? builtIn,
    label: isGiven ? label : undefined,
    search: textParameter(parameters, 'search'),
  }) as HostQuery
}

export interface ShownHost {
  readonly host: HostRecord
  readonly status: HostStatus
  readonly labels: readonly string[]
  readonly isIngestOff: boolean
}

export function toWireHost({ host, status, labels, isIngestOff }: ShownHost): WireHost {
  const { id, hostIdentifier, facts, configVersion, duplicateOf, hardwareUuid } = host
  const { hostname, osName, osVersion, osqueryVersion, hardwareSerial, publicIp, decorations } = facts
  const instant = (ms: number | undefined) => (ms === undefined ? undefined : formatInstant(ms))
  return {
    ...{ id, hostIdentifier, status, labels: [...labels], createdAt: formatInstant(host.createdAt) },
    ...present({
      ...{ enrolledAt: instant(host.enrolledAt), lastSeenAt: instant(host.lastSeenAt) },
      ...{ lastLogAt: instant(host.lastLogAt), lastConfigAt: instant(host.lastConfigAt), configVersion },
    }),
    ingest: isIngestOff ? 'off' : 'on',
    ...present({
      ...{ duplicateOf, hardwareUuid, hostname, platform: hostPlatformOf(facts.platform), osPlatform: facts.platform },
      ...{ osName, osVersion, osqueryVersion, hardwareSerial, publicIp },
      decorations: decorations === undefined ? undefined : { ...decorations },
    }),
  }
}
