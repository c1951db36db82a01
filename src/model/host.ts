// An enrolled machine, or one known only from its logs. Its id is the `endpoint_id` of every row it reported and
// never changes, whichever way the machine was first seen.

export interface Host {
  readonly id: string
  readonly tenantId: string
  /** osquery's `hostIdentifier`, as the agent spells it. Unique within the tenant. */
  readonly hostIdentifier: string
  /** From enrolment only; an enrolment with a known one adopts that host. */
  readonly hardwareUuid: string | undefined
  readonly createdAt: number
  /** Receipt of its last body, up to a minute late; undefined: none since this was noted. */
  readonly lastSeenAt: number | undefined
  /** When it first got a node key; undefined: known from its logs only. */
  readonly enrolledAt: number | undefined
  readonly facts: HostFacts
}

/** What an agent told of its machine when it enrolled or decorated its lines. What it did not tell is undefined. */
export interface HostFacts {
  readonly hostname?: string | undefined
  /** As osquery names it: windows, darwin, ubuntu … */
  readonly platform?: string | undefined
  readonly osName?: string | undefined
  readonly osVersion?: string | undefined
  readonly osqueryVersion?: string | undefined
  readonly hardwareSerial?: string | undefined
  /** The peer's address, after trusted proxies. */
  readonly publicIp?: string | undefined
  /** Names without `meta_`, in lower case. */
  readonly decorations?: Readonly<Record<string, string>> | undefined
  /** As a decoration says. */
  readonly endpointType?: 'computer' | 'server' | undefined
  /** Of the agent's own database: a new one where that was deleted, the same in a copied one. */
  readonly instanceId?: string | undefined
}

/** A host with all that is kept of it. */
export interface HostRecord extends Host {
  readonly lastLogAt: number | undefined
  readonly lastConfigAt: number | undefined
  /** Of the configuration it was last given. */
  readonly configVersion: string | undefined
  /** A host that has its hardware UUID or its identifier, and was alive when this one enrolled. */
  readonly duplicateOf: string | undefined
}

export const hostStatuses = ['online', 'offline', 'missing'] as const
/** Heard of lately, not lately, or not for so long that it may be gone. */
export type HostStatus = (typeof hostStatuses)[number]

/** The three families that configurations, live queries and the wire tell apart. */
export type HostPlatform = 'windows' | 'macOS' | 'linux'

/** osquery's platform name as its family; undefined for one it does not know (FreeBSD). */
export function hostPlatformOf(platform: string | undefined): HostPlatform | undefined {
  if (platform === undefined || platform === '') return undefined
  if (platform === 'windows') return 'windows'
  if (platform === 'darwin') return 'macOS'
  return platform === 'freebsd' ? undefined : 'linux'
}
