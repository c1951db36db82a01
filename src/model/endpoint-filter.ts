import type { HostPlatform } from './host.ts'

// `matchEndpoints` of a live run: which hosts are asked. What each member means is in fleet/endpoint-match.ts.

export const searchFields = ['hostname', 'groupName', 'associatedPersonName', 'ipAddresses', 'osName'] as const
export type SearchField = (typeof searchFields)[number]

/** One filter: every member that is there must hold. Texts are compared without case. */
export interface EndpointFilter {
  readonly ids?: readonly string[]
  readonly healthStatus?: readonly string[]
  readonly type?: readonly string[]
  readonly tamperProtectionEnabled?: boolean
  readonly lockdownStatus?: readonly string[]
  /** ms; the bound itself counts. */
  readonly lastSeenBefore?: number
  readonly lastSeenAfter?: number
  readonly hostnameContains?: string
  readonly associatedPersonContains?: string
  readonly groupNameContains?: string
  readonly os?: readonly { readonly platform: HostPlatform }[]
  readonly ipAddresses?: readonly string[]
  readonly search?: string
  readonly searchFields?: readonly SearchField[]
  /** Names of labels, whole: one of them is enough. Not in the original. */
  readonly labels?: readonly string[]
}

/** All hosts, or those that one of the filters means. */
export type EndpointMatch = { readonly all: true } | { readonly filters: readonly EndpointFilter[] }
