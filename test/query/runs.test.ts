import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import type { Db } from '../../src/db/db.ts'
import { findIdempotencyKey, putIdempotencyKey } from '../../src/db/idempotency-keys.ts'
import { insertRun } from '../../src/db/runs.ts'
import type { QueryRun } from '../../src/model/query-run.ts'
import { dayMs } from '../../src/model/time-range.ts'
import { column, until, writeDataFile } from '../support/engine-fixtures.ts'
import { queriesFixture, sharedSqlThread } from '../support/queries.ts'
import { caller, now, queuedRun } from '../support/runs.ts'

const tenant = '1d3f7c0a-3b56-4c3b-8a52-0a5f8a9e7d11'
const other = '2d3f7c0a-3b56-4c3b-8a52-0a5f8a9e7d22'

/** Runs until it is stopped. */
const endless = `WITH d AS (SELECT x FROM (VALUES 0, 1, 2, 3, 4, 5, 6, 7, 8, 9) AS t (x))
  SELECT count(a.x + b.x * c.x) AS n FROM ${[...'abcdefghijklmno'].map(name => `d AS ${name}`).join(', ')}`

const rowsSql = (count: number) =>
  `SELECT 'processes' AS query_name, TIMESTAMP '2026-02-03 07:00:00' + to_milliseconds(i) AS calendar_time,
   CASE WHEN i % 2 = 0 THEN 'h1' ELSE 'h2' END AS endpoint_id, 'p' || i AS name, i AS size FROM range(${count}) t(i)`

