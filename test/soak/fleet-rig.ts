import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { AgentEffects } from '../../src/simulator/agent/agent-effects.ts'
import type { Exchange, Route } from '../../src/simulator/agent/requests.ts'
import { type Comparison, compareWithLake, markRunsSql, parseMarkRun } from '../../src/simulator/lake-comparison.ts'
import { trustIn } from '../../src/simulator/remote/transport.ts'
import { openRunningFleet, type RunningFleet } from '../../src/simulator/running-fleet.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { openSmallDisk, type SmallDisk } from '../support/small-disk.ts'
import { connect, type XdrClient } from '../support/xdr-client.ts'

// A server of its own process, a fleet of agents that reach it over TLS through a proxy, and the faults that can be
// done to it. One fault at a time.

export interface RigOptions {
  readonly seed: string
  readonly hosts: number
  /** Lines of each host in a minute of the agents' time. */
  readonly rate: number
  readonly effects: AgentEffects
  /** Of the disk that can be filled. */
  readonly diskBytes: number
  /** Instant from which the agents' lines are, ms. */
  readonly from: number
  readonly serverFlags?: readonly string[]
  readonly onExchange?: (exchange: Exchange) => void
}

export interface RigCheck {
  readonly results: Comparison
  readonly statuses: Comparison
  /** How often any agent was told that its node key is invalid. */
  readonly nodeInvalid: number
  readonly live: readonly LiveCheck[]
}

/** A live query whose answer is one row of each host. */
export interface LiveCheck {
  readonly name: string
  /** Hosts that the lake says have answered. */
  readonly succeeded: number
  /** Hosts with a row of it … */
  readonly answered: number
  /** … and with more than one. */
  readonly doubled: number
}

export interface FleetRig extends AsyncDisposable {
  readonly fleet: RunningFleet
  readonly server: TestServer
  readonly proxy: FaultProxy
  /** False where no disk of its own could be made: it cannot be filled then. */
  readonly hasDisk: boolean
  /** SIGKILL, and a start on the same directory; resolves with the ms until it was ready again. */
  kill(): Promise<number>
  /** Another process holds an exclusive transaction of the metadata store for so long. */
  lockStore(ms: number): Promise<void>
  fillDisk(ms: number): Promise<void>
  /** Whoever asks gets an empty 502. */
  answerNothing(ms: number): Promise<void>
  /** Asks every host for its name; the rows are the lake's as `live/<name>`. */
  askLive(name: string): Promise<void>
  /** Resolves when an agent's lines have been acknowledged again, by the server and not by nothing. */
  recovered(): Promise<void>
  /** Compares the lake with the ledgers; `isFinal`: nothing is under way any more. */
  check(isFinal?: boolean): Promise<RigCheck>
  close(): Promise<void>
}

const run = 'soak'
const recoveryMsMax = 180_000
const routes: readonly Route[] = ['enroll', 'config', 'log', 'read', 'write']

export async function openFleetRig(options: RigOptions): Promise<FleetRig> {
  const disk = await openSmallDisk(options.diskBytes)
  const folder = disk?.folder ?? (await mkdtemp(join(tmpdir(), 'edr-lake-fleet-')))
  const directory = join(folder, 'lake')
  // Segments are sealed and converted all along, and the last bytes of the disk are used up.
  const flags = [
    '--tls-port',
    '0',
    '--segment-bytes',
    '1m',
    '--segment-age',
    '20s',
    '--disk-reserve',
    '64k',
    '--result-bytes',
    '16m',
  ]
  let server = await startServer({ directory, flags: [...flags, ...(options.serverFlags ?? [])] })
  const proxy = await startFaultProxy()
  proxy.target = tlsPortOf(server)
  let answers = 0
  const live = new Map<string, string>()
  const fleet = openRunningFleet({
    ...{ seed: options.seed, hostCount: options.hosts, linesPerMinute: options.rate, run, effects: options.effects },
    ...{ origin: `https://localhost:${proxy.port}`, enrollSecret: server.firstRun.enrollSecret, connections: 'own' },
    trust: trustIn(await readFile(join(directory, 'ca.pem'), 'utf8')),
    onExchange: (_, exchange) => {
      if (exchange.route === 'log' && exchange.outcome === 'success') answers += 1
      options.onExchange?.(exchange)
    },
  })

  async function close(): Promise<void> {
    await fleet.stop()
    await proxy.close()
    await server.close()
    if (disk === undefined) await rm(folder, { recursive: true, force: true })
    else await disk.close()
  }

  return {
    ...{ fleet, proxy, hasDisk: disk !== undefined, close, [Symbol.asyncDispose]: close },
    get server() {
      return server
    },
    async kill() {
      proxy.target = undefined
      await server.stop('SIGKILL')
      const diedAt = performance.now()
      server = await server.restart()
      proxy.target = tlsPortOf(server)
      return performance.now() - diedAt
    },
    lockStore: ms => lockStore(join(directory, 'private', 'store.sqlite'), ms),
    fillDisk: ms => fillDisk(disk, ms),
    async answerNothing(ms) {
      const pem = await readFile(join(directory, 'private', 'tls-server.pem'), 'utf8')
      const before = proxy.answered
      proxy.answerNothing({ key: pem, cert: pem })
      await delay(ms)
      // On a busy machine nobody may have asked yet.
      for (const end = performance.now() + recoveryMsMax; proxy.answered === before; ) {
        if (performance.now() > end) throw new Error('nobody asked the proxy')
        await delay(20)
      }
      proxy.passOn()
    },
    async askLive(name) {
      live.set(name, await askLive(server, name))
    },
    async recovered() {
      const [before, patience] = [answers, performance.now() + recoveryMsMax]
      while (answers === before) {
        if (performance.now() > patience) throw new Error(`no log was accepted for ${recoveryMsMax} ms`)
        await delay(20)
      }
    },
    check: (isFinal = false) => check({ fleet, server, live, from: options.from }, isFinal),
  }
}

