import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startServer } from '../test/support/server.ts'
import { connect } from '../test/support/xdr-client.ts'
import { openFleet } from './fleet.ts'
import { greetings, writeBodies } from './support/bodies.ts'
import { sendBodies } from './support/load.ts'
import { count, machine, milliseconds, otherWork, table } from './support/report.ts'

// How long a lake that was killed with a large open tail keeps its agents waiting: from the start of the next process
// to its first acknowledgement, every frame of the tail read and checked meanwhile.
//
//   npm run bench -- recovery [--bytes=1000000000] [--seed=1]

const lineBytes = 1_600
const targetMs = 5_000
/** Nothing is sealed: the whole tail is one open segment. */
const neverSealed = ['--segment-bytes', '1t', '--segment-age', '10d']

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { bytes: { type: 'string', default: '1000000000' }, seed: { type: 'string', default: '1' } },
  })
  const conditions = `machine: ${machine()}; ${otherWork()}`
  const seed = Number(values.seed)
  const lines = Math.ceil(Number(values.bytes) / lineBytes)
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-bench-'))
  const end = Math.floor(Date.now() / 1000)
  const [log] = openFleet({ seed, lines: lines * 2, start: end - 86_400, end })
  const bodies = writeBodies(log!, 1_024, join(folder, 'bodies'))
  const first = await startServer({ directory: join(folder, 'lake'), flags: neverSealed })
  try {
    const client = await connect(first.firstRun)
    await client.ingest(greetings(log!))
    const headers = { authorization: `Bearer ${client.token}`, 'x-tenant-id': client.tenantId }
    await sendBodies({ url: first.url, path: '/lake/v1/ingest/osquery', headers }, bodies, 16)
    await first.stop('SIGKILL')
    const startedAt = performance.now()
    await using server = await first.restart()
    const readyMs = performance.now() - startedAt
    const again = await connect(server.firstRun)
    await again.ingest(`${log!.line(0).replace('"hostIdentifier":"', '"hostIdentifier":"new-')}\n`)
    const firstAnswerMs = performance.now() - startedAt
    const [row] = await again.query({ sql: 'SELECT count(*) AS n FROM lake_reports' })
    const verdict = firstAnswerMs <= targetMs ? 'met' : 'missed'
    const figures = [
      {
        name: 'killed → first acknowledgement',
        value: milliseconds(firstAnswerMs),
        beside: `target ${targetMs} ms ${verdict}`,
        note: `ready after ${milliseconds(readyMs)}; ${count(Number(row!['n']))} lines found of ${count(bodies.lines)}`,
      },
    ]
    console.log(conditions)
    console.log(`data: one open segment of ${count(bodies.bytes)} bytes, ${count(bodies.lines)} lines, seed ${seed}\n`)
    console.log(table(figures))
  } finally {
    bodies.close()
    await rm(folder, { recursive: true, force: true })
  }
}

await main()
