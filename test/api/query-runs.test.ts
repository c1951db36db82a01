import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRunList, toWireNewRun, toWireRun } from '../../src/api/query-runs.ts'
import { type QueryRun, type RunState, runStates } from '../../src/model/query-run.ts'

const createdAt = Date.UTC(2026, 1, 3, 8, 14, 55, 628)
const run: QueryRun = {
  id: 'c9a0a1de-6f5b-4a36-8b8e-2f6e2d0a7a41',
  tenantId: 't',
  state: 'queued',
  name: undefined,
  template: 'SELECT 1',
  variables: undefined,
  savedQueryId: undefined,
  categoryId: undefined,
  hostIds: undefined,
  range: { start: createdAt - 86_400_000, end: createdAt + 1 },
  isOpenEnded: true,
  createdBy: { principalId: 'p', accountId: 't', accountType: 'tenant' },
  createdAt,
  expiresAt: createdAt + 7_200_000,
  finishedAt: undefined,
  attempts: 0,
  error: undefined,
  truncated: undefined,
  window: undefined,
  note: undefined,
  rowCount: undefined,
}

const pending = {
  id: run.id,
  createdAt: '2026-02-03T08:14:55.628Z',
  createdBy: { id: 'p', type: 'service', accountId: 't', accountType: 'tenant' },
  expiresAt: '2026-02-03T10:14:55.628Z',
  status: 'pending',
  result: 'notAvailable',
  template: 'SELECT 1',
  from: '2026-02-02T08:14:55.628Z',
  to: '2026-02-03T08:14:55.628Z',
}

test('a waiting run: nothing absent is sent, times have three digits, to is inclusive', () => {
  assert.deepEqual(toWireRun(run), pending)
})

test('every state on the wire', () => {
  const words: Readonly<Record<RunState, string>> = {
    queued: 'pending/notAvailable',
    running: 'pending/notAvailable',
    succeeded: 'finished/succeeded',
    failed: 'finished/failed',
    timed_out: 'finished/timedOut',
    canceled: 'finished/canceled',
  }
  for (const state of runStates) {
    const { status, result } = toWireRun({ ...run, state })
    assert.equal(`${status}/${result}`, words[state])
  }
})

test('a new run is pending even when it has ended already', () => {
  const ended = { ...run, state: 'failed', finishedAt: createdAt + 1, error: { code: 'x', message: 'y' } } as const
  assert.deepEqual(toWireNewRun(ended), pending)
})

test('a finished run with everything', () => {
  const finished: QueryRun = {
    ...run,
    state: 'succeeded',
    name: 'n',
    variables: [{ name: 'v', dataType: 'text', value: '1' }],
    savedQueryId: 'q',
    categoryId: 'c',
    hostIds: ['h'],
    finishedAt: createdAt + 1000,
    truncated: { reason: 'rowsMax', limit: 10, total: 11 },
    window: { from: createdAt - 1000, to: createdAt + 1, dataOldest: createdAt - 500, dataNewest: undefined },
    note: 'why',
  }
  assert.deepEqual(toWireRun(finished, { query: { id: 'q', name: 'Q', code: 'k' } }), {
    ...pending,
    status: 'finished',
    result: 'succeeded',
    finishedAt: '2026-02-03T08:14:56.628Z',
    name: 'n',
    query: { id: 'q', name: 'Q', code: 'k' },
    category: { id: 'c' },
    variables: [{ name: 'v', dataType: 'text', value: '1' }],
    matchEndpoints: { filters: [{ ids: ['h'] }] },
    truncated: { reason: 'rowsMax', limit: 10, total: 11 },
    window: {
      from: '2026-02-03T08:14:54.628Z',
      to: '2026-02-03T08:14:55.628Z',
      dataOldest: '2026-02-03T08:14:55.128Z',
    },
    note: 'why',
  })
  // Deleted since: the run was given the query's name when it began.
  assert.deepEqual(toWireRun(finished).query, { id: 'q', name: 'n' })
})

test('what only a finished run has is not on a working one', () => {
  const early: QueryRun = { ...run, state: 'running', error: { code: 'x', message: 'y' }, note: 'z' }
  assert.deepEqual(toWireRun(early), pending)
})

test('the filters of the list', () => {
  assert.deepEqual(parseRunList({}), { states: undefined, order: 'desc' })
  assert.deepEqual(parseRunList({ statuses: ['pending', 'finished'], order: 'asc' }), {
    states: ['queued', 'running', 'succeeded', 'failed', 'timed_out', 'canceled'],
    order: 'asc',
  })
  assert.deepEqual(parseRunList({ statuses: 'started' }).states, [])
  assert.deepEqual(parseRunList({ statuses: 'pending,started' }).states, ['queued', 'running'])
  assert.throws(() => parseRunList({ statuses: 'done' }), {
    message: 'statuses is "done": must be one of pending, started, finished',
  })
  assert.throws(() => parseRunList({ order: 'up' }), { code: 'invalid_argument' })
})