function tlsPortOf(server: TestServer): number {
  const port = /"tlsUrl":"https:\/\/[^"]+:(\d+)"/.exec(server.output())?.[1]
  if (port === undefined) throw new Error(`the server has no TLS listener:\n${server.output()}`)
  return Number(port)
}

interface Checked {
  readonly fleet: RunningFleet
  readonly server: TestServer
  /** Name → id of the run. */
  readonly live: ReadonlyMap<string, string>
  readonly from: number
}

async function check({ fleet, server, live, from }: Checked, isFinal: boolean): Promise<RigCheck> {
  const before = new Map([...fleet.ledgers].map(([name, ledger]) => [name, ledger.acknowledgedUntilNow()]))
  const client = await connect(server.firstRun)
  const since = new Date(from).toISOString()
  const compare = async (kind: 'result' | 'status'): Promise<Comparison> => {
    const rows = await client.query({ sql: markRunsSql(kind, run), from: since })
    return compareWithLake(kind, fleet.ledgers, rows.map(parseMarkRun), isFinal ? undefined : before)
  }
  const [results, statuses] = [await compare('result'), await compare('status')]
  const nodeInvalid = routes.reduce((sum, route) => sum + (fleet.figures.of(route).outcomes['nodeInvalid'] ?? 0), 0)
  const liveChecks: LiveCheck[] = []
  for (const [name, id] of live) liveChecks.push(await checkLive(client, name, id, since))
  return { results, statuses, nodeInvalid, live: liveChecks }
}

const livePath = '/live-discover/v1/queries/runs'

async function askLive(server: TestServer, name: string): Promise<string> {
  const client = await connect(server.firstRun)
  const adHocQuery = { name, template: 'SELECT hostname FROM system_info' }
  const body = JSON.stringify({ adHocQuery, matchEndpoints: { all: true }, maxDurationInSeconds: 3_600 })
  const answer = await client.call('POST', livePath, { body, headers: { 'content-type': 'application/json' } })
  if (answer.status !== 201) throw new Error(`no live query: ${answer.status} ${answer.text}`)
  return (answer.json as { id: string }).id
}

/** The run is looked at first: what has succeeded by then has its row by the time of the query. */
async function checkLive(client: XdrClient, name: string, id: string, since: string): Promise<LiveCheck> {
  const answer = await client.call('GET', `${livePath}/${id}`)
  const { endpointCounts } = answer.json as {
    endpointCounts: { statuses: { finished: { succeeded: { total: number } } } }
  }
  const sql = `SELECT count(*) AS hosts, count_if(n > 1) AS doubled FROM (
    SELECT endpoint_id, count(*) AS n FROM xdr_data WHERE query_name = 'live/${name}' GROUP BY endpoint_id)`
  const [row] = await client.query({ sql, from: since })
  const { total: succeeded } = endpointCounts.statuses.finished.succeeded
  return { name, succeeded, answered: Number(row!['hosts']), doubled: Number(row!['doubled']) }
}

/** What is wrong with it, a line each; empty: nothing. */
export function wrongIn({ results, statuses, nodeInvalid, live }: RigCheck): readonly string[] {
  return [
    ...faultsOf('results', results),
    ...faultsOf('statuses', statuses),
    ...live.flatMap(({ name, succeeded, answered, doubled }) => [
      ...(answered < succeeded ? [`live query ${name}: ${succeeded} hosts answered, ${answered} have a row`] : []),
      ...(doubled > 0 ? [`live query ${name}: ${doubled} hosts have several rows`] : []),
    ]),
    ...(nodeInvalid > 0 ? [`agents were told ${nodeInvalid} times that their node key is invalid`] : []),
    ...[...results.queryNames]
      .filter(([, names]) => names.size > 1)
      .map(([name, names]) => `${name} has several names in the lake: ${[...names].join(', ')}`),
    ...(results.splitHosts.length > 0 ? [`rows of several endpoint_id: ${results.splitHosts.join(', ')}`] : []),
  ]
}

function faultsOf(what: string, { faults, examples }: Comparison): readonly string[] {
  const wrong = Object.entries(faults).filter(([, count]) => count > 0)
  return [
    ...wrong.map(([fault, count]) => `${count} ${what} ${fault}`),
    ...examples.slice(0, 5).map(({ fault, agent, mark, line, rowsFound }) => {
      const of = line === undefined ? 'never logged' : `${line.rows} rows, ${line.state}, ${line.name}`
      return `  ${fault}: ${agent} line ${mark} (${of}): ${rowsFound} rows found`
    }),
  ]
}

const lockScript = `
  const { DatabaseSync } = await import('node:sqlite')
  const store = new DatabaseSync(process.argv[1])
  store.exec('PRAGMA busy_timeout = 20000')
  store.exec('BEGIN EXCLUSIVE')
  console.log('locked')
  setTimeout(() => store.exec('ROLLBACK'), Number(process.argv[2]))
`

async function lockStore(path: string, ms: number): Promise<void> {
  const holder: ChildProcess = spawn(
    process.execPath,
    ['--input-type=module', '--no-warnings', '-e', lockScript, path, String(ms)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const ended = once(holder, 'exit')
  await once(holder.stdout!, 'data')
  const [code] = await ended
  if (code !== 0) throw new Error(`the store could not be locked: exit code ${code}`)
}

async function fillDisk(disk: SmallDisk | undefined, ms: number): Promise<void> {
  if (disk === undefined) throw new Error('there is no disk that could be filled')
  await disk.fill()
  await delay(ms)
  await disk.free()
}
