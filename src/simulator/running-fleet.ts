import { type Agent, openAgent } from './agent/agent.ts'
import type { AgentEffects } from './agent/agent-effects.ts'
import { type AgentFlags, osqueryFlags } from './agent/flags.ts'
import type { Misbehaviour } from './agent/misbehaviour.ts'
import { type AgentPaths, type Exchange, osqueryPaths } from './agent/requests.ts'
import type { Ledger, LedgerCounts } from './buffered-log/ledger.ts'
import { type ExchangeFigures, openExchangeFigures } from './exchange-figures.ts'
import { makeHosts, type SimulatedHost } from './hosts.ts'
import { steadyProcesses } from './queries/own-queries.ts'
import { openRandom } from './random.ts'
import { openAnswerCache } from './remote/answer-cache.ts'
import type { Trust } from './remote/transport.ts'

// Many agents in one process, against one server.

export interface RunningFleetOptions {
  readonly seed: string
  readonly hostCount: number
  readonly origin: string
  readonly enrollSecret: string
  /** Default: osquery's own. */
  readonly paths?: AgentPaths
  readonly trust?: Trust | undefined
  /** Over those of a flagfile as the lake gives it out. */
  readonly flags?: Partial<AgentFlags>
  /** Lines that each host logs in a minute beside what its configuration schedules. */
  readonly linesPerMinute: number
  /** Seconds between these lines' executions. Default: 10. */
  readonly logInterval?: number
  /** What the configuration schedules is not executed. */
  readonly executesOwnOnly?: boolean
  /** Lines carry their marks; agents are named `<run>-<number>`. */
  readonly run?: string | undefined
  readonly connections?: 'shared' | 'own'
  /** So many of the hosts, the last ones, take themselves for the first ones. */
  readonly clones?: number
  readonly misbehaviourOf?: (index: number) => Misbehaviour
  readonly effects: AgentEffects
  readonly onExchange?: (agent: number, exchange: Exchange) => void
}

export interface RunningFleet {
  readonly agents: readonly Agent[]
  readonly figures: ExchangeFigures
  /** By the names that the lines carry. */
  readonly ledgers: ReadonlyMap<string, Ledger>
  /** Starts the agents evenly over `spreadMs`; resolves when the last has started, or the signal aborts. */
  start(spreadMs: number, signal: AbortSignal): Promise<void>
  counts(): FleetCounts
  /** Scheduled queries end; what is buffered goes on being sent. */
  quiet(): void
  /** Waits until every line is acknowledged or dropped, at most `ms`; false where some are left. */
  drain(ms: number, signal: AbortSignal): Promise<boolean>
  stop(): Promise<void>
}

export type FleetCounts = LedgerCounts & {
  readonly enrolled: number
  /** Lines in the agents' buffered logs. */
  readonly buffered: number
}

/** As the lake's flagfile sets them. */
const flagfile: AgentFlags = { ...osqueryFlags, config_refresh: 60, disable_distributed: false }

const versions = ['5.10.2', '5.12.1', '5.16.0', '5.23.1']

export function openRunningFleet(options: RunningFleetOptions): RunningFleet {
  const { effects, seed, run } = options
  const hosts = fleetHosts(options)
  const figures = openExchangeFigures()
  const parse = openAnswerCache()
  const random = openRandom(`${seed}/versions`)
  const agents = hosts.map((host, index) =>
    openAgent({
      ...{ host, seed, parse, effects, origin: options.origin, enrollSecret: options.enrollSecret },
      paths: options.paths ?? osqueryPaths,
      flags: { ...flagfile, ...options.flags },
      osqueryVersion: random.pick(versions),
      trust: options.trust,
      connections: options.connections ?? 'shared',
      own:
        options.linesPerMinute === 0 ? [] : [steadyProcesses(host, options.linesPerMinute, options.logInterval ?? 10)],
      executesOwnOnly: options.executesOwnOnly ?? false,
      markedAs: run === undefined ? undefined : agentName(run, index),
      misbehaviour: options.misbehaviourOf?.(index) ?? {},
      onExchange: exchange => {
        figures.add(exchange)
        options.onExchange?.(index, exchange)
      },
    }),
  )
  const buffered = (): number => agents.reduce((sum, agent) => sum + agent.buffered, 0)

  return {
    agents,
    figures,
    ledgers: new Map(agents.map((agent, index) => [agentName(run ?? seed, index), agent.ledger])),
    async start(spreadMs, signal) {
      const pause = spreadMs / agents.length
      let owed = 0
      for (const agent of agents) {
        if (signal.aborted) return
        agent.start()
        owed += pause
        // Many agents start in one turn where the pause is shorter than a timer's.
        if (owed < pauseMsMin) continue
        await effects.wait(owed, signal)
        owed = 0
      }
    },
    counts: () => ({
      ...sumOf(agents.map(agent => agent.ledger.counts())),
      enrolled: agents.filter(agent => agent.nodeKey !== '').length,
      buffered: buffered(),
    }),
    quiet() {
      for (const agent of agents) agent.quiet()
    },
    async drain(ms, signal) {
      const until = effects.clock() + ms
      while (buffered() > 0 && effects.clock() < until && !signal.aborted) await effects.wait(drainLookMs, signal)
      return buffered() === 0
    },
    async stop() {
      await Promise.all(agents.map(agent => agent.stop()))
    },
  }
}

const pauseMsMin = 5
const drainLookMs = 200

function agentName(run: string, index: number): string {
  return `${run}-${index + 1}`
}

function fleetHosts({ seed, hostCount, clones = 0, effects }: RunningFleetOptions): readonly SimulatedHost[] {
  const hosts = makeHosts(openRandom(`${seed}/hosts`), hostCount, Math.floor(effects.clock() / 1000))
  const originals = hosts.slice(0, hostCount - clones)
  return hosts.map((host, index) => {
    const original = originals[index - originals.length]
    return original === undefined ? host : { ...host, identifier: original.identifier, platform: original.platform }
  })
}

function sumOf(counts: readonly LedgerCounts[]): LedgerCounts {
  const sum: Record<keyof LedgerCounts, number> = {
    ...{ logged: 0, waiting: 0, sent: 0, acknowledged: 0, acknowledgedByNothing: 0, dropped: 0, droppedAfterSent: 0 },
  }
  for (const each of counts) for (const key of Object.keys(sum) as (keyof LedgerCounts)[]) sum[key] += each[key]
  return sum
}
