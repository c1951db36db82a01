import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EngineOutcome } from '../../src/engine/engine.ts'
import type { RunView, TailPin } from '../../src/model/run-view.ts'
import { openTailReading } from '../../src/query/tail-reading.ts'
import { viewOf } from '../support/engine-fixtures.ts'

const pin = (number: number, more: Partial<TailPin> = {}): TailPin => ({
  ...{ number, tenantId: 't', fileName: `${number}.ndjson`, frames: 1, path: `/${number}.ndjson` },
  ...more,
})
const bad = (number: number) => pin(number, { isQuarantined: true })
const done: EngineOutcome = { kind: 'succeeded', columns: [], rowCount: 1, bytes: 1, truncated: undefined }
const failed = (code: string): EngineOutcome => ({ kind: 'failed', error: { code, message: code } })

/** Executes by the segments it is given; keeps what it was asked. */
function engine(outcomeOf: (numbers: readonly number[]) => EngineOutcome) {
  const asked: (readonly number[])[] = []
  const execute = async (view: RunView) => {
    const numbers = view.relations.flatMap(({ tail }) => tail.map(({ number }) => number))
    asked.push(numbers)
    return outcomeOf(numbers)
  }
  return { asked, execute }
}

const view = (...tail: readonly TailPin[]) => viewOf({ tail })

test('a quarantined segment that can be read is read', async () => {
  const { asked, execute } = engine(() => done)
  assert.deepEqual(await openTailReading().read(view(pin(1), bad(2)), execute), done)
  assert.deepEqual(asked, [[1, 2]])
})

test('one that cannot is left out, the result says so, and the next run does not try again', async () => {
  const tails = openTailReading()
  const { asked, execute } = engine(numbers => (numbers.includes(2) ? failed('internal') : done))
  const cut = { ...done, truncated: { reason: 'quarantinedSegment' } }
  assert.deepEqual(await tails.read(view(pin(1), bad(2)), execute), cut)
  assert.deepEqual(await tails.read(view(pin(1), bad(2), bad(3)), execute), cut)
  assert.deepEqual(asked, [[1, 2], [1], [1, 3]])
})

test("a statement's own fault is not the segment's", async () => {
  const { asked, execute } = engine(() => failed('invalid_argument'))
  assert.deepEqual(await openTailReading().read(view(bad(2)), execute), failed('invalid_argument'))
  assert.deepEqual(asked, [[2]])
})

test('without quarantined segments nothing is tried twice; where the rest fails as well, that is the answer', async () => {
  const whole = engine(() => failed('internal'))
  assert.deepEqual(await openTailReading().read(view(pin(1)), whole.execute), failed('internal'))
  assert.deepEqual(whole.asked, [[1]])
  const tails = openTailReading()
  const { asked, execute } = engine(numbers => failed(numbers.includes(2) ? 'internal' : 'too_large'))
  assert.deepEqual(await tails.read(view(bad(2)), execute), failed('too_large'))
  await tails.read(view(bad(2)), execute)
  assert.deepEqual(asked, [[2], [], [2], []], 'nothing was learnt of the segment')
})
