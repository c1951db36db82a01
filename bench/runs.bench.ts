import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { checkStatement } from '../src/sql/check.ts'
import { fleetLog } from '../test/support/fleet-logs.ts'
import { startServer, type TestServer } from '../test/support/server.ts'
import { addTenant } from '../test/support/tenants.ts'
import { connect, type XdrClient } from '../test/support/xdr-client.ts'
import { longQuery } from './support/long-query.ts'
import { count, type Figure, machine, median, milliseconds, otherWork, quantile, table } from './support/report.ts'
import { dataFiles, untilConverted } from './support/store-reading.ts'

// What the lake costs around a query: the front end on long statements, a run from its POST to its end beside plain
// DuckDB doing the same, the first query after a start, and many tenants at once.
//
//   npm run bench -- runs [--lines=20000] [--repeats=100] [--seed=1]

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '20000' },
    repeats: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
  },
})
const [lines, repeats, seed] = [values.lines, values.repeats, values.seed].map(Number) as [number, number, number]

const statement = `SELECT query_name, count(*) AS n, max(calendar_time) AS newest FROM xdr_data GROUP BY query_name`
const runs = '/xdr-query/v1/queries/runs'
const dayMs = 86_400_000
const tenantCount = 10
const runsPerTenant = 10

interface Timed {
  readonly tenant: string
  readonly ms: number
}

/** From the POST until the answer that says finished, ms. */
async function timeRun(client: XdrClient, sql: string): Promise<number> {
  const startedAt = performance.now()
  const from = new Date(Date.now() - 2 * dayMs).toISOString()
  const { id } = await client.start({ sql, from })
  const { json } = await client.call('GET', `${runs}/${id}?wait=60`)
  const { result } = json as { result: string }
  if (result !== 'succeeded') throw new Error(JSON.stringify(json))
  return performance.now() - startedAt
}

async function fill(client: XdrClient, ofSeed: number, lineCount: number): Promise<void> {
  const end = Date.now() - 60_000
  const log = fleetLog({ seed: ofSeed, lines: lineCount, start: end - dayMs / 2, end })
  await client.ingest(log.text(0, log.lineCount))
}

function frontEnd(): Figure[] {
  const { schema, text } = longQuery
  return [40, 200].map(lineCount => {
    const template = text(lineCount)
    const times: number[] = []
    for (let repeat = 0; repeat < repeats * 3; repeat += 1) {
      const startedAt = performance.now()
      checkStatement({ template, variables: [], schema, now: Date.now() })
      // The first ones are the compiler's.
      if (repeat >= repeats) times.push(performance.now() - startedAt)
    }
    return {
      name: `front end, ${lineCount} lines`,
      value: `p50 ${milliseconds(median(times))}`,
      beside: '',
      note: `p99 ${milliseconds(quantile(times, 0.99))}, ${count(template.length)} characters`,
    }
  })
}

/** A fresh database, the same files, the same rows into a Parquet file of the same kind; in this process, warm. */
async function timePlain(files: readonly string[], folder: string): Promise<readonly number[]> {
  const times: number[] = []
  for (let repeat = 0; repeat <= repeats; repeat += 1) {
    const startedAt = performance.now()
    const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
    const connection = await instance.connect()
    const names = files.map(file => `'${file}'`).join(', ')
    await connection.run(`CREATE VIEW xdr_data AS SELECT * FROM read_parquet([${names}], union_by_name = true)`)
    const options = 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 4096'
    await connection.run(`COPY (${statement}) TO '${join(folder, 'plain.parquet')}' (${options})`)
    connection.closeSync()
    instance.closeSync()
    if (repeat > 0) times.push(performance.now() - startedAt)
  }
  return times
}

async function overhead(server: TestServer, client: XdrClient, folder: string): Promise<Figure> {
  const times: number[] = []
  for (let repeat = 0; repeat <= repeats; repeat += 1) {
    const ms = await timeRun(client, statement)
    if (repeat > 0) times.push(ms)
  }
  const files = dataFiles(server.directory)
  const plain = await timePlain(files, folder)
  const cost = median(times) - median(plain)
  return {
    name: 'a run, POST to finished',
    value: `p50 ${milliseconds(median(times))}`,
    beside: `DuckDB ${milliseconds(median(plain))}`,
    note: `the lake costs ${milliseconds(cost)}; p99 ${milliseconds(quantile(times, 0.99))}; ${files.length} files`,
  }
}

async function coldStart(server: TestServer): Promise<{ server: TestServer; figure: Figure }> {
  await server.stop('SIGTERM')
  const restarted = await server.restart()
  const startedAt = performance.now()
  await timeRun(await connect(restarted.firstRun), statement)
  const ms = performance.now() - startedAt
  const figure = { name: 'first query after a start', value: milliseconds(ms), beside: '', note: 'token included' }
  return { server: restarted, figure }
}

/** All at once: each tenant starts ten runs and waits for all of them. */
async function concurrent(server: TestServer): Promise<Figure> {
  const clients: XdrClient[] = []
  for (let index = 0; index < tenantCount; index += 1) {
    const client = await connect(await addTenant(server))
    await fill(client, seed + 1 + index, 500)
    clients.push(client)
  }
  await untilConverted(server.directory)
  const startedAt = performance.now()
  const jobs = clients.flatMap(client =>
    Array.from({ length: runsPerTenant }, async (): Promise<Timed> => {
      return { tenant: client.tenantId, ms: await timeRun(client, statement) }
    }),
  )
  const timed = await Promise.all(jobs)
  const seconds = (performance.now() - startedAt) / 1000
  const all = timed.map(({ ms }) => ms)
  const means = [...Map.groupBy(timed, ({ tenant }) => tenant).values()].map(
    own => own.reduce((sum, { ms }) => sum + ms, 0) / own.length,
  )
  return {
    name: `${tenantCount * runsPerTenant} runs of ${tenantCount} tenants at once`,
    value: `${(timed.length / seconds).toFixed(1)} runs/s`,
    beside: '',
    note: `p50 ${milliseconds(median(all))}, p99 ${milliseconds(quantile(all, 0.99))}, fairness ${fairness(means).toFixed(3)}`,
  }
}

/** Jain's index: 1 where all are served alike, 1/n where one gets everything. */
function fairness(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0)
  return sum ** 2 / (shares.length * shares.reduce((total, share) => total + share ** 2, 0))
}

const conditions = `machine: ${machine()}; ${otherWork()}`
const folder = await mkdtemp(join(tmpdir(), 'edr-lake-bench-'))
try {
  const figures: Figure[] = frontEnd()
  const first = await startServer({ flags: ['--segment-age', '1s'] })
  await fill(await connect(first.firstRun), seed, lines)
  await untilConverted(first.directory)
  const { server, figure } = await coldStart(first)
  await using _closing = server
  figures.push(await overhead(server, await connect(server.firstRun), folder), figure, await concurrent(server))
  process.stdout.write(`${conditions}\nlines ${count(lines)}, repeats ${repeats}, seed ${seed}\n\n${table(figures)}\n`)
} finally {
  await rm(folder, { recursive: true, force: true })
}
