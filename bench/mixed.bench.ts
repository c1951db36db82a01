import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startServer } from '../test/support/server.ts'
import { connect, type XdrClient } from '../test/support/xdr-client.ts'
import { openFleet } from './fleet.ts'
import { count, type Figure, machine, median, milliseconds, otherWork, quantile, table } from './support/report.ts'
import { conversionSince } from './support/store-reading.ts'

// What ingest and queries cost one another, on a lake with a past: bodies at a steady rate alone, queries alone, and
// both at once while segments are converted and files are merged.
//
//   npm run bench -- mixed --data=/tmp/lake [--rate=3000] [--seconds=30] [--queries=10]

const linesPerBody = 64

interface Options {
  readonly directory: string
  readonly rate: number
  readonly seconds: number
  readonly queries: number
}

const statements = [
  "SELECT meta_hostname, count(*) AS n FROM xdr_data WHERE query_name = 'running_processes_windows_sophos' GROUP BY 1 ORDER BY 2 DESC LIMIT 20",
  "SELECT meta_hostname, path FROM xdr_data WHERE query_name = 'running_processes_windows_sophos' AND cmdline LIKE '%-EncodedCommand%'",
  "SELECT remote_address, count(*) AS n FROM xdr_data WHERE query_name = 'open_sockets_windows' GROUP BY 1 ORDER BY 2 DESC LIMIT 100",
  'SELECT query_name, count(*) AS n FROM xdr_data GROUP BY 1',
]

/** Bodies at their times, whatever became of the others; ms from when each was due to its answer. */
async function ingest(client: XdrClient, { rate, seconds }: Options): Promise<readonly number[]> {
  const end = Math.floor(Date.now() / 1000)
  const lines = Math.ceil(rate * seconds) + linesPerBody
  // Every stream's lines are its own: lines that came before would not be stored.
  const [log] = openFleet({ seed: end, lines: lines * 2, start: end - 600, end })
  const times: number[] = []
  const pending: Promise<void>[] = []
  const startedAt = performance.now()
  for (let line = 0; line + linesPerBody <= rate * seconds; line += linesPerBody) {
    const dueAt = startedAt + (line / rate) * 1000
    await delay(Math.max(0, dueAt - performance.now()))
    const answered = client.call('POST', '/lake/v1/ingest/osquery', { body: log!.text(line, line + linesPerBody) })
    pending.push(
      answered.then(({ status, text }) => {
        if (status !== 200) throw new Error(text)
        times.push(performance.now() - dueAt)
      }),
    )
  }
  await Promise.all(pending)
  return times
}

/** `queries` of them at once, each asking its next as soon as it has its first page, until the time is up. */
async function query(client: XdrClient, { queries, seconds }: Options): Promise<readonly number[]> {
  const times: number[] = []
  const from = new Date(Date.now() - 31 * 86_400_000).toISOString()
  const until = performance.now() + seconds * 1000
  const work = async (_: unknown, number: number): Promise<void> => {
    for (let turn = number; performance.now() < until; turn += 1) {
      const startedAt = performance.now()
      const { id } = await client.start({ sql: statements[turn % statements.length]!, from })
      const { json, text } = await client.call('GET', `/xdr-query/v1/queries/runs/${id}?wait=60`)
      if ((json as { result?: string }).result !== 'succeeded') throw new Error(text)
      await client.page(id)
      times.push(performance.now() - startedAt)
    }
  }
  await Promise.all(Array.from({ length: queries }, work))
  return times
}

function figure(name: string, times: readonly number[], note = ''): Figure {
  const value = `p50 ${milliseconds(median(times))}, p99 ${milliseconds(quantile(times, 0.99))}`
  return { name, value, beside: '', note: `${count(times.length)}${note}` }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      rate: { type: 'string', default: '3000' },
      seconds: { type: 'string', default: '30' },
      queries: { type: 'string', default: '10' },
    },
  })
  if (values.data === undefined) {
    console.log('a lake with a past is needed: see the head of bench/mixed.bench.ts')
    return
  }
  const [rate, seconds, queries] = [values.rate, values.seconds, values.queries].map(Number) as [number, number, number]
  const options = { directory: resolve(values.data), rate, seconds, queries }
  const conditions = `machine: ${machine()}; ${otherWork()}`
  const server = await startServer({
    directory: options.directory,
    flags: ['--janitor-interval', '5s', '--runs-queued-per-tenant', '50', '--query-span', '3650d'],
  })
  try {
    const client = await connect(server.firstRun)
    const ingestAlone = await ingest(client, options)
    const queriesAlone = await query(client, options)
    const startedAt = Date.now()
    const [ingestBoth, queriesBoth] = await Promise.all([ingest(client, options), query(client, options)])
    const { files } = conversionSince(server.directory, startedAt)
    console.log(conditions)
    console.log(`data: ${options.directory.split('/').at(-1)}; ${seconds} s each; ${queries} queries at once\n`)
    console.log(
      table([
        figure(`bodies at ${count(rate)} lines/s, alone`, ingestAlone, ' bodies'),
        figure(`bodies at ${count(rate)} lines/s, while queries run`, ingestBoth, ' bodies'),
        figure('queries, alone', queriesAlone, ' queries'),
        figure('queries, while the lake ingests and merges', queriesBoth, ` queries; ${files} files committed`),
      ]),
    )
  } finally {
    await server.stop('SIGTERM')
  }
}

await main()
