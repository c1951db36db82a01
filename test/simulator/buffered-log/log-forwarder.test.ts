import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AgentFlags, osqueryFlags } from '../../../src/simulator/agent/flags.ts'
import { type LineKind, openLedger } from '../../../src/simulator/buffered-log/ledger.ts'
import { openLogForwarder } from '../../../src/simulator/buffered-log/log-forwarder.ts'
import { openLogStore } from '../../../src/simulator/buffered-log/log-store.ts'
import type { Judgement } from '../../../src/simulator/remote/judgement.ts'

type Answer = 'fine' | 'empty' | 'refused'

const judgements: Readonly<Record<Answer, Judgement>> = {
  fine: { isSuccess: true, json: {}, isEmpty: false },
  empty: { isSuccess: true, json: {}, isEmpty: true },
  refused: { isSuccess: false, reason: 'no', isNodeInvalid: false },
}

interface Sent {
  readonly kind: LineKind
  readonly lines: readonly string[]
  /** Seconds since the start. */
  readonly at: number
}

/** A forwarder whose requests are answered by `answerOf`, over time that passes as it waits, up to `until` seconds. */
function forwarder(
  changed: Partial<AgentFlags>,
  answerOf: (kind: LineKind, sent: readonly Sent[]) => Answer,
  until = 0,
) {
  const store = openLogStore()
  const ledger = openLedger()
  const sent: Sent[] = []
  const purges: number[][] = []
  let now = 0
  let isStopped = false
  /** What is logged at which second, beside what the test logs itself. */
  const arrivals = new Map<number, () => void>()
  const parts = openLogForwarder({
    flags: () => ({ ...osqueryFlags, ...changed }),
    ...{ store, ledger },
    async send(kind, lines) {
      sent.push({ kind, lines: lines.map(String), at: now })
      return judgements[answerOf(kind, sent)]
    },
    async wait(seconds) {
      now += seconds
      arrivals.get(now)?.()
      if (now >= until) isStopped = true
    },
    isStopped: () => isStopped,
    onPurge: (max, size) => purges.push([max, size]),
  })
  const log = (kind: LineKind, ...texts: readonly string[]): void => {
    for (const text of texts) store.add(kind, ledger.add(kind, 'q', 1), Buffer.from(text), 1_000_000_000 + now)
  }
  return { ...parts, store, ledger, sent, purges, arrivals, log }
}

test('a flush posts results, then statuses, and forgets what was acknowledged', async () => {
  const { flush, log, sent, store, ledger } = forwarder({}, () => 'fine')
  log('status', 's1')
  log('result', 'r1', 'r2')
  await flush()
  assert.deepEqual(sent, [
    { kind: 'result', lines: ['r1', 'r2'], at: 0 },
    { kind: 'status', lines: ['s1'], at: 0 },
  ])
  assert.equal(store.size, 0)
  assert.equal(ledger.counts().acknowledged, 3)
  await flush()
  assert.equal(sent.length, 2)
})

test('at most 1024 lines go at once, and statuses wait while so many results do', async () => {
  const { run, log, sent } = forwarder({}, () => 'fine', 12)
  log('status', 's1')
  log('result', ...Array.from({ length: 1_500 }, (_, n) => `r${n}`))
  await run()
  assert.deepEqual(
    sent.map(({ kind, lines, at }) => [kind, lines.length, at]),
    [
      ['result', 1024, 0],
      ['result', 476, 4],
      ['status', 1, 4],
    ],
  )
})

test('what was not acknowledged is sent again with new lines behind it, cut anew', async () => {
  const { run, log, sent, arrivals, ledger } = forwarder(
    { logger_tls_max_lines: 3 },
    (_, before) => (before.length <= 2 ? 'refused' : 'fine'),
    60,
  )
  log('result', 'r1', 'r2')
  arrivals.set(4, () => log('result', 'r3'))
  arrivals.set(12, () => log('result', 'r4', 'r5'))
  await run()
  assert.deepEqual(
    sent.map(({ lines, at }) => `${at}: ${lines.join(' ')}`),
    ['0: r1 r2', '4: r1 r2 r3', '20: r1 r2 r3', '24: r4 r5'],
  )
  assert.equal(ledger.counts().acknowledged, 5)
})

