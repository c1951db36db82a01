import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { LakeClient } from '../../client/client.ts'
import { AppError, systemErrorCode } from '../../model/errors.ts'
import { dayMs, formatInstant } from '../../model/time-range.ts'
import { type ConnectionFlags, connect, firstRunOf } from '../connection.ts'
import { countOf, formatCount, formatSeconds, harmlessText } from '../display.ts'
import { type CliEffects, printLine } from '../effects.ts'
import { exitCodes, UsageError } from '../failure.ts'
import { openProgress } from '../progress.ts'

// `edr-lake simulate`: a fleet of osquery agents against a lake, by osquery's own rules, until the time is over or the
// person stops it. At the end it tells what became of every line, and with --verify asks the lake.

/** `url`: where the agents report to. */
export interface SimulateFlags extends ConnectionFlags {
  readonly hosts: number
  /** Lines of each host in a minute. */
  readonly rate: number
  readonly minutes?: number
  /** Of the API, where that is not where the agents report to. */
  readonly apiUrl?: string
  readonly enrollSecret?: string
  readonly ca?: string
  readonly paths: 'osquery' | 'fleet'
  readonly environment?: string
  readonly seed: string
  readonly clones: number
  readonly misbehave: readonly Misbehaviour[]
  readonly gzip?: boolean
  readonly verify?: boolean
}

export const misbehaviours = ['clock', 'huge', 'utf8', 'nul', 'slow', 'half'] as const
export type Misbehaviour = (typeof misbehaviours)[number]

/** What the command needs of the simulator; `bin/` brings it. */
export type OpenSimulation = (plan: SimulationPlan) => Simulation

export interface SimulationPlan {
  readonly hosts: number
  readonly linesPerMinute: number
  readonly origin: string
  readonly enrollSecret: string
  /** PEM; undefined: the authorities that Node knows. */
  readonly caPem: string | undefined
  readonly paths: { readonly kind: 'osquery' | 'fleet' } | { readonly kind: 'osctrl'; readonly environment: string }
  readonly seed: string
  readonly clones: number
  readonly misbehaviours: readonly Misbehaviour[]
  readonly isPacked: boolean
  readonly isMarked: boolean
}

export interface SimulationState {
  readonly enrolled: number
  readonly logged: number
  readonly acknowledged: number
  readonly acknowledgedByNothing: number
  readonly dropped: number
  readonly buffered: number
  readonly failures: number
  /** How often an agent was told that its node key is invalid. */
  readonly nodeInvalid: number
}

export interface SimulatedRoute {
  readonly route: string
  readonly requests: number
  readonly failures: number
  /** ms. */
  readonly p50: number
  readonly p99: number
}

export interface Simulation {
  /** Resolves when the last agent has started. */
  start(spreadMs: number, signal: AbortSignal): Promise<void>
  state(): SimulationState
  routes(): readonly SimulatedRoute[]
  /** Reasons of failed requests, the most frequent first. */
  reasons(): readonly (readonly [reason: string, count: number])[]
  quiet(): void
  /** True when every line is acknowledged or dropped. */
  drain(ms: number, signal: AbortSignal): Promise<boolean>
  stop(): Promise<void>
  /** What to ask the lake … */
  readonly statements: readonly { readonly what: string; readonly sql: string }[]
  /** … and what its answers say, in the order of the statements. */
  verdict(answers: readonly (readonly Readonly<Record<string, unknown>>[])[]): SimulationVerdict
}

export interface SimulationVerdict {
  readonly isRight: boolean
  /** A line for each thing found. */
  readonly findings: readonly string[]
}

const lookMs = 200
const drainMs = 60_000
/** Agents start over this time, at most. */
const spreadMsMax = 10_000

export async function simulate(effects: CliEffects, open: OpenSimulation, flags: SimulateFlags): Promise<number> {
  const simulation = open(await planOf(effects, flags))
  const client = flags.verify ? await connectToApi(effects, flags) : undefined
  const startedAt = effects.clock()
  try {
    await run(effects, simulation, flags, startedAt)
    simulation.quiet()
    await simulation.drain(drainMs, new AbortController().signal)
  } finally {
    await simulation.stop()
  }
  await printSummary(effects, simulation, flags, effects.clock() - startedAt)
  if (client === undefined) return exitCodes.done
  return verify(effects, client, simulation, startedAt)
}

/** With credentials given the API is where the agents report to, unless another place is named. */
async function connectToApi(effects: CliEffects, flags: SimulateFlags): Promise<LakeClient> {
  const { url: _, ...others } = flags
  const url = flags.apiUrl ?? (flags.clientId === undefined ? undefined : flags.url)
  return connect(effects, url === undefined ? others : { ...others, url })
}

async function planOf(effects: CliEffects, flags: SimulateFlags): Promise<SimulationPlan> {
  const { clones, hosts, environment } = flags
  if (clones >= hosts) throw new UsageError(`of ${countOf(hosts, 'host')} at most ${hosts - 1} can be clones`)
  const secret = flags.enrollSecret ?? (effects.environment['EDR_LAKE_ENROLL_SECRET'] || undefined)
  const firstRun = flags.url === undefined || secret === undefined ? await firstRunOf(effects, flags) : undefined
  const enrollSecret = secret ?? firstRun?.enrollSecret
  if (enrollSecret === undefined) throw new UsageError('no enroll secret is known: give one with --enroll-secret')
  return {
    ...{ hosts, clones, enrollSecret, linesPerMinute: flags.rate, seed: flags.seed },
    origin: originOf(flags.url ?? firstRun?.url ?? ''),
    caPem: flags.ca === undefined ? undefined : await readCa(resolve(effects.workingDirectory, flags.ca)),
    paths: environment === undefined ? { kind: flags.paths } : { kind: 'osctrl', environment },
    misbehaviours: flags.misbehave,
    isPacked: flags.gzip ?? false,
    isMarked: flags.verify ?? false,
  }
}

