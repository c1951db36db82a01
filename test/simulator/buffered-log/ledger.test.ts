import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLedger } from '../../../src/simulator/buffered-log/ledger.ts'

test('a line goes from waiting to its end', () => {
  const ledger = openLedger()
  const mark = ledger.add('result', 'pack_edr_users', 3)
  assert.deepEqual(ledger.line(mark), { mark: 1, kind: 'result', name: 'pack_edr_users', rows: 3, state: 'waiting' })
  ledger.sent(mark)
  assert.equal(ledger.line(mark).state, 'sent')
  ledger.acknowledged(mark, false)
  ledger.sent(mark)
  assert.equal(ledger.line(mark).state, 'acknowledged')
})

test('what was acknowledged by nothing, dropped before and dropped after it was sent is told apart', () => {
  const ledger = openLedger()
  const marks = [1, 2, 3, 4, 5, 6].map(() => ledger.add('status', '', 1))
  assert.deepEqual(marks, [1, 2, 3, 4, 5, 6])
  ledger.sent(1)
  ledger.acknowledged(1, true)
  ledger.dropped(2)
  ledger.sent(3)
  ledger.dropped(3)
  ledger.sent(4)
  ledger.sent(5)
  ledger.acknowledged(5, false)
  assert.deepEqual(
    [...ledger.lines()].map(({ kind, state }) => `${kind} ${state}`),
    ['acknowledgedByNothing', 'dropped', 'droppedAfterSent', 'sent', 'acknowledged', 'waiting'].map(
      state => `status ${state}`,
    ),
  )
  assert.deepEqual(ledger.counts(), {
    ...{ logged: 6, waiting: 1, sent: 1, acknowledged: 1, acknowledgedByNothing: 1, dropped: 1, droppedAfterSent: 1 },
  })
})

test('thousands of lines keep their names and rows', () => {
  const ledger = openLedger()
  for (let n = 1; n <= 5_000; n += 1) ledger.add(n % 2 === 0 ? 'status' : 'result', n % 2 === 0 ? '' : `q${n % 7}`, n)
  for (let n = 1; n <= 5_000; n += 1) {
    const { kind, name, rows } = ledger.line(n)
    assert.deepEqual([kind, name, rows], n % 2 === 0 ? ['status', '', n] : ['result', `q${n % 7}`, n])
  }
})

test('a mark that was never given', () => {
  const ledger = openLedger()
  for (const mark of [0, 1, -1, 1.5, Number.NaN]) assert.throws(() => ledger.line(mark), RangeError)
})
