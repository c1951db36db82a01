import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startFaultProxy } from '../test/support/fault-proxy.ts'
import { attack, attackKinds } from './support/fleet-attack.ts'
import {
  coresBetween,
  type FleetLoad,
  lineFigure,
  openFleetLoad,
  pass,
  routeFigures,
  routes,
  usageOf,
} from './support/fleet-load.ts'
import { type FleetTarget, startLake, startSink, tlsPortOf } from './support/fleet-target.ts'
import { count, type Figure, machine, milliseconds, otherWork, table } from './support/report.ts'

// The figures of the fleet side, simulator and server on one machine.
//
//   npm run bench -- fleet.bench [--mode=steady] [--hosts=10000] [--minutes=10]
//
// steady   so many hosts connected over TLS, everything they do for so many minutes
// sink     the same against a server that answers without a thought: what the simulator alone costs
// herd     the server is down for a minute, and everybody comes back
// attack   what slow and oversize senders cost everybody else (--attackers=slow,large,bombs)

const { values } = parseArgs({
  options: {
    mode: { type: 'string', default: 'steady' },
    hosts: { type: 'string', default: '300' },
    minutes: { type: 'string', default: '0.5' },
    outage: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    attackers: { type: 'string', default: attackKinds.join(',') },
  },
})
const hosts = Number(values.hosts)
const seconds = Number(values.minutes) * 60
const p99TargetMs = 250
const dayMs = 86_400_000
const never = new AbortController().signal

/** Connects everybody at about 200 hosts a second; resolves with what the connections cost. */
async function connectAll(target: FleetTarget, load: FleetLoad): Promise<Figure> {
  const before = usageOf(target)
  const startedAt = performance.now()
  await load.fleet.start(hosts * 5, never)
  while (load.fleet.counts().enrolled < hosts) await delay(200)
  const took = performance.now() - startedAt
  const after = usageOf(target)
  const grown = after.server.residentMib - before.server.residentMib
  const simulator = after.simulator.residentMib - before.simulator.residentMib
  return {
    name: 'connected and enrolled',
    value: `${count(hosts)} hosts in ${count(took / 1000)} s`,
    beside: '',
    note:
      `server ${count(after.server.residentMib)} MiB, ${((grown / hosts) * 1000).toFixed(0)} MiB per 1,000 connections; ` +
      `simulator ${((simulator / hosts) * 1000).toFixed(0)} MiB per 1,000`,
  }
}

async function steady(target: FleetTarget): Promise<readonly Figure[]> {
  const load = openFleetLoad(target, hosts, values.seed)
  const from = Date.now() - dayMs
  const connected = await connectAll(target, load)
  // One round of everything first, so that the figures are of a fleet that has settled.
  await pass(Math.min(60, seconds), 'settling')
  load.measure()
  const before = usageOf(target)
  await pass(seconds, 'measuring')
  const after = usageOf(target)
  const measured = (after.at - before.at) / 1000
  const figures = routeFigures(load.figures(), measured, p99TargetMs)
  const [server, simulator] = [coresBetween(before, after, 'server'), coresBetween(before, after, 'simulator')]
  sayReasons(load)
  const lines = target.lake === undefined ? [] : [await lineFigure(load, target, from)]
  await load.fleet.stop()
  return [
    connected,
    ...figures,
    {
      name: 'server: resident, cores',
      value: `${count(after.server.residentMib)} MiB, ${server.toFixed(2)}`,
      beside: '≤ 1,536 MiB',
      note: `${count(hosts / server)} hosts per core; with its children`,
    },
    {
      name: 'simulator: resident, cores',
      value: `${count(after.simulator.residentMib)} MiB, ${simulator.toFixed(2)}`,
      beside: '',
      note: `${((simulator / hosts) * 1000).toFixed(3)} cores per 1,000 hosts`,
    },
    ...lines,
  ]
}

