import type { Random } from './random.ts'

// The machines of a simulated fleet: what their agents say about them in every line.

export type Platform = 'windows' | 'linux' | 'macos'

/** How an agent writes its log; set by its flags and the same for all of its lines. */
export interface LogStyle {
  /** `logger_event_type`: one line a row, or one line with all differences. */
  readonly differences: 'events' | 'batch'
  /** `logger_snapshot_event_type`: one line with all rows, or one line a row. */
  readonly snapshots: 'whole' | 'events'
  /** `logger_numerics`: numbers as numbers instead of text. */
  readonly hasNumerics: boolean
  /** Written before each query's name, as a server that uses packs makes it. */
  readonly namePrefix: string
  /** Decorators named as the lake's columns, or as osquery's. */
  readonly decorationPrefix: 'meta_' | ''
}

export interface SimulatedHost {
  /** osquery's `hostIdentifier`. */
  readonly identifier: string
  readonly hostname: string
  readonly platform: Platform
  readonly kind: 'computer' | 'server'
  readonly user: string
  readonly address: string
  readonly publicAddress: string
  readonly mac: string
  /** Seconds since the epoch. */
  readonly bootTime: number
  readonly osName: string
  readonly osVersion: string
  readonly style: LogStyle
}

interface Flavour {
  readonly platform: Platform
  readonly kind: SimulatedHost['kind']
  readonly prefix: string
  readonly osName: string
  readonly osVersion: string
  readonly weight: number
}

const flavours: readonly Flavour[] = [
  workstation('FIN-WS', 'Windows 11 Pro', '10.0.26100', 5),
  workstation('DEV-WS', 'Windows 11 Enterprise', '10.0.22631', 3),
  workstation('SALES-NB', 'Windows 10 Pro', '10.0.19045', 3),
  server('windows', 'WIN-SRV', 'Windows Server 2022 Standard', '10.0.20348', 2),
  server('linux', 'web', 'Ubuntu', '24.04.2 LTS (Noble Numbat)', 3),
  server('linux', 'db', 'Debian GNU/Linux', '12 (bookworm)', 2),
  { platform: 'macos', kind: 'computer', prefix: 'MAC', osName: 'macOS', osVersion: '15.3.1', weight: 2 },
]

function workstation(prefix: string, osName: string, osVersion: string, weight: number): Flavour {
  return { platform: 'windows', kind: 'computer', prefix, osName, osVersion, weight }
}

function server(platform: Platform, prefix: string, osName: string, osVersion: string, weight: number): Flavour {
  return { platform, kind: 'server', prefix, osName, osVersion, weight }
}

const people = ['amara', 'bjorn', 'chen', 'dalia', 'emeka', 'farah', 'goran', 'hana', 'ivo', 'jun', 'kofi', 'lena']

/**
 * Hosts of mixed platforms. The first four are always two Windows workstations, a Linux server and a Mac, so that every
 * query name has rows and the story its stage, however small the fleet.
 */
export function makeHosts(random: Random, count: number, start: number): readonly SimulatedHost[] {
  const opening = [flavours[0], flavours[1], flavours[4], flavours[6]]
  return Array.from({ length: count }, (_, index) => {
    const flavour = opening[index] ?? random.pickWeighted(flavours)
    return makeHost(random, flavour, index, start)
  })
}

function makeHost(random: Random, flavour: Flavour, index: number, start: number): SimulatedHost {
  const identifier = random.uuid()
  return {
    identifier: flavour.platform === 'windows' ? identifier.toUpperCase() : identifier,
    hostname: `${flavour.prefix}-${String(index + 1).padStart(2, '0')}`,
    platform: flavour.platform,
    kind: flavour.kind,
    user: flavour.kind === 'server' ? 'svc-web' : random.pick(people),
    address: `10.20.${Math.floor(index / 200)}.${10 + (index % 200)}`,
    publicAddress: `198.51.100.${random.integer(2, 9)}`,
    mac: `02:42:${(random.hex(8).match(/../g) ?? []).join(':')}`,
    bootTime: start - random.integer(3_600, 20 * 86_400),
    osName: flavour.osName,
    osVersion: flavour.osVersion,
    style: makeStyle(random, index),
  }
}

/** Mostly osquery's defaults; in turn each of the other forms. */
function makeStyle(random: Random, index: number): LogStyle {
  return {
    differences: index % 5 === 4 ? 'batch' : 'events',
    snapshots: index % 4 === 3 ? 'events' : 'whole',
    hasNumerics: index % 7 === 6,
    namePrefix: index % 6 === 5 ? 'pack/edr/' : '',
    decorationPrefix: random.chance(0.8) ? 'meta_' : '',
  }
}

const osTypes: Readonly<Record<Platform, string>> = { windows: 'windows', linux: 'linux', macos: 'darwin' }

/** The decorations of every line of this host. */
export function decorationsOf(host: SimulatedHost): Readonly<Record<string, string>> {
  const facts: Readonly<Record<string, string>> = {
    boot_time: String(host.bootTime),
    endpoint_type: host.kind,
    hostname: host.hostname,
    ip_address: host.address,
    ip_mask: '255.255.255.0',
    mac_address: host.mac,
    os_name: host.osName,
    os_platform: host.platform === 'macos' ? 'darwin' : host.platform,
    os_type: osTypes[host.platform],
    os_version: host.osVersion,
    public_ip: host.publicAddress,
    query_pack_version: '1.0.0',
    username: host.user,
  }
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [host.style.decorationPrefix + name, value]))
}
