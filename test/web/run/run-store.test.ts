import assert from 'node:assert/strict'
import test from 'node:test'
import type { Run } from '../../../src/api/query-runs.ts'
import type { LakeClient } from '../../../src/client/client.ts'
import { AppError } from '../../../src/model/errors.ts'
import { openRunStore, type RunPhase, type RunStore } from '../../../web/src/run/run-store.ts'

const pending = { id: 'r1', status: 'pending', result: 'notAvailable' } as unknown as Run
const succeeded = { ...pending, status: 'finished', result: 'succeeded' } as Run
const spec = { template: 'SELECT 1', variables: [], window: { from: '-PT1H' } }

/** Answers like a lake whose run has `rowCount` rows in pages of two. */
function lake(rowCount: number, changes: Partial<LakeClient> = {}): LakeClient & { pagesRead: number } {
  const client = {
    pagesRead: 0,
    startRun: async () => pending,
    getRun: async () => succeeded,
    awaitRun: async () => succeeded,
    cancelRun: async () => true,
    async *resultPages() {
      for (let row = 0; row < rowCount; row += 2) {
        client.pagesRead += 1
        const items = [{ n: row }, { n: row + 1 }].slice(0, rowCount - row)
        yield { items, columns: [{ name: 'n', type: 'int' }], rowCount }
      }
      if (rowCount === 0) yield { items: [], columns: [{ name: 'n', type: 'int' }], rowCount }
    },
    ...changes,
  }
  return client as unknown as LakeClient & { pagesRead: number }
}

function phaseOf(store: RunStore): RunPhase | undefined {
  return store.phases.get()['tab']
}

function rowsOf(store: RunStore): unknown[] {
  const phase = phaseOf(store)
  return phase?.kind === 'finished' ? (phase.result?.items.map(item => item['n']) ?? []) : []
}

test('a run goes from starting over running to its first page; no further page is read unasked', async () => {
  const client = lake(6)
  const store = openRunStore(client)
  const kinds: (string | undefined)[] = []
  store.phases.subscribe(() => kinds.push(phaseOf(store)?.kind))
  const started: string[] = []
  await store.start('tab', spec, run => started.push(run.id))
  assert.deepEqual([...new Set(kinds)], ['starting', 'running', 'finished'])
  assert.deepEqual(started, ['r1'])
  assert.deepEqual(rowsOf(store), [0, 1])
  assert.equal(client.pagesRead, 1)
})

test('rows are read as far as they are wanted, each once', async () => {
  const store = openRunStore(lake(7))
  await store.start('tab', spec, () => {})
  await Promise.all([store.readRows('tab', 3), store.readRows('tab', 4)])
  assert.deepEqual(rowsOf(store), [0, 1, 2, 3])
  await store.readRows('tab', Number.POSITIVE_INFINITY)
  assert.deepEqual(rowsOf(store), [0, 1, 2, 3, 4, 5, 6])
})

test('an empty result has columns and no rows', async () => {
  const store = openRunStore(lake(0))
  await store.start('tab', spec, () => {})
  const phase = phaseOf(store)
  assert.ok(phase?.kind === 'finished')
  assert.deepEqual([phase.result?.rowCount, phase.result?.columns.length, phase.result?.isReading], [0, 1, false])
})

test('a refusal keeps the words and the place', async () => {
  const details = { line: 1, offset: 7, length: 3 }
  const startRun = () => Promise.reject(new AppError('invalid_argument', "column 'abc' does not exist", { details }))
  const store = openRunStore(lake(1, { startRun }))
  await store.start('tab', spec, () => {})
  assert.deepEqual(phaseOf(store), {
    kind: 'refused',
    template: 'SELECT 1',
    failure: { message: "column 'abc' does not exist", code: 'invalid_argument', details },
  })
})

test('a page that cannot be read leaves the rows before it, and can be tried again', async () => {
  let isBroken = true
  const pages: LakeClient['resultPages'] = async function* () {
    yield { items: [{ n: 0 }], columns: [{ name: 'n', type: 'int' }], rowCount: 2 }
    if (isBroken) throw new AppError('unavailable', 'no answer in time')
    yield { items: [{ n: 1 }], columns: [{ name: 'n', type: 'int' }], rowCount: 2 }
  }
  const store = openRunStore(lake(2, { resultPages: pages }))
  await store.start('tab', spec, () => {})
  await store.readRows('tab', 2)
  const phase = phaseOf(store)
  assert.ok(phase?.kind === 'finished')
  assert.equal(phase.result?.failure?.message, 'no answer in time')
  assert.deepEqual(rowsOf(store), [0])
  isBroken = false
  await store.readRows('tab', 2)
  assert.deepEqual(rowsOf(store), [0, 1])
})

test('the answer of an older run counts for nothing', async () => {
  const answers = new Map<string, (run: Run) => void>()
  let started = 0
  const startRun = async (): Promise<Run> => {
    started += 1
    return { ...pending, id: `r${started}` }
  }
  const awaitRun: LakeClient['awaitRun'] = (id, { signal } = {}) =>
    new Promise((resolve, reject) => {
      answers.set(id, resolve)
      signal?.addEventListener('abort', () => reject(signal.reason))
    })
  const store = openRunStore(lake(2, { startRun, awaitRun }))
  const first = store.start('tab', spec, () => {})
  while (!answers.has('r1')) await new Promise(setImmediate)
  const second = store.start('tab', spec, () => {})
  while (!answers.has('r2')) await new Promise(setImmediate)
  answers.get('r1')?.({ ...succeeded, id: 'r1' })
  answers.get('r2')?.({ ...succeeded, id: 'r2' })
  await Promise.all([first, second])
  const phase = phaseOf(store)
  assert.ok(phase?.kind === 'finished')
  assert.equal(phase.run.id, 'r2')
})

test('a run of an earlier visit that is gone says so', async () => {
  const getRun = () => Promise.reject(new AppError('not_found', 'there is no such run'))
  const store = openRunStore(lake(1, { getRun }))
  await store.attach('tab', 'r0')
  assert.equal(phaseOf(store)?.kind, 'lost')
})

test('a cancel that fails leaves the run running', async () => {
  const awaitRun: LakeClient['awaitRun'] = () => new Promise(() => {})
  const cancelRun = () => Promise.reject(new AppError('unavailable', 'no answer in time'))
  const store = openRunStore(lake(1, { awaitRun, cancelRun }))
  void store.start('tab', spec, () => {})
  while (phaseOf(store)?.kind !== 'running') await new Promise(setImmediate)
  await assert.rejects(store.cancel('tab'), /no answer in time/)
  const phase = phaseOf(store)
  assert.ok(phase?.kind === 'running')
  assert.equal(phase.isCanceling, false)
})
