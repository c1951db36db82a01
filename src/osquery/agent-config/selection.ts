import type { AgentConfig, Pack } from '../agent-config.ts'
import { type AgentPlatform, platformsFor } from './platforms.ts'
import { type ScheduledQuery, wholeNumber } from './scheduled-query.ts'

// What of a configuration one host is given. Left out: what its platform never runs (an agent would drop it anyway, so
// only bytes are saved), what its shard leaves out, and words for people. `platform` and `version` stay in: the agent
// knows both better than we do. `shard` is decided here and taken out: agents draw it from their host name, so that
// what was drawn twice would run on a hundredth instead of a tenth, and nobody could say where.

export interface SelectedHost {
  /** undefined: nothing is left out by platform. */
  readonly platform: AgentPlatform | undefined
  /** 1 to 100, of the host alone: a thing with `shard` n is for hosts with n at most. */
  readonly shard: number
}

export function selectForHost(config: AgentConfig, host: SelectedHost): AgentConfig {
  const { schedule, packs, ...rest } = config
  return {
    ...rest,
    ...(schedule === undefined ? {} : { schedule: selectQueries(schedule, host) }),
    ...(packs === undefined ? {} : { packs: selectPacks(packs, host) }),
  }
}

/** The shards that a configuration tells apart, ascending: hosts between the same two get the same. */
export function shardsIn(config: AgentConfig): readonly number[] {
  const packs = Object.values(config.packs ?? {}).filter(isPack)
  const queries = [config.schedule, ...packs.map(pack => pack.queries)].flatMap(each => Object.values(each ?? {}))
  const shards = [...packs, ...queries].flatMap(each => wholeNumber(each?.shard) ?? [])
  return [...new Set(shards)].sort((one, other) => one - other)
}

function isPack(pack: Pack | string | null): pack is Pack {
  return typeof pack === 'object' && pack !== null
}

function isFor({ platform, shard }: Pack | ScheduledQuery, host: SelectedHost): boolean {
  const percent = wholeNumber(shard) ?? 100
  return percent >= host.shard && (host.platform === undefined || platformsFor(platform).includes(host.platform))
}

function selectQueries(
  queries: Readonly<Record<string, ScheduledQuery | null>>,
  host: SelectedHost,
): Record<string, ScheduledQuery> {
  const selected = Object.entries(queries).flatMap(([name, query]) => {
    if (query === null || !isFor(query, host)) return []
    const { shard: _, description: __, value: ___, ...served } = query
    return [[name, served as ScheduledQuery] as const]
  })
  return Object.fromEntries(selected)
}

function selectPacks(packs: Readonly<Record<string, Pack | string | null>>, host: SelectedHost) {
  const selected = new Map<string, Pack | string>()
  for (const [name, pack] of Object.entries(packs)) {
    if (typeof pack === 'string') selected.set(name, pack)
    if (!isPack(pack) || !isFor(pack, host)) continue
    const { shard: _, description: __, queries, ...served } = pack
    selected.set(name, { ...served, queries: selectQueries(queries ?? {}, host) })
  }
  return Object.fromEntries(selected)
}
