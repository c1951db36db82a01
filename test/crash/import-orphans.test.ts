// A server that dies at once leaves no process behind: not the worker in the middle of a query, not the writer in the
// middle of a segment. They would go on using memory and disk, and a new server would start beside them.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fleetLog, lastHours } from '../support/fleet-logs.ts'
import { startServer } from '../support/server.ts'
import { connect } from '../support/xdr-client.ts'

const goneMsMax = 10_000

/** Minutes of work that does not look at its signals. */
const longSql = `SELECT count(*) AS n FROM UNNEST(SEQUENCE(1, 10000)) AS a(x)
CROSS JOIN UNNEST(SEQUENCE(1, 10000)) AS b(y) CROSS JOIN UNNEST(SEQUENCE(1, 10000)) AS c(z)
WHERE (x * 7919 + y * 104729 + z * 1299709) % 1000003 = 5`

test('kill -9 of a busy server ends its processes', {
  skip: process.platform !== 'linux' && 'reads /proc',
}, async () => {
  await using server = await startServer({ flags: ['--segment-bytes', '1m'] })
  const client = await connect(server.firstRun)
  const log = fleetLog({ seed: 5, lines: 2000, ...lastHours(Date.now()) })
  await client.ingest(log.text(0, log.lineCount))
  await client.start({ sql: longSql })
  const children = descendants(server.pid)
  assert.ok(children.length >= 2, `${children.length} processes beside the server`)
  await server.stop('SIGKILL')
  const deadline = performance.now() + goneMsMax
  let left = children
  while (left.length > 0 && performance.now() < deadline) {
    // Nothing tells when a process that is nobody's child has ended.
    await delay(20)
    left = left.filter(isAlive)
  }
  assert.deepEqual(left.map(commandLine), [])
})

interface ProcessPlace {
  readonly pid: number
  readonly parent: number
  /** Clock ticks since the machine's start: with the pid, no other process has both. */
  readonly startedAt: string
}

function descendants(pid: number): readonly ProcessPlace[] {
  const all = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => placeOf(Number(name)))
  const below = (parent: number): ProcessPlace[] =>
    all.filter(each => each.parent === parent).flatMap(each => [each, ...below(each.pid)])
  return below(pid)
}

/** Nothing for a process that has ended, also while its parent has not yet asked how. */
function placeOf(pid: number): ProcessPlace[] {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state, parent, ...rest] = status.slice(status.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' ? [] : [{ pid, parent: Number(parent), startedAt: rest[17]! }]
  } catch {
    return []
  }
}

function isAlive(place: ProcessPlace): boolean {
  return placeOf(place.pid).some(({ startedAt }) => startedAt === place.startedAt)
}

function commandLine({ pid }: ProcessPlace): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
}
