import { count, machine } from '../../bench/support/report.ts'
import type { Route } from '../../src/simulator/agent/requests.ts'
import type { FleetRig, RigCheck } from './fleet-rig.ts'
import { wrongIn } from './fleet-rig.ts'

// What a soak of a fleet says at its end, as Markdown.

export interface FaultOutcome {
  readonly atSeconds: number
  readonly kind: string
  readonly note: string
  /** Seconds until lines were acknowledged again. */
  readonly recoveredAfter: number
  readonly acknowledged: number
  readonly wrong: readonly string[]
}

export interface SoakFacts {
  readonly seed: string
  readonly hosts: number
  readonly minutes: number
  readonly rate: number
  readonly hasDisk: boolean
  readonly drained: boolean
  readonly outcomes: readonly FaultOutcome[]
  readonly final: RigCheck
  /** MiB, of the server and its children. */
  readonly resident: readonly number[]
  /** MiB, of the process with the agents. */
  readonly simulatorResident: number
  /** Seconds of processor time: of the server's processes that died and lived, and of this one. */
  readonly serverCpu: number
  readonly simulatorCpu: number
}

const routes: readonly Route[] = ['enroll', 'config', 'log', 'read', 'write']

export function soakReport(rig: FleetRig, facts: SoakFacts): { readonly text: string; readonly isGood: boolean } {
  const counts = rig.fleet.counts()
  const wrong = [...facts.outcomes.flatMap(outcome => outcome.wrong), ...wrongIn(facts.final)]
  const unanswered = facts.final.live.filter(({ answered }) => answered !== facts.hosts)
  const isGood = wrong.length === 0 && unanswered.length === 0 && facts.drained && counts.enrolled === facts.hosts
  const { results, statuses } = facts.final
  const text = [
    `# A fleet of ${count(facts.hosts)} agents for ${facts.minutes} minutes`,
    '',
    `${isGood ? '**Nothing lost, nothing doubled, no node key called invalid.**' : '**FAILED.**'}`,
    '',
    `- machine: ${machine()}`,
    `- seed ${facts.seed}, ${count(facts.hosts)} hosts over TLS with three connections each, ${facts.rate} lines a minute ` +
      'of each host beside what its configuration schedules',
    `- ${count(counts.logged)} lines logged; ${count(counts.acknowledged)} acknowledged by the lake, of which ` +
      `${count(results.present)} results and ${count(statuses.present)} statuses are in it, each once`,
    `- ${count(counts.acknowledgedByNothing)} lines acknowledged by the proxy's empty 502, of which ` +
      `${count(results.nothingAbsent + statuses.nothingAbsent)} never reached the lake: that is what such a proxy costs`,
    `- ${count(counts.dropped + counts.droppedAfterSent)} lines dropped by agents whose buffer was full; ` +
      `${count(counts.buffered)} left at the end`,
    `- ${facts.final.live.length} live queries, each asked just before a fault: ` +
      (unanswered.length === 0
        ? 'every host answered every one, and each answer is in the lake once'
        : unanswered.map(({ name, answered }) => `${name} was answered by ${answered} hosts`).join(', ')),
    `- server, resident with its children: median ${count(middle(facts.resident))} MiB, most ` +
      `${count(Math.max(0, ...facts.resident))} MiB; processor ${count(facts.serverCpu)} s`,
    `- the agents' own process: ${count(facts.simulatorResident)} MiB, processor ${count(facts.simulatorCpu)} s`,
    ...(facts.hasDisk ? [] : ['- no disk could be mounted here, so none was filled']),
    '',
    '| route | requests | p50 ms | p99 ms | most ms | outcomes |',
    '|---|---|---|---|---|---|',
    ...routes.map(route => routeLine(rig, route)),
    '',
    '| at s | fault | note | lines accepted again after | acknowledged by then | wrong |',
    '|---|---|---|---|---|---|',
    ...facts.outcomes.map(faultLine),
    ...(wrong.length === 0 ? [] : ['', 'What is wrong:', '', ...wrong.map(each => `- ${each}`)]),
    '',
    'Requests that failed, by reason:',
    '',
    ...rig.fleet.figures
      .reasons()
      .slice(0, 12)
      .map(([reason, times]) => `- ${reason}: ${count(times)}`),
  ]
  return { text: text.join('\n'), isGood }
}

function routeLine(rig: FleetRig, route: Route): string {
  const { requests, p50, p99, max, outcomes } = rig.fleet.figures.of(route)
  const all = Object.entries(outcomes).map(([outcome, times]) => `${outcome} ${count(times)}`)
  return `| ${route} | ${count(requests)} | ${p50.toFixed(1)} | ${p99.toFixed(1)} | ${count(max)} | ${all.join(', ')} |`
}

function faultLine({ atSeconds, kind, note, recoveredAfter, acknowledged, wrong }: FaultOutcome): string {
  const verdict = wrong.length === 0 ? 'nothing' : `**${wrong.length}**`
  return (
    `| ${Math.round(atSeconds)} | ${kind} | ${note} | ${recoveredAfter.toFixed(1)} s | ${count(acknowledged)} | ` +
    `${verdict} |`
  )
}

function middle(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0
}
