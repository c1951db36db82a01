import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { startServer, type TestServer } from '../test/support/server.ts'
import { connect, type XdrClient } from '../test/support/xdr-client.ts'
import { count, type Figure, machine, otherWork, table } from './support/report.ts'

// A result as one file: how fast, and what it costs the API process in memory. The client reads and forgets, as fast as
// it may and once slowly, so that back-pressure shows.
//
//   npm run bench -- export [--rows=1000000]

const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' } } })
const rows = Number(values.rows)
const sampleMs = 20

async function longRun(client: XdrClient): Promise<string> {
  const texts = [1, 2, 3].map(
    index => `concat('text ${index} of row ', CAST(a * 1000 + b AS varchar)) AS text_${index}`,
  )
  const numbers = [1, 2, 3].map(index => `a * ${index} + b AS number_${index}`)
  const from = `UNNEST(sequence(1, ${Math.ceil(rows / 1000)})) AS x(a) CROSS JOIN UNNEST(sequence(1, 1000)) AS y(b)`
  const { id } = await client.start({ sql: `SELECT ${[...texts, ...numbers].join(', ')} FROM ${from}` })
  const run = await client.finish(id)
  if (run.result !== 'succeeded') throw new Error(JSON.stringify(run))
  return id
}

function residentBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096
}

async function measure(
  server: TestServer,
  client: XdrClient,
  runId: string,
  name: string,
  query: string,
  pauseMs: number,
): Promise<Figure> {
  const before = residentBytes(server.pid)
  let peak = before
  const sampling = setInterval(() => {
    peak = Math.max(peak, residentBytes(server.pid))
  }, sampleMs)
  const headers = {
    authorization: `Bearer ${client.token}`,
    'x-tenant-id': client.tenantId,
    'accept-encoding': 'identity',
  }
  const startedAt = performance.now()
  const answer = await fetch(`${server.url}/lake/v1/runs/${runId}/export?${query}`, { headers })
  if (answer.status !== 200 || answer.body === null) throw new Error(await answer.text())
  let bytes = 0
  let first = 0
  for await (const chunk of answer.body) {
    first ||= performance.now() - startedAt
    bytes += chunk.length
    if (pauseMs > 0) await new Promise(resolve => setTimeout(resolve, pauseMs))
  }
  const seconds = (performance.now() - startedAt) / 1000
  clearInterval(sampling)
  const mib = (amount: number) => `${Math.round(amount / 2 ** 20)} MiB`
  return {
    name,
    value: `${count(rows / seconds)} rows/s`,
    beside: '< 100 MiB',
    note: `API process +${mib(peak - before)} (${mib(before)} before); ${mib(bytes)}, first byte ${Math.round(first)} ms`,
  }
}

await using server = await startServer()
const client = await connect(server.firstRun)
const runId = await longRun(client)
const figures = [
  await measure(server, client, runId, 'CSV', 'format=csv', 0),
  await measure(server, client, runId, 'CSV, formulas escaped', 'format=csv&formulas=escape', 0),
  await measure(server, client, runId, 'CSV, gzip', 'format=csv&gzip=true', 0),
  await measure(server, client, runId, 'CSV, a slow reader', 'format=csv', 2),
  await measure(server, client, runId, 'NDJSON', 'format=ndjson', 0),
  await measure(server, client, runId, 'Parquet', 'format=parquet', 0),
]
console.log(`machine: ${machine()}; ${otherWork()}; ${count(rows)} rows × 6 columns\n\n${table(figures)}`)
