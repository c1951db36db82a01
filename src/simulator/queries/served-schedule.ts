import { sha256Hex } from '../../model/ids.ts'
import type { AgentFlags } from '../agent/flags.ts'
import type { Platform } from '../hosts.ts'

// The scheduled queries of a configuration as it was served: those of `schedule` and of the packs that are for this
// host. A pack's are named `pack<delimiter><pack><delimiter><query>` in the log.

export interface ServedQuery {
  /** As the log has it. */
  readonly name: string
  /** As the configuration has it. */
  readonly bareName: string
  readonly sql: string
  /** Seconds. */
  readonly interval: number
  readonly isSnapshot: boolean
  readonly hasRemoved: boolean
}

export interface ScheduleOf {
  readonly platform: Platform
  readonly osqueryVersion: string
  readonly flags: AgentFlags
  /** From 1 to 100: a pack or query is for this host where its shard is not below. */
  readonly shard: number
  /** Rows of a discovery query; throws where the query fails. */
  readonly discover: (sql: string) => number
}

const intervalMax = 604_800

/** `configuration` as parsed; what has not the shape of a query is left out, as agents do. */
export function servedSchedule(configuration: unknown, of: ScheduleOf): readonly ServedQuery[] {
  const { schedule, packs } = membersOf(configuration)
  const queries = Object.entries(membersOf(schedule)).flatMap(([name, query]) => queryOf(name, name, query, of))
  const packed = Object.entries(membersOf(packs)).flatMap(([packName, pack]) => queriesOfPack(packName, pack, of))
  return [...queries, ...packed]
}

function queriesOfPack(packName: string, pack: unknown, of: ScheduleOf): readonly ServedQuery[] {
  const { queries, discovery } = membersOf(pack)
  if (!isForHost(membersOf(pack), of) || !isDiscovered(discovery, of)) return []
  const delimiter = of.flags.pack_delimiter
  return Object.entries(membersOf(queries)).flatMap(([name, query]) =>
    queryOf(`pack${delimiter}${packName}${delimiter}${name}`, name, query, of),
  )
}

/** Every discovery query has a row; one that fails is as one without. */
function isDiscovered(discovery: unknown, { discover }: ScheduleOf): boolean {
  if (!Array.isArray(discovery)) return true
  return discovery.every(sql => {
    try {
      return discover(String(sql)) > 0
    } catch {
      return false
    }
  })
}

function queryOf(name: string, bareName: string, query: unknown, of: ScheduleOf): readonly ServedQuery[] {
  const members = membersOf(query)
  const interval = Number(members['interval'])
  if (typeof members['query'] !== 'string' || members['query'] === '') return []
  if (!(interval >= 1 && interval <= intervalMax) || !isForHost(members, of)) return []
  return [
    {
      name,
      bareName,
      sql: members['query'],
      interval: splayed(interval, of.flags.schedule_splay_percent, of.shard),
      isSnapshot: isTrue(members['snapshot']),
      hasRemoved: members['removed'] === undefined || isTrue(members['removed']),
    },
  ]
}

function isForHost({ platform, version, shard }: Readonly<Record<string, unknown>>, of: ScheduleOf): boolean {
  if (typeof platform === 'string' && !isForPlatform(platform, of.platform)) return false
  if (typeof version === 'string' && compareVersions(of.osqueryVersion, version) < 0) return false
  return !(Number(shard) > 0) || Number(shard) >= of.shard
}

const platformWords: Readonly<Record<Platform, readonly string[]>> = {
  windows: ['windows'],
  linux: ['linux', 'posix'],
  macos: ['darwin', 'posix'],
}

function isForPlatform(text: string, platform: Platform): boolean {
  const words = text.toLowerCase().split(',')
  const own = ['', 'all', 'any', ...platformWords[platform]]
  return words.some(word => own.includes(word.trim()))
}

function compareVersions(one: string, other: string): number {
  const [ours, theirs] = [one, other].map(text => text.split('.').map(part => Number.parseInt(part, 10) || 0))
  for (let at = 0; at < 3; at += 1) {
    const difference = (ours?.[at] ?? 0) - (theirs?.[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** From 1 to 100, the same for the same host. */
export function shardOf(hostIdentifier: string): number {
  return 1 + (Number.parseInt(sha256Hex(hostIdentifier).slice(0, 8), 16) % 100)
}

/** Spread by up to `percent` each way, the same for the same host; never below a second. */
function splayed(interval: number, percent: number, shard: number): number {
  const share = ((shard - 50.5) / 49.5) * (percent / 100)
  return Math.max(1, Math.round(interval * (1 + share)))
}

function isTrue(value: unknown): boolean {
  return value === true || value === 1 || /^(true|1)$/i.test(String(value))
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}
