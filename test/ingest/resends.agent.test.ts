// An agent's own log store and forwarder against the nets: what it sends again is cut as osquery cuts it, and ordered
// as RocksDB orders it. A failure prints its seed (`SEED=n node --test …`).

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { osqueryFlags } from '../../src/simulator/agent/flags.ts'
import { type Ledger, openLedger } from '../../src/simulator/buffered-log/ledger.ts'
import { openLogForwarder } from '../../src/simulator/buffered-log/log-forwarder.ts'
import { openLogStore } from '../../src/simulator/buffered-log/log-store.ts'
import { openRandom, type Random } from '../../src/simulator/random.ts'
import type { Judgement } from '../../src/simulator/remote/judgement.ts'
import { bodyOf, resultLine, type TestIngest, testIngest } from '../support/ingest.ts'

const seed = process.env['SEED'] ?? '1'
const fine: Judgement = { isSuccess: true, json: {}, isEmpty: false }
const failed: Judgement = { isSuccess: false, reason: 'no', isNodeInvalid: false }

interface Shares {
  /** Of requests that are not taken at all … */
  readonly refused: number
  /** … and of those that are stored and whose answer is lost. */
  readonly unanswered: number
}

/** One agent that logs for `seconds`, flushing in the midst of some of them. */
async function runAgent(
  lake: TestIngest,
  random: Random,
  name: string,
  seconds: number,
  shares: Shares,
): Promise<Ledger> {
  const flags = { ...osqueryFlags, logger_tls_max_lines: random.pick([64, 1024]) }
  const store = openLogStore()
  const ledger = openLedger()
  let isQuiet = false
  const forwarder = openLogForwarder({
    ...{ flags: () => flags, store, ledger, wait: async () => {}, isStopped: () => false, onPurge: () => {} },
    async send(_, lines) {
      if (!isQuiet && random.chance(shares.refused)) return failed
      await lake.ingest.accept(lake.tenantId, bodyOf(...lines.map(String)))
      return !isQuiet && random.chance(shares.unanswered) ? failed : fine
    },
  })
  for (let second = 0; second < seconds; second += 1) {
    // Several scheduled queries are executed within a second; the forwarder does not wait for them.
    for (let query = random.integer(0, 3); query > 0; query -= 1) {
      for (let count = random.integer(1, 9); count > 0; count -= 1) {
        const mark = ledger.add('result', 'processes', 1)
        store.add('result', mark, Buffer.from(resultLine(`${name}-${mark}`, name)), 1_795_500_000 + second)
      }
      // One line alone could as well be a row like another.
      if (store.size > 1 && random.chance(0.3)) await forwarder.flush()
    }
    if (store.size > 1 && random.chance(0.3)) await forwarder.flush()
  }
  isQuiet = true
  while (store.size > 0) await forwarder.flush()
  return ledger
}

async function marksIn(lake: TestIngest): Promise<ReadonlyMap<string, number>> {
  const marks = new Map<string, number>()
  for (const line of await lake.lines()) {
    const { mark } = (JSON.parse(line) as { columns: { mark: string } }).columns
    marks.set(mark, (marks.get(mark) ?? 0) + 1)
  }
  return marks
}

for (const [what, shares] of [
  ['answers are lost', { refused: 0, unanswered: 0.4 }],
  ['requests are refused and answers lost', { refused: 0.3, unanswered: 0.3 }],
] as const) {
  test(`lines of agents are stored once where ${what} (seed ${seed})`, async t => {
    const lake = await testIngest()
    t.after(() => lake.close())
    const random = openRandom(`${seed}/${what}`)
    const expected = new Map<string, number>()
    for (let agent = 0; agent < 12; agent += 1) {
      const name = `agent-${agent}`
      const ledger = await runAgent(lake, random, name, 60, shares)
      for (const { mark } of ledger.lines()) expected.set(`${name}-${mark}`, 1)
    }
    const found = await marksIn(lake)
    const wrong = [...expected.keys()].filter(mark => found.get(mark) !== 1)
    assert.deepEqual([wrong.slice(0, 10), wrong.length], [[], 0], `of ${expected.size} lines`)
    assert.equal(found.size, expected.size)
  })
}
