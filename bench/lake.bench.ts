import { readFileSync } from 'node:fs'
import { link, mkdir, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { startServer, type TestServer } from '../test/support/server.ts'
import { connect, type XdrClient } from '../test/support/xdr-client.ts'
import { historyFleet } from './history.ts'
import { guideSql } from './support/guide.ts'
import { type LakeQuery, lakeQueries } from './support/lake-queries.ts'
import { plainStatements } from './support/plain-duckdb.ts'
import { count, type Figure, machine, median, milliseconds, otherWork, table } from './support/report.ts'
import { dataFiles, storedSize } from './support/store-reading.ts'

// A hunter's queries over thirty days of a lake with a past, each from its POST to the last byte of a first page of
// 1,000 rows, warm; beside them DuckDB in one process on the same files. `--peers=FILE` writes down what another engine
// needs to do the same (scripts/bench-peers.mjs).
//
//   node bench/history.ts --data /tmp/lake --lines 11100000 --end 2026-11-23
//   npm run bench -- lake --data=/tmp/lake --lines=11100000 --end=2026-11-23

const repeats = 9
const dayMs = 86_400_000

interface Options {
  readonly directory: string
  readonly lines: number
  readonly seed: number
  readonly days: number
  readonly end: number
  readonly peersFile: string | undefined
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      lines: { type: 'string', default: '550000' },
      seed: { type: 'string', default: '1' },
      days: { type: 'string', default: '30' },
      end: { type: 'string' },
      peers: { type: 'string' },
    },
  })
  if (values.data === undefined || values.end === undefined) return undefined
  const [lines, seed, days] = [values.lines, values.seed, values.days].map(Number) as [number, number, number]
  const peersFile = values.peers === undefined ? undefined : resolve(values.peers)
  return { directory: resolve(values.data), lines, seed, days, end: Date.parse(values.end), peersFile }
}

interface Timed {
  readonly medianMs: number
  readonly slowestMs: number
  readonly rows: number
}

/** From the POST to the last byte of the first page; the first of all, which warms, does not count. */
async function timeQuery(client: XdrClient, sql: string, from: string): Promise<Timed> {
  const times: number[] = []
  let rows = 0
  for (let repeat = 0; repeat <= repeats; repeat += 1) {
    const startedAt = performance.now()
    const { id } = await client.start({ sql, from })
    const { json, text } = await client.call('GET', `/xdr-query/v1/queries/runs/${id}?wait=60`)
    if ((json as { result?: string } | undefined)?.result !== 'succeeded') throw new Error(text)
    const { pages } = await client.page(id, { pageSize: 1000 })
    if (repeat > 0) times.push(performance.now() - startedAt)
    rows = pages.items
  }
  return { medianMs: median(times), slowestMs: Math.max(...times), rows }
}

/** When the window of the query begins, ms since the epoch. */
function fromOf({ lastHours }: LakeQuery, { end, days }: Options): number {
  return lastHours === undefined ? end - days * dayMs : end - lastHours * 3_600_000
}

async function measure(client: XdrClient, query: LakeQuery, options: Options, files: readonly string[]) {
  const from = new Date(fromOf(query, options)).toISOString()
  const lake = await timeQuery(client, query.sql, from)
  const plain = await plainStatements({ files, statement: plainOf(query, options), pageRows: 1000, repeats })
  if (plain.rows !== lake.rows) throw new Error(`${query.name}: ${lake.rows} rows, DuckDB finds ${plain.rows}`)
  const verdict = lake.medianMs <= query.targetMs ? 'met' : 'missed'
  return {
    name: query.name,
    value: milliseconds(lake.medianMs),
    beside: `DuckDB ${milliseconds(plain.medianMs)}`,
    note: `${count(lake.rows)} rows, slowest ${milliseconds(lake.slowestMs)}; target ${query.targetMs} ms ${verdict}`,
  }
}

