import assert from 'node:assert/strict'
import test from 'node:test'
import type { Run } from '../../../src/api/query-runs.ts'
import { bannersOf, emptyReason } from '../../../web/src/results/banners.ts'

const run: Run = {
  id: '1',
  createdAt: '2026-01-31T08:00:00.000Z',
  createdBy: { id: 'p', type: 'service', accountId: 't', accountType: 'tenant' },
  expiresAt: '2026-01-31T10:00:00.000Z',
  finishedAt: '2026-01-31T08:00:01.000Z',
  status: 'finished',
  result: 'succeeded',
  template: 'SELECT 1',
  from: '2026-01-30T08:00:00.000Z',
  to: '2026-01-31T08:00:00.000Z',
}
const result = { columns: [], items: [{}], rowCount: 1000, isReading: false }

test('a whole result needs no banner', () => {
  assert.deepEqual(bannersOf(run, result), [])
})

test('what cut a result, at which bound, of how many', () => {
  const cut = { ...run, truncated: { reason: 'rowsMax', limit: 1000, total: 123_456 } }
  assert.deepEqual(bannersOf(cut, result), [
    { tone: 'warn', title: '1,000 rows of 123,456: the rest is missing', text: 'Cut by the limit of rows (1,000).' },
  ])
  const unknown = { ...run, truncated: { reason: 'moonPhase' } }
  assert.deepEqual(bannersOf(unknown, result), [
    { tone: 'warn', title: '1,000 rows: the rest is missing', text: 'Cut by moonPhase.' },
  ])
})

test('pages that could not be read are missing rows too', () => {
  const failure = { message: 'the server answered 500', code: 'internal', details: {} }
  assert.deepEqual(bannersOf(run, { ...result, failure }), [
    { tone: 'bad', title: 'Only the first 1 row could be read', text: 'the server answered 500', action: 'readAgain' },
  ])
})

test('how a run ended that has no result', () => {
  const failed = { ...run, result: 'failed' as const, error: { code: 'x', message: 'division by zero', line: 3 } }
  assert.deepEqual(bannersOf(failed, undefined), [
    { tone: 'bad', title: 'Failed', text: 'division by zero', action: 'showPlace' },
  ])
  assert.deepEqual(bannersOf({ ...run, result: 'canceled' }, undefined), [{ tone: 'info', title: 'Canceled' }])
  assert.equal(bannersOf({ ...run, result: 'timedOut' }, undefined)[0]?.title, 'Ran too long and was stopped')
})

test("an empty result says why in its own place, in the server's words where it has some", () => {
  assert.deepEqual(bannersOf({ ...run, note: 'no rows in the window' }, { ...result, items: [], rowCount: 0 }), [])
  assert.equal(emptyReason({ ...run, note: 'no rows in the window' }).text, 'no rows in the window')
  const window = { from: run.from, dataOldest: '2025-01-01T00:00:00.000Z', dataNewest: '2025-02-01T00:00:00.000Z' }
  assert.deepEqual(emptyReason({ ...run, window }), {
    tone: 'info',
    title: 'No rows',
    text:
      'Nothing matched between 2026-01-30 08:00:00 and 2026-01-31 08:00:00 UTC. ' +
      'The data lies between 2025-01-01 00:00:00 and 2025-02-01 00:00:00 UTC.',
    action: 'searchAll',
  })
})

test('a clock that is wrong is told', () => {
  const banners = bannersOf({ ...run, window: { from: run.from, futureRows: 2 } }, result)
  assert.deepEqual(banners, [{ tone: 'warn', title: "2 rows carry a time in the future: a host's clock is wrong" }])
})
