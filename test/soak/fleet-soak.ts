import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { realTime } from '../../src/simulator/agent/agent-effects.ts'
import { figuresOf, ownFiguresOf } from '../support/process-figures.ts'
import { doFault, planFaults } from './fleet-faults.ts'
import { type FaultOutcome, type SoakFacts, soakReport } from './fleet-report.ts'
import { type FleetRig, openFleetRig, type RigCheck, wrongIn } from './fleet-rig.ts'

// `npm run soak:fleet -- --minutes 15 --hosts 200`: agents over TLS against a lake that is killed again and again,
// whose store is locked, whose disk is full, and before which a proxy answers nothing. After each fault, and at the
// end, every line of every agent is looked for. Ends with 1 when one is lost or doubled.

interface Options {
  readonly minutes: number
  readonly hosts: number
  readonly rate: number
  readonly kills: number
  readonly seed: string
  readonly holdSeconds: number
  readonly report: string | undefined
}

const sampleMs = 1_000
const answerMsMax = 5 * 60_000
const drainMsMax = 15 * 60_000
const dayMs = 86_400_000
const diskBytes = 3 * 1024 ** 3

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '15' },
      hosts: { type: 'string', default: '200' },
      rate: { type: 'string', default: '30' },
      kills: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      'hold-seconds': { type: 'string', default: '30' },
      report: { type: 'string' },
    },
  })
  const [minutes, hosts, rate, kills, holdSeconds] = [
    values.minutes,
    values.hosts,
    values.rate,
    values.kills,
    values['hold-seconds'],
  ].map(Number)
  const report = values.report === undefined ? undefined : resolve(values.report)
  return {
    minutes: minutes!,
    hosts: hosts!,
    rate: rate!,
    kills: kills!,
    seed: values.seed,
    holdSeconds: holdSeconds!,
    report,
  }
}

/** Samples the server until `isOver`; what it died with counts into the processor time. */
function watchServer(rig: FleetRig) {
  const resident: number[] = []
  const cpu = new Map<number, number>()
  const clock = setInterval(() => {
    const { pid } = rig.server
    const figures = figuresOf(pid)
    if (figures === undefined) return
    resident.push(figures.residentMib)
    cpu.set(pid, figures.cpuSeconds)
  }, sampleMs)
  return {
    resident,
    cpuSeconds: () => [...cpu.values()].reduce((sum, each) => sum + each, 0),
    stop: () => clearInterval(clock),
  }
}

async function doFaults(rig: FleetRig, options: Options, startedAt: number): Promise<readonly FaultOutcome[]> {
  const { seed, minutes, kills, holdSeconds } = options
  const outcomes: FaultOutcome[] = []
  const secondsNow = (): number => (performance.now() - startedAt) / 1000
  for (const { kind, atSeconds } of planFaults({ seed, kills, seconds: minutes * 60, hasDisk: rig.hasDisk })) {
    await delay(Math.max(0, atSeconds - secondsNow()) * 1000)
    await rig.askLive(`soak ${outcomes.length}`)
    const begunAt = secondsNow()
    const note = await doFault(rig, kind, holdSeconds * 1000)
    const endedAt = secondsNow()
    await rig.recovered()
    const recoveredAfter = secondsNow() - endedAt
    const wrong = wrongIn(await rig.check())
    const { acknowledged } = rig.fleet.counts()
    outcomes.push({ atSeconds: begunAt, kind, note, recoveredAfter, acknowledged, wrong })
    console.error(`${Math.round(begunAt)} s  ${kind}: ${note}; ${wrong.length === 0 ? 'all right' : wrong.join('; ')}`)
  }
  await delay(Math.max(0, minutes * 60 - secondsNow()) * 1000)
  return outcomes
}

/** Agents are asked again for what they lost with their connection: a while after the last fault all have answered. */
async function untilAnswered(rig: FleetRig, hosts: number): Promise<RigCheck> {
  for (const end = performance.now() + answerMsMax; ; ) {
    const check = await rig.check(true)
    if (check.live.every(({ answered }) => answered === hosts) || performance.now() > end) return check
    await delay(5_000)
  }
}

async function main(): Promise<void> {
  const options = readOptions()
  const { hosts, rate, seed, minutes } = options
  const from = Date.now() - dayMs
  await using rig = await openFleetRig({
    ...{ seed, hosts, rate, from, effects: realTime(Date.now), diskBytes },
    serverFlags: ['--query-span', '365d'],
  })
  const watch = watchServer(rig)
  const startedAt = performance.now()
  const [, outcomes] = await Promise.all([
    rig.fleet.start(10_000, new AbortController().signal),
    doFaults(rig, options, startedAt),
  ])
  rig.fleet.quiet()
  const drained = await rig.fleet.drain(drainMsMax, new AbortController().signal)
  const final = await untilAnswered(rig, hosts)
  watch.stop()
  const own = ownFiguresOf(process.pid)
  const facts: SoakFacts = {
    ...{ seed, hosts, minutes, rate, hasDisk: rig.hasDisk, drained, outcomes, final, resident: watch.resident },
    serverCpu: watch.cpuSeconds(),
    simulatorResident: own?.residentMib ?? 0,
    simulatorCpu: own?.cpuSeconds ?? 0,
  }
  const { text, isGood } = soakReport(rig, facts)
  console.log(text)
  if (options.report !== undefined) await writeFile(options.report, `${text}\n`)
  if (!isGood) process.exitCode = 1
}

await main()
