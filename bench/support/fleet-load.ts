import { setTimeout as delay } from 'node:timers/promises'
import { realTime } from '../../src/simulator/agent/agent-effects.ts'
import type { Exchange, Route } from '../../src/simulator/agent/requests.ts'
import type { Ledger } from '../../src/simulator/buffered-log/ledger.ts'
import { type ExchangeFigures, openExchangeFigures } from '../../src/simulator/exchange-figures.ts'
import { compareWithLake, markRunsSql, parseMarkRun } from '../../src/simulator/lake-comparison.ts'
import { openRunningFleet, type RunningFleet } from '../../src/simulator/running-fleet.ts'
import { figuresOf, ownFiguresOf, type ProcessFigures } from '../../test/support/process-figures.ts'
import { connect } from '../../test/support/xdr-client.ts'
import type { FleetTarget } from './fleet-target.ts'
import { count, type Figure, milliseconds } from './report.ts'

// The load of a fleet's figures: every host on one TLS connection, its configuration every minute, live queries read
// every ten seconds, 64 lines posted every 59 seconds: 170 posts and 1,000 reads a second of 10,000 hosts.

export const routes: readonly Route[] = ['enroll', 'config', 'log', 'read', 'write']
export const linesPerPost = 64
export const postSeconds = 59
const run = 'bench'

export interface FleetLoad {
  readonly fleet: RunningFleet
  /** Of what was exchanged since `measure` was called last. */
  figures(): ExchangeFigures
  measure(): void
}

export function openFleetLoad(target: FleetTarget, hosts: number, seed: string): FleetLoad {
  let figures = openExchangeFigures()
  const fleet = openRunningFleet({
    ...{ seed, hostCount: hosts, origin: target.origin, enrollSecret: target.enrollSecret, trust: target.trust, run },
    ...{ linesPerMinute: (linesPerPost * 60) / postSeconds, logInterval: postSeconds, executesOwnOnly: true },
    flags: { distributed_interval: 10, config_refresh: 60, logger_min_status: 1 },
    effects: realTime(Date.now),
    onExchange: (_, exchange: Exchange) => figures.add(exchange),
  })
  return {
    fleet,
    figures: () => figures,
    measure() {
      figures = openExchangeFigures()
    },
  }
}

export interface Usage {
  readonly server: ProcessFigures
  readonly simulator: ProcessFigures
  readonly at: number
}

export function usageOf(target: FleetTarget): Usage {
  const none = { residentMib: 0, cpuSeconds: 0 }
  const server = figuresOf(target.pid) ?? none
  return { server, simulator: ownFiguresOf(process.pid) ?? none, at: performance.now() }
}

/** Processor time as cores kept busy. */
export function coresBetween(before: Usage, after: Usage, of: 'server' | 'simulator'): number {
  return (after[of].cpuSeconds - before[of].cpuSeconds) / ((after.at - before.at) / 1000)
}

const failures = ['refused', 'nodeInvalid', 'lost', 'late', 'empty']

export function routeFigures(figures: ExchangeFigures, seconds: number, targetMs: number): readonly Figure[] {
  return routes.flatMap(route => {
    const { requests, p50, p99, max, outcomes } = figures.of(route)
    if (requests === 0) return []
    const failed = failures.reduce((sum, name) => sum + (outcomes[name] ?? 0), 0)
    const rate = `${(requests / seconds).toFixed(requests / seconds < 10 ? 1 : 0)}/s`
    const note = `p50 ${milliseconds(p50)}, most ${milliseconds(max)}; ${failed === 0 ? 'no error' : `**${failed} errors**`}`
    const target = `p99 ≤ ${route === 'config' ? 10 : targetMs} ms`
    return [{ name: `${route}, ${rate}`, value: `p99 ${milliseconds(p99)}`, beside: target, note }]
  })
}

/** Ends the load and looks for every line. */
export async function lineFigure({ fleet }: FleetLoad, target: FleetTarget, from: number): Promise<Figure> {
  fleet.quiet()
  const drained = await fleet.drain(5 * 60_000, new AbortController().signal)
  await fleet.stop()
  const client = await connect(target.lake!.firstRun)
  const rows = await client.query({ sql: markRunsSql('result', run), from: new Date(from).toISOString() })
  const logged = [...fleet.ledgers.values()].reduce((sum, ledger) => sum + resultsOf(ledger), 0)
  const { faults, present } = compareWithLake('result', fleet.ledgers, rows.map(parseMarkRun))
  const wrong = Object.entries(faults).map(([fault, times]) => `${times} ${fault}`)
  return {
    name: 'lines in the lake exactly once',
    value: `${count(present)} of ${count(logged)}`,
    beside: '0 lost, 0 doubled',
    note: `${wrong.join(', ')}${drained ? '' : '; **not all lines could be sent**'}`,
  }
}

function resultsOf(ledger: Ledger): number {
  let results = 0
  for (const { kind, rows } of ledger.lines()) if (kind === 'result' && rows > 0) results += 1
  return results
}

/** Waits, and says now and then how far it is. */
export async function pass(seconds: number, what: string): Promise<void> {
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    await delay(Math.min(15_000, end - performance.now()))
    console.error(`  ${what}: ${Math.max(0, Math.round((end - performance.now()) / 1000))} s left`)
  }
}