function originOf(text: string): string {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError(`${JSON.stringify(text)} is no http or https URL`)
  }
  return url.origin
}

async function readCa(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new AppError('not_found', `${path} cannot be read (${systemErrorCode(error)})`, { cause: error })
  })
}

async function run(effects: CliEffects, simulation: Simulation, flags: SimulateFlags, startedAt: number) {
  const { clock, signal, stderr } = effects
  const until = flags.minutes === undefined ? Number.POSITIVE_INFINITY : startedAt + flags.minutes * 60_000
  const progress = openProgress(stderr, clock)
  const starting = simulation.start(Math.min(spreadMsMax, flags.hosts * 20), signal)
  try {
    while (clock() < until && !signal.aborted) {
      await delay(Math.min(lookMs, Math.max(1, until - clock())), undefined, { signal }).catch(() => {})
      await progress.show(stateLine(flags.hosts, simulation.state(), clock() - startedAt))
    }
  } finally {
    await starting
    await progress.clear()
  }
}

function stateLine(hosts: number, state: SimulationState, elapsedMs: number): string {
  const parts = [
    formatSeconds(elapsedMs),
    `${formatCount(state.enrolled)} of ${countOf(hosts, 'host')} enrolled`,
    `${countOf(state.logged, 'line')} logged`,
    `${formatCount(state.acknowledged)} acknowledged`,
    `${formatCount(state.buffered)} waiting`,
  ]
  if (state.dropped > 0) parts.push(`${formatCount(state.dropped)} dropped`)
  if (state.failures > 0) parts.push(`${countOf(state.failures, 'failed request')}`)
  return parts.join('  ')
}

async function printSummary(
  { stdout }: CliEffects,
  simulation: Simulation,
  { hosts }: SimulateFlags,
  elapsedMs: number,
): Promise<void> {
  const { logged, acknowledged, acknowledgedByNothing, dropped, buffered, nodeInvalid } = simulation.state()
  await printLine(stdout, `simulated ${countOf(hosts, 'host')} in ${formatSeconds(elapsedMs)}:`)
  await printLine(
    stdout,
    `  ${countOf(logged, 'line')} logged, ${formatCount(acknowledged)} acknowledged, ` +
      `${formatCount(dropped)} dropped by full agents, ${formatCount(buffered)} never acknowledged`,
  )
  if (acknowledgedByNothing > 0) {
    const lines = countOf(acknowledgedByNothing, 'line')
    await printLine(
      stdout,
      `  ${lines} acknowledged by an empty answer, which no lake gives: something in between lost them`,
    )
  }
  if (nodeInvalid > 0) await printLine(stdout, `  node keys were called invalid ${countOf(nodeInvalid, 'time')}`)
  for (const { route, requests, failures, p50, p99 } of simulation.routes()) {
    const times = `p50 ${p50.toFixed(1).padStart(7)} ms  p99 ${p99.toFixed(1).padStart(7)} ms`
    const failed = failures === 0 ? '' : `  ${formatCount(failures)} failed`
    await printLine(stdout, `  ${route.padEnd(7)}${formatCount(requests).padStart(9)} requests  ${times}${failed}`)
  }
  for (const [reason, count] of simulation.reasons().slice(0, 5)) {
    await printLine(stdout, `  failed, ${countOf(count, 'time')}: ${harmlessText(reason)}`)
  }
}

async function verify(
  effects: CliEffects,
  client: LakeClient,
  simulation: Simulation,
  startedAt: number,
): Promise<number> {
  if (simulation.statements.length === 0) throw new AppError('conflict', 'nothing to verify: no line was sent')
  // Agents' clocks may be wrong by hours.
  const window = { from: formatInstant(startedAt - dayMs), to: formatInstant(effects.clock() + dayMs) }
  const answers: (readonly Readonly<Record<string, unknown>>[])[] = []
  for (const { what, sql } of simulation.statements) answers.push(await ask(client, what, sql, window))
  const { isRight, findings } = simulation.verdict(answers)
  for (const finding of findings) await printLine(effects.stdout, `  ${harmlessText(finding)}`)
  await printLine(
    effects.stdout,
    isRight
      ? 'verified: the lake has what the agents had acknowledged, each line once'
      : 'THE LAKE DIFFERS from its agents',
  )
  return isRight ? exitCodes.done : exitCodes.failed
}

async function ask(
  client: LakeClient,
  what: string,
  sql: string,
  window: { readonly from: string; readonly to: string },
) {
  const { id } = await client.startRun({ template: sql, name: `simulate: ${what}`, ...window })
  const run = await client.awaitRun(id)
  if (run.result !== 'succeeded') {
    throw new AppError('internal', `the lake could not be asked about ${what}: ${run.error?.message ?? run.result}`)
  }
  const rows: Readonly<Record<string, unknown>>[] = []
  for await (const page of client.resultPages(id)) rows.push(...page.items)
  return rows
}
