import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startServer, type TestServer } from '../test/support/server.ts'
import { connect, type XdrClient } from '../test/support/xdr-client.ts'
import { type FleetLog, openFleet } from './fleet.ts'
import { type Bodies, greetings, writeBodies } from './support/bodies.ts'
import { guideSql } from './support/guide.ts'
import { type LoadResult, sendBodies } from './support/load.ts'
import { plainStatements } from './support/plain-duckdb.ts'
import { count, type Figure, machine, median, milliseconds, otherWork, quantile, table } from './support/report.ts'
import { type Conversion, conversionSince, dataFiles, untilConverted } from './support/store-reading.ts'

// The main job in figures: lines acknowledged, rows converted, and the getting-started guide's query from its POST to
// its first page, beside plain DuckDB on the same files. Every figure goes through a server of its own process, over
// HTTP, with everything on that a user has on.
//
//   npm run bench -- main-job [--lines=1000000] [--runs=3] [--connections=32] [--seed=1]

const linesPerBody = 64
const queryRepeats = 7
const daySeconds = 86_400

interface Options {
  readonly seed: number
  readonly lines: number
  readonly runs: number
  readonly connections: number
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      lines: { type: 'string', default: '100000' },
      runs: { type: 'string', default: '3' },
      connections: { type: 'string', default: '32' },
      seed: { type: 'string', default: '1' },
    },
  })
  const [seed, lines, runs, connections] = [values.seed, values.lines, values.runs, values.connections].map(Number)
  return { seed: seed!, lines: lines!, runs: runs!, connections: connections! }
}

/** The largest tenant's log over the last thirty days, which has half of the fleet's lines. */
function logOf({ seed, lines }: Options): FleetLog {
  const end = Math.floor(Date.now() / 1000) - 60
  return openFleet({ seed, lines: lines * 2, start: end - 30 * daySeconds, end })[0]!
}

interface Work {
  readonly greeting: string
  readonly bodies: Bodies
}

async function sendAll(server: TestServer, { greeting, bodies }: Work, connections: number): Promise<LoadResult> {
  const client = await connect(server.firstRun)
  await client.ingest(greeting)
  const { token, tenantId } = client
  const headers = { authorization: `Bearer ${token}`, 'x-tenant-id': tenantId, 'content-type': 'application/x-ndjson' }
  return sendBodies({ url: server.url, path: '/lake/v1/ingest/osquery', headers }, bodies, connections)
}

/** A fresh lake for each run: lines that it has seen would be recognised and not written. */
async function measureAcknowledged(work: Work, { runs, connections }: Options): Promise<readonly Figure[]> {
  const results: LoadResult[] = []
  for (let run = 0; run < runs; run += 1) {
    // Segments that are never sealed: what the door alone can do.
    await using server = await startServer({ flags: ['--segment-bytes', '1t', '--segment-age', '10d'] })
    results.push(await sendAll(server, work, connections))
  }
  const latencies = results.flatMap(result => result.latencies)
  const linesPerSecond = median(results.map(result => result.lines / result.seconds))
  const bytesPerSecond = median(results.map(result => result.bytes / result.seconds))
  const value = `${count(linesPerSecond)} lines/s`
  const note = `${Math.round(bytesPerSecond / 2 ** 20)} MiB/s, p50 ${milliseconds(median(latencies))}, p99 ${milliseconds(quantile(latencies, 0.99))}`
  return [{ name: `acknowledged, ${linesPerBody}-line bodies`, value, beside: '', note }]
}

interface FilledLake {
  readonly server: TestServer
  readonly client: XdrClient
  readonly load: LoadResult
  readonly conversion: Conversion
}

/** Fills a lake, kills its server in the middle of the work and lets another convert what was left. */
async function fillLake(work: Work, { connections }: Options): Promise<FilledLake> {
  const first = await startServer()
  const load = await sendAll(first, work, connections)
  await first.stop('SIGKILL')
  const restartedAt = Date.now()
  const server = await first.restart()
  await untilConverted(server.directory)
  const client = await connect(server.firstRun)
  return { server, client, load, conversion: conversionSince(server.directory, restartedAt) }
}

function conversionFigures({ load, conversion }: FilledLake): readonly Figure[] {
  const { rowsPerSecond, rows, files, bytes } = conversion
  return [
    {
      name: 'acknowledged while converting',
      value: `${count(load.lines / load.seconds)} lines/s`,
      beside: '',
      note: 'one run, both on the same cores',
    },
    {
      name: 'converted after a restart',
      value: rowsPerSecond === undefined ? 'one commit only' : `${count(rowsPerSecond)} rows/s`,
      beside: '',
      note: `${count(rows)} rows, ${files} files, ${(bytes / rows).toFixed(1)} bytes a row`,
    },
  ]
}

/** From the POST to the last byte of a first page of 1,000 rows, ms. */
async function timeQuery(client: XdrClient, sql: string, from: string): Promise<number> {
  const startedAt = performance.now()
  const { id } = await client.start({ sql, from })
  const wait = await client.call('GET', `/xdr-query/v1/queries/runs/${id}?wait=60`)
  const run = wait.json as { result: string }
  if (run.result !== 'succeeded') throw new Error(wait.text)
  await client.page(id, { pageSize: 1000 })
  return performance.now() - startedAt
}

async function measureGuide({ server, client }: FilledLake, limit: number | undefined): Promise<Figure> {
  const sql = limit === undefined ? guideSql : `${guideSql}\nLIMIT ${limit}`
  const from = new Date(Date.now() - 31 * daySeconds * 1000).toISOString()
  const times: number[] = []
  for (let repeat = 0; repeat <= queryRepeats; repeat += 1) {
    const ms = await timeQuery(client, sql, from)
    if (repeat > 0) times.push(ms)
  }
  const statement = sql.replace('FROM xdr_data', 'FROM source')
  const files = dataFiles(server.directory)
  const plain = await plainStatements({ files, statement, pageRows: 1000, repeats: queryRepeats })
  return {
    name: limit === undefined ? "the guide's query, first page" : `the guide's query LIMIT ${limit}, first page`,
    value: milliseconds(median(times)),
    beside: `DuckDB ${milliseconds(plain.medianMs)}`,
    note: `${count(plain.rows)} rows; slowest ${milliseconds(Math.max(...times))}`,
  }
}

async function main(): Promise<void> {
  const options = readOptions()
  const conditions = `machine: ${machine()}; ${otherWork()}`
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-bench-'))
  try {
    const log = logOf(options)
    const bodies = writeBodies(log, linesPerBody, join(folder, 'bodies'))
    const work = { greeting: greetings(log), bodies }
    const figures = [...(await measureAcknowledged(work, options))]
    const lake = await fillLake(work, options)
    await using server = lake.server
    figures.push(
      ...conversionFigures(lake),
      await measureGuide({ ...lake, server }, 1000),
      await measureGuide(lake, undefined),
    )
    bodies.close()
    console.log(conditions)
    console.log(
      `data: ${count(bodies.lines)} lines, ${count(bodies.bytes)} bytes, ${count(bodies.count)} bodies, seed ${options.seed}, ` +
        `${options.connections} connections; medians of ${options.runs} runs, queries of ${queryRepeats}, warm\n`,
    )
    console.log(table(figures))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

await main()
