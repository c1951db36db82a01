import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { openStore, type Store } from '../../src/db/db.ts'
import { openRunLists, type RunLists } from '../../src/db/run-lists.ts'
import {
  changeRun,
  claimRun,
  deleteExpiredRuns,
  findRun,
  findRunColumns,
  insertRun,
  keepRun,
  listExistingRuns,
  listLiveRuns,
  renewRun,
} from '../../src/db/runs.ts'
import type { AppError } from '../../src/model/errors.ts'
import { isTerminal, type RunState, runEvents, runStates, runTransitions } from '../../src/model/query-run.ts'
import { now, queuedRun } from '../support/runs.ts'

const bounds = { queuedMax: 200, queuedPerTenantMax: 20 }

function storeOf(context: TestContext): Store {
  const store = openStore(':memory:')
  context.after(() => store.destroy())
  return store
}

const insert = (store: Store, tenantId: string, id: string, changed = {}) =>
  insertRun(store, queuedRun(tenantId, id, changed), '{"duckdbSql":"SELECT 1"}', bounds)

suite('db/runs', () => {
  test('a run reads back as it was stored', async context => {
    const store = storeOf(context)
    const run = queuedRun('t', 'r', {
      name: 'who listens',
      variables: [{ name: 'port', dataType: 'text', value: '44%' }],
      hostIds: ['h1'],
      savedQueryId: 's',
      categoryId: 'c',
      range: { start: 1, end: undefined },
      isOpenEnded: false,
    })
    await insertRun(store, run, '{}', bounds)
    assert.deepEqual(await findRun(store, 't', 'r', now), run)
  })

  test('another tenant, an unknown id and an expired run are not found', async context => {
    const store = storeOf(context)
    await insert(store, 't', 'r')
    assert.equal(await findRun(store, 'u', 'r', now), undefined)
    assert.equal(await findRun(store, 't', 'x', now), undefined)
    assert.equal(await findRun(store, 't', 'r', now + 7_200_000), undefined)
  })

  for (const state of runStates) {
    for (const event of runEvents) {
      test(`${state} × ${event} → ${runTransitions[state][event]}`, async context => {
        const store = storeOf(context)
        await insert(store, 't', 'r')
        await store.updateTable('runs').set({ state }).execute()
        const isChanged = await changeRun(store, 't', 'r', event, now + 5, { rowCount: 7 })
        const after = await findRun(store, 't', 'r', now)
        const expected = runTransitions[state][event]
        assert.equal(after?.state, expected)
        assert.equal(isChanged, expected !== state)
        assert.equal(after?.finishedAt, isChanged && isTerminal(expected) ? now + 5 : undefined)
        assert.equal(after?.rowCount, isChanged ? 7 : undefined)
      })
    }
  }

  test('totals are those of the rows, by state, without expired ones and other tenants', async context => {
    const store = storeOf(context)
    for (const id of ['a', 'b', 'c', 'd', 'e']) await insert(store, 't', id)
    await insert(store, 'u', 'foreign')
    await claimRun(store, 't', 'b', now)
    for (const id of ['c', 'd']) {
      await claimRun(store, 't', id, now)
      await changeRun(store, 't', id, 'finish', now)
    }
    await changeRun(store, 't', 'e', 'cancel', now)
    const totalOf = async (states: RunState[] | undefined, at = now) =>
      (await openRunLists(store).list('t', { states, order: 'asc', offset: 0, count: 1 }, at)).total
    assert.equal(await totalOf(undefined), 5)
    assert.equal(await totalOf(['queued', 'running']), 2)
    assert.equal(await totalOf(['running']), 1)
    assert.equal(await totalOf(['succeeded', 'failed', 'timed_out', 'canceled']), 3)
    assert.equal(await totalOf(['canceled']), 1)
    assert.equal(await totalOf([]), 0)
    await store
      .updateTable('runs')
      .set({ expires_at: now + 5 })
      .where('id', 'in', ['a', 'c'])
      .execute()
    assert.equal(await totalOf(undefined, now + 5), 3)
    assert.equal(await totalOf(['queued', 'running'], now + 5), 1)
    assert.equal(await totalOf(['succeeded', 'failed', 'timed_out', 'canceled'], now + 5), 2)
    assert.deepEqual(await deleteExpiredRuns(store, now + 5, 10), ['c'])
    assert.equal(await totalOf(undefined, now + 5), 3)
    assert.equal(await totalOf(undefined, now + 4), 4)
  })

  test('an event of another tenant changes nothing', async context => {
    const store = storeOf(context)
    await insert(store, 't', 'r')
    assert.equal(await changeRun(store, 'u', 'r', 'cancel', now), false)
    assert.equal((await findRun(store, 't', 'r', now))?.state, 'queued')
  })

  test('of a cancel and a finish that race, exactly one wins', async context => {
    const store = storeOf(context)
    for (let round = 0; round < 20; round += 1) {
      const id = `r${round}`
      await insert(store, 't', id)
      await claimRun(store, 't', id, now)
      const events = round % 2 === 0 ? (['cancel', 'finish'] as const) : (['finish', 'cancel'] as const)
      const won = await Promise.all(events.map(event => changeRun(store, 't', id, event, now)))
      assert.equal(won.filter(Boolean).length, 1)
      const state: RunState = won[events.indexOf('cancel')] ? 'canceled' : 'succeeded'
      assert.equal((await findRun(store, 't', id, now))?.state, state)
    }
  })

  test('of two claims one wins, and it counts the attempt', async context => {
    const store = storeOf(context)
    await insert(store, 't', 'r')
    const claims = await Promise.all([claimRun(store, 't', 'r', now + 60), claimRun(store, 't', 'r', now + 60)])
    const won = claims.filter(claim => claim !== undefined)
    assert.equal(won.length, 1)
    assert.deepEqual(won[0], {
      run: queuedRun('t', 'r', { state: 'running', attempts: 1 }),
      statementJson: '{"duckdbSql":"SELECT 1"}',
    })
    assert.equal(await claimRun(store, 'u', 'r', now), undefined)
  })

  test('only a running run is renewed', async context => {
    const store = storeOf(context)
    await insert(store, 't', 'r')
    assert.equal(await renewRun(store, 't', 'r', now), false)
    await claimRun(store, 't', 'r', now)
    assert.equal(await renewRun(store, 'u', 'r', now), false)
    assert.equal(await renewRun(store, 't', 'r', now), true)
    await changeRun(store, 't', 'r', 'cancel', now)
    assert.equal(await renewRun(store, 't', 'r', now), false)
  })

  test('the queue is bounded for a tenant and in all, also when starts race', async context => {
    const store = storeOf(context)
    const few = { queuedMax: 3, queuedPerTenantMax: 2 }
    const start = (tenantId: string, id: string) => insertRun(store, queuedRun(tenantId, id), '{}', few)
    const results = await Promise.allSettled(['a', 'b', 'c'].map(id => start('t', id)))
    assert.equal(results.filter(result => result.status === 'fulfilled').length, 2)
    await assert.rejects(start('t', 'd'), {
      code: 'rate_limited',
      message: '2 runs of this tenant are waiting already: try again when one has finished',
    })
    await start('u', 'e')
    await assert.rejects(start('v', 'f'), (error: AppError) => {
      assert.equal(error.code, 'unavailable')
      assert.deepEqual(error.details, { retryAfterSeconds: 5 })
      return true
    })
    assert.equal(await findRun(store, 'v', 'f', now), undefined)
    await claimRun(store, 't', 'a', now)
    await start('v', 'f')
  })

  test('a list is of one tenant, by state, in either order, in pages, with the total', async context => {
    const store = storeOf(context)
    for (let index = 0; index < 5; index += 1) await insert(store, 't', `r${index}`, { createdAt: now + index })
    await insert(store, 'u', 'foreign')
    await changeRun(store, 't', 'r3', 'cancel', now)
    const lists = openRunLists(store)
    const list = async (filter: object) => {
      const all = { states: undefined, order: 'desc' as const, offset: 0, count: 10 }
      const { runs, total } = await lists.list('t', { ...all, ...filter }, now)
      return [runs.map(run => run.id).join(' '), total]
    }
    assert.deepEqual(await list({}), ['r4 r3 r2 r1 r0', 5])
    assert.deepEqual(await list({ order: 'asc', offset: 1, count: 2 }), ['r1 r2', 5])
    assert.deepEqual(await list({ states: ['canceled', 'failed'] }), ['r3', 1])
    assert.deepEqual(await list({ states: [] }), ['', 0])
    assert.deepEqual(
      (await lists.list('t', { states: undefined, order: 'asc', offset: 0, count: 9 }, now + 7_200_000)).total,
      0,
    )
  })

  test('a list shows a run as it is, also one whose rest it has read before', async context => {
    const store = storeOf(context)
    await insert(store, 't', 'ended', { template: 'SELECT 1' })
    await insert(store, 't', 'running')
    await claimRun(store, 't', 'running', now)
    await changeRun(store, 't', 'ended', 'cancel', now)
    const lists = openRunLists(store)
    const page = { states: undefined, order: 'asc' as const, offset: 0, count: 10 }
    const list = async (tenantId = 't', at = now) => (await lists.list(tenantId, page, at)).runs
    const first = await list()
    assert.deepEqual(await list(), first)
    for (const run of first) assert.deepEqual(run, await findRun(store, 't', run.id, now))
    // Its texts come from memory: a change that no function of this module makes is not seen.
    await store.updateTable('runs').set({ template: 'SELECT 2', name: 'another' }).execute()
    const templates = (await list()).map(({ id, template }) => [id, template])
    assert.deepEqual(Object.fromEntries(templates), { ended: 'SELECT 1', running: 'SELECT 2' })
    await changeRun(store, 't', 'running', 'error', now + 1, { error: { code: 'internal', message: 'x' } })
    await keepRun(store, 't', 'ended', { expiresAt: now + 9e9, isKept: true }, now)
    for (const run of await list()) assert.deepEqual(run, await findRun(store, 't', run.id, now))
    assert.deepEqual(await list('u'), [])
    assert.deepEqual(
      (await list('t', now + 8e9)).map(({ id }) => id),
      ['ended'],
    )
  })

  test('a list holds no more text of ended runs than it may', async context => {
    const store = storeOf(context)
    for (const id of ['a', 'b', 'c']) {
      await insert(store, 't', id, { template: 'x'.repeat(5000) })
      await changeRun(store, 't', id, 'cancel', now)
    }
    const list = async (lists: RunLists) => {
      const { runs } = await lists.list('t', { states: undefined, order: 'asc', offset: 0, count: 10 }, now)
      return runs.map(({ template }) => template[0]).join('')
    }
    const [holdsTwo, holdsNone] = [openRunLists(store, 15_000), openRunLists(store, 0)]
    assert.deepEqual([await list(holdsTwo), await list(holdsNone)], ['xxx', 'xxx'])
    await store.updateTable('runs').set({ template: 'y' }).execute()
    assert.deepEqual([await list(holdsTwo), await list(holdsNone)], ['yxx', 'yyy'])
  })

  test('live runs are of all tenants, oldest first', async context => {
    const store = storeOf(context)
    await insert(store, 't', 'b', { createdAt: now + 1 })
    await insert(store, 'u', 'a', { createdAt: now })
    await insert(store, 't', 'c', { createdAt: now + 2 })
    await claimRun(store, 't', 'b', now)
    await changeRun(store, 't', 'c', 'cancel', now)
    const expiresAt = now + 7_200_000
    assert.deepEqual(await listLiveRuns(store), [
      { id: 'a', tenantId: 'u', state: 'queued', attempts: 0, expiresAt },
      { id: 'b', tenantId: 't', state: 'running', attempts: 1, expiresAt },
    ])
  })

  test('a finish keeps the columns; an end of another kind has none', async context => {
    const store = storeOf(context)
    await insert(store, 't', 'r')
    await claimRun(store, 't', 'r', now)
    await changeRun(store, 't', 'r', 'finish', now, { columnsJson: '[1]', truncated: { reason: 'rowsMax', limit: 5 } })
    assert.equal(await findRunColumns(store, 't', 'r'), '[1]')
    assert.equal(await findRunColumns(store, 'u', 'r'), undefined)
    assert.deepEqual((await findRun(store, 't', 'r', now))?.truncated, { reason: 'rowsMax', limit: 5 })
  })

  test('only ended runs that have expired are deleted', async context => {
    const store = storeOf(context)
    for (const id of ['live', 'ended', 'young']) {
      await insert(store, 't', id, { expiresAt: id === 'young' ? now + 1 : now })
      if (id !== 'live') await changeRun(store, 't', id, 'cancel', now)
    }
    assert.deepEqual(await deleteExpiredRuns(store, now, 10), ['ended'])
    assert.deepEqual((await listExistingRuns(store, ['live', 'ended', 'young'])).sort(), ['live', 'young'])
    assert.deepEqual(await listExistingRuns(store, []), [])
  })
})