test('failures back off by period times n squared, results and statuses each for itself', async () => {
  const { run, log, sent } = forwarder({}, kind => (kind === 'result' ? 'refused' : 'fine'), 130)
  log('result', 'r1')
  log('status', 's1')
  await run()
  const times = (kind: LineKind): number[] => sent.filter(each => each.kind === kind).map(({ at }) => at)
  assert.deepEqual(times('result'), [0, 4, 20, 56, 120])
  assert.deepEqual(times('status'), [0])
})

test('the back-off is capped, and a success ends it', async () => {
  const { run, log, sent, arrivals } = forwarder(
    { logger_tls_backoff_max: 20 },
    (_, before) => (before.length === 6 ? 'fine' : 'refused'),
    150,
  )
  log('result', 'r1')
  arrivals.set(92, () => log('result', 'r2'))
  await run()
  assert.deepEqual(
    sent.map(({ at }) => at),
    [0, 4, 20, 40, 60, 80, 92, 96, 112, 132],
  )
})

test('no back-off where it is switched off', async () => {
  const { run, log, sent } = forwarder({ logger_tls_backoff_max: 0 }, () => 'refused', 20)
  log('result', 'r1')
  await run()
  assert.deepEqual(
    sent.map(({ at }) => at),
    [0, 4, 8, 12, 16],
  )
})

test('an empty answer acknowledges, and the ledger knows of what kind', async () => {
  const { flush, log, store, ledger } = forwarder({}, () => 'empty')
  log('result', 'r1')
  await flush()
  assert.equal(store.size, 0)
  assert.equal(ledger.line(1).state, 'acknowledgedByNothing')
})

test('a line that is too long is left out and dropped with its batch', async () => {
  const answers: Answer[] = ['refused', 'fine']
  const { flush, log, sent, ledger, store } = forwarder({ logger_tls_max_linesize: 4 }, () => answers.shift()!)
  log('result', 'good', 'much too long', 'fine')
  await flush()
  assert.equal(store.size, 3)
  await flush()
  assert.deepEqual(sent[1]?.lines, ['good', 'fine'])
  assert.deepEqual(
    [...ledger.lines()].map(({ state }) => state),
    ['acknowledged', 'dropped', 'acknowledged'],
  )
  assert.equal(store.size, 0)
})

test('a store that is over its bound loses its oldest lines after a flush, and tells those sent from those not', async () => {
  const { flush, log, ledger, purges, store } = forwarder(
    { buffered_log_max: 3, logger_tls_max_lines: 1 },
    () => 'refused',
  )
  log('result', 'r1', 'r2')
  log('status', 's1')
  await flush()
  assert.deepEqual(purges, [])
  log('result', 'r3', 'r4')
  await flush()
  assert.deepEqual(purges, [[3, 5]])
  assert.deepEqual(
    [...ledger.lines()].map(({ state }) => state),
    ['droppedAfterSent', 'dropped', 'waiting', 'waiting', 'waiting'],
  )
  assert.equal(store.size, 3)
})

test('an agent that is stopped during a request leaves its lines in doubt', async () => {
  const store = openLogStore()
  const ledger = openLedger()
  let isStopped = false
  const { run } = openLogForwarder({
    ...{
      flags: () => osqueryFlags,
      store,
      ledger,
      isStopped: () => isStopped,
      onPurge: assert.fail,
      wait: async () => {},
    },
    async send() {
      isStopped = true
      return judgements.refused
    },
  })
  store.add('result', ledger.add('result', 'q', 1), Buffer.from('r1'), 1)
  await run()
  assert.equal(ledger.line(1).state, 'sent')
  assert.equal(store.size, 1)
})
