import { address, hex32, mix, uuid } from './draw.ts'

/**
 * How a host's agent writes its lines: the differences between versions and flags of osquery (and of the servers that
 * configure it) which a lake has to read alike.
 */
export type AgentStyle =
  /** osquery 5: numbers as numbers, a `decorations` object. */
  | 'modern'
  /** Numbers of the header as text, `hostname`, `logNumericsAsNumbers`, `calendarTime` without its zone. */
  | 'old'
  /** `--logger_numerics`: numeric columns as JSON numbers. */
  | 'numerics'
  /** `--decorations_top_level`. */
  | 'topLevel'
  /** Decorations without the `meta_` prefix, names as `pack/Global/<query>`. */
  | 'fleet'
  /** `--logger_event_type=false`: `diffResults` with rows added and removed. */
  | 'batch'

export interface FleetHost {
  readonly number: number
  readonly hostIdentifier: string
  readonly hostname: string
  readonly ip: string
  readonly isLinux: boolean
  readonly username: string
  readonly style: AgentStyle
  /** In the agent's own order. */
  readonly decorations: Readonly<Record<string, string>>
}

export interface FleetTenant {
  readonly number: number
  readonly name: string
  /** Its part of the fleet's lines. */
  readonly share: number
  readonly hosts: readonly FleetHost[]
}

/** One tenant has half of everything, the smallest 3 %. */
const tenantShapes: readonly (readonly [name: string, share: number, hosts: number])[] = [
  ['t1', 0.5, 1000],
  ['t2', 0.25, 500],
  ['t3', 0.15, 300],
  ['t4', 0.07, 140],
  ['t5', 0.03, 60],
]

/** The tenants and all their hosts. `hostsMax` keeps a small fleet small. */
export function fleetTenants(seed: number, hostsMax = Number.POSITIVE_INFINITY): readonly FleetTenant[] {
  let first = 0
  return tenantShapes.map(([name, share, hostCount], number) => {
    const start = first
    first += hostCount
    const hosts = Array.from({ length: Math.min(hostCount, hostsMax) }, (_, index) => fleetHost(seed, start + index))
    return { number, name, share, hosts }
  })
}

function fleetHost(seed: number, number: number): FleetHost {
  const isLinux = number % 4 === 3
  const kind = isLinux ? 'LNX-' : number % 9 === 0 ? 'SRV-' : 'DESKTOP-'
  const hostname = kind + hex32(mix(seed, number)).slice(0, 7).toUpperCase()
  const ip = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`
  const style = agentStyle(number)
  const username = `CORP\\user${number}`
  const decorations: Record<string, string> = {
    meta_hostname: hostname,
    meta_ip_address: ip,
    meta_ip_mask: '255.255.255.0',
    meta_mac_address: macAddress(seed, number),
    meta_public_ip: address(Math.floor(number / 50)),
    meta_endpoint_type: number % 9 === 0 ? 'server' : 'computer',
    meta_boot_time: String(1_760_000_000 + number * 977),
    meta_os_name: isLinux ? 'Ubuntu' : 'Microsoft Windows 11 Enterprise',
    meta_os_platform: isLinux ? 'ubuntu' : 'windows',
    meta_os_type: isLinux ? 'linux' : 'windows',
    meta_os_version: isLinux ? '22.04.3 LTS' : `10.0.226${number % 40}`,
    meta_query_pack_version: `1.21.${number % 3}`,
    meta_username: username,
  }
  // Agents of the other styles know no id but the lake's.
  if (style === 'modern') decorations.meta_eid = uuid(mix(seed, number), 11)
  const hostIdentifier = uuid(mix(seed, number), 1)
  const written = style === 'fleet' ? withoutPrefix(decorations) : decorations
  return { number, hostIdentifier, hostname, ip, isLinux, username, style, decorations: written }
}

/** Four in five are modern; each of the others is there in every twenty-odd hosts. */
function agentStyle(number: number): AgentStyle {
  const styles: Readonly<Record<number, AgentStyle>> = {
    4: 'old',
    8: 'numerics',
    11: 'topLevel',
    15: 'fleet',
    19: 'batch',
  }
  return styles[number % 23] ?? 'modern'
}

function macAddress(seed: number, number: number): string {
  const digits = hex32(mix(seed, number + 7_000_000)) + hex32(number)
  return `02:${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4, 6)}:${digits.slice(12, 14)}:${digits.slice(14)}`
}

function withoutPrefix(decorations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(decorations).map(([name, value]) => [name.replace(/^meta_/, ''), value]))
}
