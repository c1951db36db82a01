import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Ledger, openLedger } from '../../src/simulator/buffered-log/ledger.ts'
import { compareWithLake, type MarkRun, parseMarkRun } from '../../src/simulator/lake-comparison.ts'

const run = (first: number, last: number, more: Partial<MarkRun> = {}): MarkRun => ({
  ...{ agent: 'r-1', query: 'users', rows: 1, first, last, hostFrom: 'h1', hostTo: 'h1' },
  ...more,
})

/** Ten lines of one row, all acknowledged. */
function tenLines(): Ledger {
  const ledger = openLedger()
  for (let mark = 1; mark <= 10; mark += 1) {
    ledger.add('result', 'pack_edr_users', 1)
    ledger.sent(mark)
    ledger.acknowledged(mark, false)
  }
  return ledger
}

const compare = (ledger: Ledger, ...runs: readonly MarkRun[]) =>
  compareWithLake('result', new Map([['r-1', ledger]]), runs)
const none = { lost: 0, doubled: 0, torn: 0, unexpected: 0 }

test('a lake that has every line once', () => {
  const comparison = compare(tenLines(), run(4, 10), run(1, 3))
  assert.deepEqual([comparison.faults, comparison.present, comparison.examples], [none, 10, []])
  assert.deepEqual(comparison.queryNames, new Map([['pack_edr_users', new Set(['users'])]]))
})

test('lost and doubled lines, even where the number of rows is right', () => {
  const { faults, examples } = compare(tenLines(), run(1, 4), run(6, 9), run(10, 10, { rows: 2 }))
  assert.deepEqual(faults, { ...none, lost: 1, doubled: 1 })
  assert.deepEqual(
    examples.map(({ fault, mark, rowsFound }) => [fault, mark, rowsFound]),
    [
      ['lost', 5, 0],
      ['doubled', 10, 2],
    ],
  )
})

test('a line is doubled as well where its copies stand under two names', () => {
  const comparison = compare(tenLines(), run(1, 10), run(3, 3, { query: 'pack_edr_users' }))
  assert.deepEqual(comparison.faults, { ...none, doubled: 1 })
})

test('lines of many rows: all of them or none', () => {
  const ledger = openLedger()
  for (const [at, state] of ['acknowledged', 'acknowledged', 'sent', 'sent', 'sent', 'none'].entries()) {
    const mark = ledger.add('result', 'users', state === 'none' ? 0 : 7)
    assert.equal(mark, at + 1)
    ledger.sent(mark)
    if (state === 'acknowledged') ledger.acknowledged(mark, false)
  }
  const comparison = compare(ledger, run(1, 1, { rows: 7 }), run(2, 2, { rows: 6 }), run(4, 4, { rows: 7 }), run(5, 5))
  assert.deepEqual(comparison.faults, { ...none, lost: 1, torn: 1 })
  assert.deepEqual([comparison.present, comparison.doubtfulPresent, comparison.doubtfulAbsent], [1, 1, 1])
})

test('what was never sent must not be there; what was in doubt may', () => {
  const ledger = openLedger()
  for (let n = 0; n < 8; n += 1) ledger.add('result', 'users', 1)
  ledger.dropped(1)
  for (const mark of [2, 3, 4, 5, 6]) ledger.sent(mark)
  ledger.dropped(3)
  for (const mark of [4, 5]) ledger.acknowledged(mark, true)
  const comparison = compare(ledger, run(1, 4), run(8, 8))
  assert.deepEqual(comparison.faults, { ...none, unexpected: 2 })
  assert.deepEqual(
    comparison.examples.map(({ mark, line }) => [mark, line?.state]),
    [
      [1, 'dropped'],
      [8, 'waiting'],
    ],
  )
  const { present, doubtfulPresent, doubtfulAbsent, nothingAbsent } = comparison
  assert.deepEqual([present, doubtfulPresent, doubtfulAbsent, nothingAbsent], [0, 3, 1, 1])
})

test('what is acknowledged after the lake was asked may be there or not', () => {
  const ledger = openLedger()
  for (let n = 0; n < 3; n += 1) ledger.add('result', 'users', 1)
  for (const mark of [1, 2, 3]) ledger.sent(mark)
  ledger.acknowledged(1, false)
  const before = new Map([['r-1', ledger.acknowledgedUntilNow()]])
  for (const mark of [2, 3]) ledger.acknowledged(mark, false)
  const late = ledger.add('result', 'users', 1)
  ledger.acknowledged(late, false)
  const comparison = compareWithLake('result', new Map([['r-1', ledger]]), [run(2, 2)], before)
  assert.deepEqual(comparison.faults, { ...none, lost: 1 })
  assert.deepEqual([comparison.examples[0]?.mark, comparison.doubtfulPresent, comparison.doubtfulAbsent], [1, 1, 2])
})

test('marks and agents that nobody knows', () => {
  const comparison = compare(tenLines(), run(1, 11), run(1, 1, { agent: 'r-9' }))
  assert.deepEqual(comparison.faults, { ...none, unexpected: 2 })
  assert.deepEqual(
    comparison.examples.map(({ agent, mark }) => `${agent} ${mark}`),
    ['r-1 11', 'r-9 1'],
  )
})

test('only lines of the kind are looked at', () => {
  const ledger = tenLines()
  ledger.acknowledged(ledger.add('status', '', 1), false)
  assert.deepEqual(compare(ledger, run(1, 10)).faults, none)
  const statuses = compareWithLake('status', new Map([['r-1', ledger]]), [run(11, 11, { query: '' })])
  assert.deepEqual([statuses.faults, statuses.present], [none, 1])
})

test('an agent whose rows are of two hosts is told', () => {
  assert.deepEqual(compare(tenLines(), run(1, 10)).splitHosts, [])
  assert.deepEqual(compare(tenLines(), run(1, 9), run(10, 10, { hostFrom: 'h2', hostTo: 'h2' })).splitHosts, ['r-1'])
  assert.deepEqual(compare(tenLines(), run(1, 10, { hostTo: 'h2' })).splitHosts, ['r-1'])
})

test('a row of the API becomes a run', () => {
  const row = { agent: 'r-1', query: 'users', n: 2, first_mark: 3, last_mark: 4, host_from: 'a', host_to: 'b' }
  assert.deepEqual(parseMarkRun(row), run(3, 4, { rows: 2, hostFrom: 'a', hostTo: 'b' }))
})
