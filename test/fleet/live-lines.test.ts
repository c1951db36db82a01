import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerLines, rowsOfLine } from '../../src/fleet/live-lines.ts'
import { lineBytesMax } from '../../src/limits.ts'
import type { DistributedRow } from '../../src/osquery/distributed.ts'
import { liveHostOf, liveRunOf } from '../support/live-fixtures.ts'

const at = Date.UTC(2026, 1, 3, 8, 14, 55, 628)
const run = liveRunOf({ id: 'f00d', name: 'who runs' })
const host = liveHostOf({ hostIdentifier: 'web-03' })

function answer(rows: readonly DistributedRow[], droppedRows = 0) {
  return { status: 0, message: undefined, rows, droppedRows, stats: {} }
}

test('an answer is one line in the form of a snapshot', () => {
  const told = {
    ...host,
    facts: {
      hostname: 'web',
      osName: 'Ubuntu',
      platform: 'ubuntu',
      decorations: { meta_username: 'root', os_name: 'own' },
    },
  }
  const { parts, columns, droppedRows } = answerLines(
    run,
    told,
    answer([{ pid: '1' }, { pid: '2', name: 'b\u0000' }], 3),
    at,
  )
  assert.equal(parts.length, 1)
  assert.deepEqual(JSON.parse(parts[0]!.line), {
    name: 'live/who runs',
    hostIdentifier: 'web-03',
    calendarTime: '2026-02-03T08:14:55.628Z',
    unixTime: 1770106495,
    epoch: 0,
    numerics: false,
    decorations: { live_run_id: 'f00d', hostname: 'web', os_name: 'own', os_platform: 'ubuntu', meta_username: 'root' },
    counter: 0,
    action: 'snapshot',
    snapshot: [{ pid: '1' }, { pid: '2', name: 'b\u0000' }],
  })
  assert.deepEqual([parts[0]!.rowCount, parts[0]!.bytes], [2, '{"pid":"1"}{"pid":"2","name":"b\\u0000"}'.length])
  assert.deepEqual([columns, droppedRows], [['pid', 'name'], 3])
})

test('an answer without rows is a line without rows', () => {
  const { parts, columns } = answerLines(run, host, answer([]), at)
  assert.deepEqual(
    parts.map(({ line, rowCount, bytes }) => [rowsOfLine(line), rowCount, bytes]),
    [[[], 0, 0]],
  )
  assert.deepEqual(columns, [])
})

test('many rows are several lines, and equal lines are numbered', () => {
  const rows = Array.from({ length: 2_500 }, () => ({ name: 'bash' }))
  const { parts } = answerLines(run, host, answer(rows), at)
  assert.deepEqual(
    parts.map(part => part.rowCount),
    [1_000, 1_000, 500],
  )
  assert.notEqual(parts[0]!.line, parts[1]!.line)
  assert.deepEqual(
    parts.flatMap(part => rowsOfLine(part.line)),
    rows,
  )
})

test('long rows are parts of their own, and one that no line can hold is counted', () => {
  const long = { text: 'x'.repeat(900_000) }
  const grown = { text: '\u0001'.repeat(300_000) }
  const { parts, droppedRows } = answerLines(run, host, answer([{ n: '1' }, long, grown, { n: '2' }]), at)
  assert.deepEqual(
    parts.map(part => part.rowCount),
    [1, 1, 1],
  )
  assert.equal(droppedRows, 1)
  for (const { line } of parts) assert.ok(Buffer.byteLength(line) < lineBytesMax)
})

test('a machine with endless decorations does not repeat them in every line', () => {
  const decorations = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`d${n}`, 'x'.repeat(100)]))
  const { parts } = answerLines(run, { ...host, facts: { decorations } }, answer([]), at)
  const kept = JSON.parse(parts[0]!.line).decorations
  assert.equal(kept.live_run_id, 'f00d')
  assert.ok(parts[0]!.line.length < 6_000 && Object.keys(kept).length > 30)
})