function plainOf(query: LakeQuery, options: Options): string {
  const from = new Date(fromOf(query, options)).toISOString().slice(0, 23).replace('T', ' ')
  return query.plain.replaceAll(':from', `TIMESTAMP '${from}'`)
}

/** A page from the middle of a result of 1,000 × 60: read, not rendered ahead. */
async function measurePage(client: XdrClient, options: Options): Promise<Figure> {
  const sql = "SELECT * FROM xdr_data WHERE query_name = 'running_processes_windows_sophos' LIMIT 5000"
  const { id } = await client.start({ sql, from: new Date(options.end - options.days * dayMs).toISOString() })
  await client.finish(id)
  const first = await client.page(id, { pageSize: 1000 })
  const times: number[] = []
  for (let repeat = 0; repeat <= repeats; repeat += 1) {
    const startedAt = performance.now()
    await client.page(id, { pageSize: 1000, key: first.pages.nextKey! })
    if (repeat > 0) times.push(performance.now() - startedAt)
  }
  const columns = Object.keys(first.items[0]!).length
  const value = median(times)
  const note = `target 50 ms ${value <= 50 ? 'met' : 'missed'}`
  return { name: `a page of 1,000 × ${columns}, read`, value: milliseconds(value), beside: '', note }
}

function sizeFigure(server: TestServer, tenantId: string): Figure {
  const { rows, bytes, files, byLevel } = storedSize(server.directory, tenantId)
  const weekly = byLevel.get(3)
  const note = `${count(rows)} rows in ${files} files; weekly files ${((weekly?.bytes ?? 0) / (weekly?.rows ?? 1)).toFixed(1)}; target 110 ${bytes / rows <= 110 ? 'met' : 'missed'}`
  return { name: 'bytes a row', value: (bytes / rows).toFixed(1), beside: '', note }
}

/** Largest resident size each process of the server has had, MiB. */
function peaks({ pid }: TestServer): string {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  const sizes = [String(pid), ...children].map(each => {
    const status = readFileSync(`/proc/${each}/status`, 'utf8')
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
  })
  return `API process ${sizes[0]} MiB, its workers ${sizes
    .slice(1)
    .sort((a, b) => b - a)
    .join(', ')} MiB`
}

/** What another engine needs to answer the same: the statements, and the files, which the janitor may replace here. */
async function writePeers(path: string, queries: readonly LakeQuery[], options: Options, files: readonly string[]) {
  const folder = `${path}.files`
  await mkdir(folder)
  for (const file of files) await link(file, join(folder, basename(file)))
  const statements = queries.map(query => ({ name: query.name, sql: plainOf(query, options) }))
  await writeFile(path, JSON.stringify({ folder, repeats, statements }))
}

async function main(): Promise<void> {
  const options = readOptions()
  if (options === undefined) {
    console.log('a lake with a past is needed: see the head of bench/lake.bench.ts')
    return
  }
  const conditions = `machine: ${machine()}; ${otherWork()}`
  const [log] = historyFleet({ ...options, tenantCount: 1 })
  const queries = lakeQueries(log!, guideSql)
  const server = await startServer({ directory: options.directory, flags: ['--query-span', '3650d'] })
  try {
    const client = await connect(server.firstRun)
    const files = dataFiles(server.directory, client.tenantId)
    if (options.peersFile !== undefined) await writePeers(options.peersFile, queries, options, files)
    const figures: Figure[] = []
    for (const query of queries) figures.push(await measure(client, query, options, files))
    figures.push(await measurePage(client, options), sizeFigure(server, client.tenantId))
    console.log(conditions)
    console.log(
      `data: ${count(options.lines)} lines over ${options.days} days, seed ${options.seed}; the tenant asked has half of them; ` +
        `medians of ${repeats}, warm; peaks: ${peaks(server)}\n`,
    )
    console.log(table(figures))
  } finally {
    await server.stop('SIGTERM')
  }
}

await main()