suite('query runs', () => {
  const sqlThread = sharedSqlThread()
  after(() => sqlThread.close())

  test('what must become true with a run is in its transaction: neither is there without the other', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    const queries = fixture.open()
    const request = { template: 'SELECT 1 AS n', window: {} }
    const put = (key: string) => (transaction: Db, run: QueryRun) =>
      putIdempotencyKey(
        transaction,
        { tenantId: tenant, principalId: 'p', key, requestHash: 'h', runId: run.id, expiresAt: run.expiresAt },
        now,
      )
    const run = await queries.start(caller(tenant), request, put('k'))
    assert.equal((await findIdempotencyKey(fixture.store, tenant, 'p', 'k', now))?.runId, run.id)
    await assert.rejects(queries.start(caller(tenant), request, put('k')), /UNIQUE/)
    const failing = async (transaction: Db, second: QueryRun) => {
      await put('l')(transaction, second)
      throw new Error('cut off')
    }
    await assert.rejects(queries.start(caller(tenant), request, failing), /^Error: cut off$/)
    assert.equal(await findIdempotencyKey(fixture.store, tenant, 'p', 'l', now), undefined)
    const { total } = await queries.list(tenant, { states: undefined, order: 'asc', offset: 0, count: 10 })
    assert.equal(total, 1)
  })

  test('a run is queued, executed and paged to its end, every row once', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    fixture.lake.files = [await writeDataFile(join(fixture.folder, 'a.parquet'), rowsSql(5000))]
    fixture.lake.span = { oldest: now - 3_600_000, newest: now - 3_595_001 }
    const queries = fixture.open()
    const template = 'SELECT name, size FROM xdr_data ORDER BY size'
    const started = await queries.start(caller(tenant), { template, name: 'all', window: {} })
    const expected = queuedRun(tenant, started.id, {
      template,
      name: 'all',
      createdBy: { principalId: caller(tenant).principalId, accountId: tenant, accountType: 'tenant' },
      warnings: started.warnings,
    })
    assert.deepEqual(started, expected)
    const run = await fixture.ended(queries, tenant, started.id)
    assert.deepEqual(run, {
      ...expected,
      state: 'succeeded',
      attempts: 1,
      finishedAt: now,
      rowCount: 5000,
      window: { from: now - dayMs, dataOldest: now - 3_600_000, dataNewest: now - 3_595_001 },
    })
    const sizes: number[] = []
    let firstRow: number | undefined = 0
    while (firstRow !== undefined) {
      const page = await queries.results(tenant, run.id, { firstRow, rowCount: 1999 })
      assert.deepEqual(page.columns, [
        { name: 'name', type: 'string' },
        { name: 'size', type: 'long' },
      ])
      assert.equal(page.rowCount, 5000)
      const items: { name: string; size: number }[] = JSON.parse(page.itemsJson)
      assert.equal(items.length, page.count)
      sizes.push(...items.map(item => item.size))
      firstRow = page.nextRow
    }
    assert.deepEqual(
      sizes,
      Array.from({ length: 5000 }, (_, index) => index),
    )
    assert.deepEqual([...fixture.lake.leases], [])
  })

  test('the window has no upper bound inside unless one was asked for; hosts limit the view', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    fixture.lake.files = [await writeDataFile(join(fixture.folder, 'a.parquet'), rowsSql(10))]
    const queries = fixture.open()
    const template = "SELECT count(*) AS n FROM xdr_data WHERE query_name = 'processes'"
    const count = async (request: object) => {
      const { id } = await queries.start(caller(tenant), { template, window: {}, ...request })
      await fixture.ended(queries, tenant, id)
      return JSON.parse((await queries.results(tenant, id, { firstRow: 0, rowCount: 1 })).itemsJson)
    }
    assert.deepEqual(await count({}), [{ n: 10 }])
    assert.deepEqual(await count({ hostIds: ['h1'] }), [{ n: 5 }])
    const seven = Date.parse('2026-02-03T07:00:00Z')
    assert.deepEqual(await count({ window: { start: seven, end: seven + 3 } }), [{ n: 3 }])
    assert.deepEqual(
      fixture.lake.pins.map(pin => pin.range),
      [
        { start: now - dayMs, end: undefined },
        { start: now - dayMs, end: undefined },
        { start: seven, end: seven + 3 },
      ],
    )
  })

  test('nothing found outside the data is explained', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    fixture.lake.span = { oldest: 0, newest: dayMs }
    const queries = fixture.open()
    const { id } = await queries.start(caller(tenant), { template: 'SELECT name FROM xdr_data', window: {} })
    const run = await fixture.ended(queries, tenant, id)
    assert.equal(run.rowCount, 0)
    assert.equal(
      run.note,
      'No rows: the data lies in 1970-01-01T00:00:00.000Z to 1970-01-02T00:00:00.000Z, outside the window 2026-02-02T08:00:00.000Z to now.',
    )
    const page = await queries.results(tenant, id, { firstRow: 0, rowCount: 50 })
    assert.deepEqual(
      [page.itemsJson, page.nextRow, page.columns],
      ['[]', undefined, [{ name: 'name', type: 'string' }]],
    )
  })

  test('what cannot run is refused before it is stored', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    const queries = fixture.open({ templateCharsMin: 3 })
    const refused: [string, RegExp][] = [
      ['SELECT nam FROM xdr_data', /nam/],
      ['SELECT 1; SELECT 2', /./],
      ['DROP TABLE xdr_data', /./],
      ['', /^the template has 0 characters: between 3 and 50000 are allowed$/],
      ['x'.repeat(50_001), /^the template has 50001 characters/],
    ]
    for (const [template, message] of refused) {
      await assert.rejects(queries.start(caller(tenant), { template, window: {} }), error => {
        assert.equal((error as { code: string }).code, 'invalid_argument')
        assert.match((error as Error).message, message)
        return true
      })
    }
    await assert.rejects(queries.start(caller(tenant), { template: 'SELECT 1', window: { start: now + 1 } }), {
      code: 'invalid_argument',
    })
    const all = { states: undefined, order: 'asc' as const, offset: 0, count: 10 }
    assert.equal((await queries.list(tenant, all)).total, 0)
  })

  test('a column that arrived a second ago is looked for before it is refused', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    const queries = fixture.open()
    const request = { template: 'SELECT fresh FROM xdr_data', window: {} }
    await assert.rejects(queries.start(caller(tenant), request), { code: 'invalid_argument' })
    fixture.lake.arriving = [column('fresh', 'string', 10_000)]
    const { id } = await queries.start(caller(tenant), request)
    assert.equal((await fixture.ended(queries, tenant, id)).state, 'succeeded')
  })

  test('what only execution finds ends the run failed, without results', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    fixture.lake.files = [await writeDataFile(join(fixture.folder, 'a.parquet'), rowsSql(3))]
    const queries = fixture.open()
    const template = 'SELECT CAST(name AS INTEGER) AS x FROM xdr_data'
    const { id } = await queries.start(caller(tenant), { template, window: {} })
    const run = await fixture.ended(queries, tenant, id)
    assert.equal(run.state, 'failed')
    assert.match(run.error?.message ?? '', /p\d/)
    await assert.rejects(queries.results(tenant, id, { firstRow: 0, rowCount: 1 }), {
      code: 'invalid_argument',
      message: `run ${id} failed: ${run.error?.message}`,
    })
    await until(() => readdirSync(fixture.resultsFolder).length === 0)
  })

  test('a cancel ends a running run and one that waits; a second cancel says false', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    const queries = fixture.open({ runsAtOnce: 1 })
    const running = await queries.start(caller(tenant), { template: endless, window: {} })
    await until(() => queries.progressOf(running.id) !== undefined)
    const waiting = await queries.start(caller(tenant), { template: endless, window: {} })
    await assert.rejects(queries.results(tenant, waiting.id, { firstRow: 0, rowCount: 1 }), {
      code: 'invalid_argument',
      message: `run ${waiting.id} has not finished: ask again later`,
    })
    fixture.time.now += 5
    for (const { id } of [waiting, running]) {
      assert.equal(await queries.cancel(tenant, id), true)
      const run = await queries.get(tenant, id)
      assert.deepEqual([run.state, run.finishedAt], ['canceled', now + 5])
      assert.equal(await queries.cancel(tenant, id), false)
    }
    const next = await queries.start(caller(tenant), { template: 'SELECT 1 AS one', window: {} })
    assert.equal((await fixture.ended(queries, tenant, next.id)).state, 'succeeded')
    assert.equal((await queries.get(tenant, running.id)).state, 'canceled')
    assert.deepEqual(readdirSync(fixture.resultsFolder), [next.id])
  })

  test('a run past its time ends timed out, counted from its start', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    const queries = fixture.open({ runTimeoutMs: 200 })
    const { id } = await queries.start(caller(tenant), { template: endless, window: {} })
    assert.equal((await fixture.ended(queries, tenant, id)).state, 'timed_out')
    await assert.rejects(queries.results(tenant, id, { firstRow: 0, rowCount: 1 }), {
      message: `run ${id} timed out: it has no results`,
    })
  })

  test('another tenant sees no run, cancels none, reads none', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    const queries = fixture.open()
    const { id } = await queries.start(caller(tenant), { template: 'SELECT 1 AS one', window: {} })
    await fixture.ended(queries, tenant, id)
    const missing = { code: 'not_found', message: `there is no run ${id}` }
    await assert.rejects(queries.get(other, id), missing)
    await assert.rejects(queries.cancel(other, id), missing)
    await assert.rejects(queries.results(other, id, { firstRow: 0, rowCount: 1 }), missing)
    const all = { states: undefined, order: 'asc' as const, offset: 0, count: 10 }
    assert.deepEqual(await queries.list(other, all), { runs: [], total: 0 })
  })

  test('what a dead process left is taken up once, and failed the second time', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    const bounds = { queuedMax: 10, queuedPerTenantMax: 10 }
    const statement = JSON.stringify({ duckdbSql: 'SELECT 7 AS n', scope: { relations: [] }, warnings: [] })
    for (const id of ['first', 'second', 'queued']) {
      await insertRun(fixture.store, queuedRun(tenant, id), statement, bounds)
    }
    const leave = (id: string, attempts: number) =>
      fixture.store.updateTable('runs').set({ state: 'running', attempts }).where('id', '=', id).execute()
    await leave('first', 1)
    await leave('second', 2)
    mkdirSync(join(fixture.resultsFolder, 'nobody'))
    mkdirSync(join(fixture.resultsFolder, 'first'))
    const queries = fixture.open()
    assert.deepEqual(await queries.recover(), { queuedAgain: 1, failed: 1, orphans: 1 })
    const first = await fixture.ended(queries, tenant, 'first')
    assert.deepEqual([first.state, first.attempts, first.rowCount], ['succeeded', 2, 1])
    assert.equal((await fixture.ended(queries, tenant, 'queued')).state, 'succeeded')
    assert.deepEqual((await queries.get(tenant, 'second')).error, {
      code: 'internal',
      message: 'the run was interrupted twice by an end of the server',
    })
    assert.equal(existsSync(join(fixture.resultsFolder, 'nobody')), false)
  })

  test('closing stops what runs and leaves it to the next start', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    const queries = fixture.open()
    const { id } = await queries.start(caller(tenant), { template: endless, window: {} })
    await until(() => queries.progressOf(id) !== undefined)
    await queries.close()
    const again = fixture.open({ runTimeoutMs: 1 })
    assert.equal((await again.get(tenant, id)).state, 'running')
    assert.equal((await again.recover()).queuedAgain, 1)
    fixture.time.now += 10
    assert.equal((await fixture.ended(again, tenant, id)).state, 'timed_out')
  })

  test('a tenant with many waiting runs is told so, another is served', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    const queries = fixture.open({ runsAtOnce: 1, runsQueuedPerTenantMax: 2 })
    const running = await queries.start(caller(tenant), { template: endless, window: {} })
    await until(() => queries.progressOf(running.id) !== undefined)
    const waiting = [1, 2].map(n => queries.start(caller(tenant), { template: `SELECT ${n} AS n`, window: {} }))
    const [first] = await Promise.all(waiting)
    await assert.rejects(queries.start(caller(tenant), { template: 'SELECT 3 AS n', window: {} }), {
      code: 'rate_limited',
    })
    const foreign = await queries.start(caller(other), { template: 'SELECT 4 AS n', window: {} })
    await queries.cancel(tenant, running.id)
    await fixture.ended(queries, other, foreign.id)
    await fixture.ended(queries, tenant, first?.id ?? '')
  })

  test('an expired run is gone with its result', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    const queries = fixture.open()
    const { id } = await queries.start(caller(tenant), { template: 'SELECT 1 AS one', window: {} })
    await fixture.ended(queries, tenant, id)
    assert.equal(await queries.expire(), 0)
    fixture.time.now += 7_200_000
    await assert.rejects(queries.get(tenant, id), { code: 'not_found' })
    assert.equal(await queries.expire(), 1)
    assert.deepEqual(readdirSync(fixture.resultsFolder), [])
  })

  test('a run without room for its result waits for one under way, or fails and says why', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    const resultBytesMax = 1024 * 1024
    const room = { resultBytesMax, workerTempBytes: 64 * resultBytesMax, queryDiskBytes: 65 * resultBytesMax }
    const queries = fixture.open({ ...room, runsAtOnce: 2 })
    const first = await queries.start(caller(tenant), { template: endless, window: {} })
    await until(() => queries.progressOf(first.id) !== undefined)
    const second = await queries.start(caller(other), { template: 'SELECT 2 AS two', window: {} })
    assert.equal((await queries.get(other, second.id)).state, 'queued')
    await queries.cancel(tenant, first.id)
    assert.equal((await fixture.ended(queries, other, second.id)).state, 'succeeded')
    await until(() => queries.diskBytes() > 0)
    // Its result is small, and yet what is left of the quota has no room for the largest one.
    const third = await queries.start(caller(tenant), { template: 'SELECT 3 AS three', window: {} })
    const { state, error } = await fixture.ended(queries, tenant, third.id)
    assert.equal(state, 'failed')
    assert.deepEqual(error, {
      code: 'unavailable',
      message:
        'results and temporary files of queries have used up their disk: it is free again when older results expire; ' +
        'an operator can raise --query-disk, or free disk',
    })
    fixture.time.now += 7_200_000
    // The expired result makes room before anybody is refused.
    const fourth = await queries.start(caller(tenant), { template: 'SELECT 4 AS four', window: {} })
    assert.equal((await fixture.ended(queries, tenant, fourth.id)).state, 'succeeded')
  })

  test('a view that is no longer pinned stops the run', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    const queries = fixture.open({ leaseMs: 60 })
    const { id } = await queries.start(caller(tenant), { template: endless, window: {} })
    await until(() => queries.progressOf(id) !== undefined)
    fixture.lake.leases.clear()
    const run = await fixture.ended(queries, tenant, id)
    assert.deepEqual(run.error, { code: 'unavailable', message: 'the run lost its view of the lake: start it again' })
  })
})
