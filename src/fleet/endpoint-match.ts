import { type EndpointFilter, type EndpointMatch, type SearchField, searchFields } from '../model/endpoint-filter.ts'
import { hostPlatformOf } from '../model/host.ts'
import type { EndpointType } from '../model/live-run.ts'

// Which hosts a filter of `matchEndpoints` means. Pure. What osquery cannot know has one stated value for every host:
// health `unknown`, tamper protection off, lockdown `notInstalled`; a filter for anything else matches nobody.

/** A host as far as filters look at it. */
export interface Candidate {
  readonly id: string
  readonly hostIdentifier: string
  readonly hostname: string | undefined
  /** As osquery names it. */
  readonly platform: string | undefined
  readonly osName: string | undefined
  readonly publicIp: string | undefined
  /** As its agent says; undefined: it does not. */
  readonly endpointType: EndpointType | undefined
  /** Names without `meta_`, in lower case. */
  readonly decorations: Readonly<Record<string, string>>
  readonly labels: readonly string[]
  /** ms; when it was last heard of, else when it was made. */
  readonly lastSeenAt: number
}

export function isMatched(host: Candidate, match: EndpointMatch): boolean {
  return 'all' in match || match.filters.some(filter => isMeant(host, filter))
}

/** Ids that alone can match; undefined: any may. */
export function idsOf(match: EndpointMatch): readonly string[] | undefined {
  if ('all' in match) return undefined
  const ids = match.filters.map(filter => filter.ids)
  return ids.every(each => each !== undefined) ? [...new Set(ids.flat())] : undefined
}

function isMeant(host: Candidate, filter: EndpointFilter): boolean {
  const { search } = filter
  return (
    isOneOf(filter.ids, host.id) &&
    isOneOf(filter.healthStatus, 'unknown') &&
    isOneOf(filter.type, endpointTypeOf(host)) &&
    filter.tamperProtectionEnabled !== true &&
    isOneOf(filter.lockdownStatus, 'notInstalled') &&
    (filter.lastSeenBefore === undefined || host.lastSeenAt <= filter.lastSeenBefore) &&
    (filter.lastSeenAfter === undefined || host.lastSeenAt >= filter.lastSeenAfter) &&
    containsText(filter.hostnameContains, textsOf.hostname(host)) &&
    containsText(filter.associatedPersonContains, textsOf.associatedPersonName(host)) &&
    containsText(filter.groupNameContains, textsOf.groupName(host)) &&
    (filter.os === undefined || filter.os.some(({ platform }) => platform === hostPlatformOf(host.platform))) &&
    (filter.ipAddresses === undefined || textsOf.ipAddresses(host).some(ip => filter.ipAddresses!.includes(ip))) &&
    (filter.labels === undefined || filter.labels.some(label => hasLabel(host, label))) &&
    (search === undefined ||
      (filter.searchFields ?? searchFields).some(field => containsText(search, textsOf[field](host))))
  )
}

/** Where a filter's text is looked for. */
const textsOf: Readonly<Record<SearchField, (host: Candidate) => readonly string[]>> = {
  hostname: host => [host.hostname ?? host.hostIdentifier],
  groupName: host => host.labels,
  associatedPersonName: host => decorationOf(host, 'username'),
  ipAddresses: host => [...decorationOf(host, 'ip_address'), ...decorationOf(host, 'public_ip'), host.publicIp ?? ''],
  osName: host => (host.osName === undefined ? [] : [host.osName]),
}

function decorationOf({ decorations }: Candidate, name: string): readonly string[] {
  const value = decorations[name]
  return value === undefined ? [] : [value]
}

function hasLabel(host: Candidate, label: string): boolean {
  const wanted = label.toLowerCase()
  if (wanted === 'all') return true
  return (
    wanted === hostPlatformOf(host.platform)?.toLowerCase() || host.labels.some(each => each.toLowerCase() === wanted)
  )
}

function isOneOf(wanted: readonly string[] | undefined, value: string): boolean {
  return wanted === undefined || wanted.includes(value)
}

function containsText(wanted: string | undefined, texts: readonly string[]): boolean {
  if (wanted === undefined) return true
  const sought = wanted.toLowerCase()
  return texts.some(text => text.toLowerCase().includes(sought))
}

/**
 * What the host is: as its agent says; else Windows by the name of its system, Linux a server, macOS a computer.
 */
export function endpointTypeOf(host: Pick<Candidate, 'endpointType' | 'platform' | 'osName'>): EndpointType {
  if (host.endpointType !== undefined) return host.endpointType
  const platform = hostPlatformOf(host.platform)
  if (platform === 'linux') return 'server'
  return platform === 'windows' && /server/i.test(host.osName ?? '') ? 'server' : 'computer'
}
