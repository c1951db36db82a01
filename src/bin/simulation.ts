import type { Misbehaviour as Named, OpenSimulation, SimulationPlan } from '../cli/commands/simulate.ts'
import { systemClock } from '../model/clock.ts'
import { newId } from '../model/ids.ts'
import { realTime } from '../simulator/agent/agent-effects.ts'
import type { Misbehaviour } from '../simulator/agent/misbehaviour.ts'
import { type AgentPaths, fleetPaths, osctrlPaths, osqueryPaths, type Route } from '../simulator/agent/requests.ts'
import type { Ledger, LineKind } from '../simulator/buffered-log/ledger.ts'
import { type Comparison, compareWithLake, markRunsSql, parseMarkRun } from '../simulator/lake-comparison.ts'
import { trustIn } from '../simulator/remote/transport.ts'
import { openRunningFleet } from '../simulator/running-fleet.ts'

// `edr-lake simulate` and the simulator, tied together.

const routes: readonly Route[] = ['enroll', 'config', 'log', 'read', 'write']
const failures = ['refused', 'nodeInvalid', 'lost', 'late']

/** One host in so many misbehaves, if any do. */
const misbehavingShare = 10

const misbehaviours: Readonly<Record<Named, Misbehaviour>> = {
  clock: { clockSkewMs: -3 * 3_600_000 },
  huge: { hugeValueBytes: 300_000 },
  utf8: { hasBrokenUtf8: true },
  nul: { hasNuls: true },
  slow: { slowBody: { pieceBytes: 2_000, pauseMs: 50 } },
  half: { closesHalf: true },
}

export const openSimulation: OpenSimulation = plan => {
  const run = newId().slice(0, 8)
  const fleet = openRunningFleet({
    ...{ seed: plan.seed, hostCount: plan.hosts, origin: plan.origin, enrollSecret: plan.enrollSecret },
    ...{ linesPerMinute: plan.linesPerMinute, clones: plan.clones, effects: realTime(systemClock) },
    paths: pathsOf(plan),
    trust: plan.caPem === undefined ? undefined : trustIn(plan.caPem),
    flags: { logger_tls_compress: plan.isPacked },
    run: plan.isMarked ? run : undefined,
    connections: 'own',
    misbehaviourOf: index => misbehaviourOf(plan.misbehaviours, index),
  })
  const figuresOf = (route: Route) => {
    const { outcomes, ...figures } = fleet.figures.of(route)
    return { ...figures, route, failures: failures.reduce((sum, name) => sum + (outcomes[name] ?? 0), 0), outcomes }
  }
  const kinds: readonly LineKind[] = ['result', 'status']
  const isSent = (kind: LineKind): boolean => [...fleet.ledgers.values()].some(ledger => hasSent(ledger, kind))

  return {
    ...{ start: fleet.start, quiet: fleet.quiet, drain: fleet.drain, stop: fleet.stop },
    state() {
      const counts = fleet.counts()
      const all = routes.map(figuresOf)
      return {
        ...counts,
        dropped: counts.dropped + counts.droppedAfterSent,
        failures: all.reduce((sum, each) => sum + each.failures, 0),
        nodeInvalid: all.reduce((sum, { outcomes }) => sum + (outcomes['nodeInvalid'] ?? 0), 0),
      }
    },
    routes: () => routes.map(figuresOf).filter(({ requests }) => requests > 0),
    reasons: () => fleet.figures.reasons(),
    get statements() {
      return kinds.filter(isSent).map(kind => ({ what: `${kind} lines`, sql: markRunsSql(kind, run) }))
    },
    verdict(answers) {
      const compared = kinds.filter(isSent).map((kind, at) => {
        const comparison = compareWithLake(kind, fleet.ledgers, (answers[at] ?? []).map(parseMarkRun))
        return { kind, comparison }
      })
      return {
        isRight: compared.every(({ comparison }) => isRight(comparison)),
        findings: compared.flatMap(({ kind, comparison }) => findingsOf(kind, comparison)),
      }
    },
  }
}

/** Whether the lake can know of such lines: their columns exist from the first one on. */
function hasSent(ledger: Ledger, kind: LineKind): boolean {
  for (const line of ledger.lines()) {
    if (line.kind === kind && line.rows > 0 && line.state !== 'waiting' && line.state !== 'dropped') return true
  }
  return false
}

function isRight({ faults, queryNames }: Comparison): boolean {
  const isOneName = [...queryNames.values()].every(names => names.size === 1)
  return isOneName && Object.values(faults).every(count => count === 0)
}

function findingsOf(kind: LineKind, comparison: Comparison): readonly string[] {
  const { faults, present, doubtfulPresent, doubtfulAbsent, nothingAbsent, examples, splitHosts } = comparison
  const wrong = Object.entries(faults).map(([fault, count]) => `${count} ${fault}`)
  const doubtful = doubtfulPresent + doubtfulAbsent
  return [
    `${kind} lines: ${present} acknowledged and there, ${wrong.join(', ')}`,
    ...(doubtful > 0 ? [`${doubtful} sent and not acknowledged, of which ${doubtfulPresent} are there`] : []),
    ...(nothingAbsent > 0 ? [`${nothingAbsent} acknowledged by an empty answer are not there`] : []),
    ...[...comparison.queryNames].flatMap(([name, names]) => namedOtherwise(name, names)),
    ...(splitHosts.length > 0 ? [`rows of more than one endpoint_id: ${splitHosts.slice(0, 5).join(', ')}`] : []),
    ...examples.slice(0, 5).map(each => `${each.fault}: ${each.agent} line ${each.mark}, ${each.rowsFound} rows found`),
  ]
}

/** A pack's query has another name in the lake; two names for one query are a fault of the lake's. */
function namedOtherwise(name: string, names: ReadonlySet<string>): readonly string[] {
  if (name === '' || (names.size === 1 && names.has(name))) return []
  return [`${name} is ${[...names].join(' and ')} in the lake`]
}

function pathsOf({ paths }: SimulationPlan): AgentPaths {
  if (paths.kind === 'osctrl') return osctrlPaths(paths.environment)
  return paths.kind === 'fleet' ? fleetPaths : osqueryPaths
}

function misbehaviourOf(names: readonly Named[], index: number): Misbehaviour {
  if (names.length === 0 || index % misbehavingShare !== 0) return {}
  return misbehaviours[names[(index / misbehavingShare) % names.length]!]
}