function sayReasons(load: FleetLoad): void {
  for (const [reason, times] of load.figures().reasons()) console.error(`  ${reason}: ${times}`)
}

/** Everybody is connected, the server dies, is away for a while and comes back. */
async function herd(target: FleetTarget): Promise<readonly Figure[]> {
  const proxy = await startFaultProxy()
  proxy.target = tlsPortOf(target.lake!)
  const origin = `https://localhost:${proxy.port}`
  const load = openFleetLoad({ ...target, origin }, hosts, values.seed)
  const from = Date.now() - dayMs
  const connected = await connectAll(target, load)
  await pass(Math.min(30, seconds), 'settling')
  proxy.target = undefined
  await target.lake!.stop('SIGKILL')
  await pass(Number(values.outage), 'outage')
  const lake = await target.lake!.restart()
  const back = { ...target, lake, pid: lake.pid }
  load.measure()
  const startedAt = performance.now()
  proxy.target = tlsPortOf(lake)
  const all = await untilServed(load, startedAt)
  await pass(Math.min(60, seconds), 'recovering')
  const figures = routeFigures(load.figures(), (performance.now() - startedAt) / 1000, p99TargetMs)
  sayReasons(load)
  const lines = await lineFigure(load, back, from)
  await proxy.close()
  await lake.stop('SIGKILL')
  return [connected, all, ...figures, lines]
}

/** Until as many reads have succeeded as there are hosts: each reads once in ten seconds. */
async function untilServed(load: FleetLoad, startedAt: number): Promise<Figure> {
  const successes = (): number =>
    routes.reduce((sum, route) => sum + (load.figures().of(route).outcomes['success'] ?? 0), 0)
  while (successes() < hosts && performance.now() - startedAt < 120_000) await delay(50)
  return {
    name: 'all back after an outage',
    value: milliseconds(performance.now() - startedAt),
    beside: "within the agents' retries",
    note: `${count(successes())} requests answered by then`,
  }
}

/** The same load twice, the second time with attackers beside it. */
async function besideAttackers(target: FleetTarget): Promise<readonly Figure[]> {
  const load = openFleetLoad(target, hosts, values.seed)
  const from = Date.now() - dayMs
  const connected = await connectAll(target, load)
  await pass(Math.min(30, seconds), 'settling')
  load.measure()
  await pass(seconds, 'alone')
  const alone = routeFigures(load.figures(), seconds, p99TargetMs)
  const kinds = attackKinds.filter(kind => values.attackers.split(',').includes(kind))
  const attackers = await attack(target, join(target.lake!.directory, 'ca.pem'), kinds)
  load.measure()
  await pass(seconds, 'beside attackers')
  const beside = routeFigures(load.figures(), seconds, p99TargetMs)
  sayReasons(load)
  const said = await attackers.stop()
  const lines = await lineFigure(load, target, from)
  return [
    connected,
    ...alone.map(figure => ({ ...figure, name: `alone: ${figure.name}` })),
    ...beside.map(figure => ({ ...figure, name: `attacked: ${figure.name}` })),
    { name: 'attackers', value: said, beside: '', note: '' },
    lines,
  ]
}

const modes: Readonly<Record<string, (target: FleetTarget) => Promise<readonly Figure[]>>> = {
  steady,
  sink: steady,
  herd,
  attack: besideAttackers,
}

async function main(): Promise<void> {
  const mode = modes[values.mode]
  if (mode === undefined) throw new Error(`--mode is one of ${Object.keys(modes).join(', ')}`)
  const before = otherWork()
  const target = values.mode === 'sink' ? await startSink() : await startLake()
  try {
    const figures = await mode(target)
    console.log(`\n## Fleet: ${values.mode}, ${count(hosts)} hosts, ${values.minutes} minutes, seed ${values.seed}\n`)
    console.log(`${machine()}; ${before}\n`)
    console.log(table(figures))
  } finally {
    await target.close()
  }
}

await main()
