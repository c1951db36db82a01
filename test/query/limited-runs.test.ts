import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { putTenantRunLimits } from '../../src/db/tenant-run-limits.ts'
import { insertTenant } from '../../src/db/tenants.ts'
import { dayMs } from '../../src/model/time-range.ts'
import { until, writeDataFile } from '../support/engine-fixtures.ts'
import { queriesFixture, sharedSqlThread } from '../support/queries.ts'
import { caller, now } from '../support/runs.ts'
import { newTenant } from '../support/test-app.ts'

const tenant = '1d3f7c0a-3b56-4c3b-8a52-0a5f8a9e7d11'

const rowsSql = (count: number) =>
  `SELECT 'processes' AS query_name, TIMESTAMP '2026-02-03 07:00:00' + to_milliseconds(i) AS calendar_time,
   'h1' AS endpoint_id, 'p' || i AS name, i AS size FROM range(${count}) t(i)`

suite('runs with limits of their own', () => {
  const sqlThread = sharedSqlThread()
  after(() => sqlThread.close())

  test('a result cut at fewer rows says so, with the true total', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    fixture.lake.files = [await writeDataFile(join(fixture.folder, 'a.parquet'), rowsSql(5000))]
    const queries = fixture.open()
    const request = {
      template: 'SELECT name FROM xdr_data',
      window: {},
      limits: { rows: 10, memoryBytes: 100_000_000 },
    }
    const started = await queries.start(caller(tenant), request)
    assert.deepEqual(started.limits, { rows: 10, memoryBytes: 100_000_000 })
    const run = await fixture.ended(queries, tenant, started.id)
    assert.deepEqual(run.limits, { rows: 10, memoryBytes: 100_000_000 })
    assert.equal(run.rowCount, 10)
    assert.deepEqual(run.truncated, { reason: 'rowsMax', limit: 10, total: 5000 })
    const page = await queries.results(tenant, run.id, { firstRow: 0, rowCount: 50 })
    assert.deepEqual([page.count, page.nextRow, page.rowCount], [10, undefined, 10])
    const whole = await queries.start(caller(tenant), { ...request, limits: { rows: 5000 } })
    assert.equal((await fixture.ended(queries, tenant, whole.id)).truncated, undefined)
  })

  test('a result cut at fewer bytes says so, with the true total', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    fixture.lake.files = [await writeDataFile(join(fixture.folder, 'a.parquet'), rowsSql(100_000))]
    const queries = fixture.open()
    const template = 'SELECT name, sha256(to_utf8(name)) AS hash FROM xdr_data'
    const started = await queries.start(caller(tenant), { template, window: {}, limits: { bytes: 1_000_000 } })
    const run = await fixture.ended(queries, tenant, started.id)
    assert.deepEqual(run.truncated, { reason: 'bytesMax', limit: 1_000_000, total: 100_000 })
    assert.ok(run.rowCount !== undefined && run.rowCount > 1000 && run.rowCount < 100_000, `${run.rowCount}`)
  })

  test('a run ends after its own time', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    const queries = fixture.open()
    const digits = 'WITH d AS (SELECT x FROM (VALUES 0, 1, 2, 3, 4, 5, 6, 7, 8, 9) AS t (x))'
    const from = [...'abcdefghijklmno'].map(name => `d AS ${name}`).join(', ')
    const template = `${digits} SELECT count(a.x + b.x * c.x) AS n FROM ${from}`
    const started = await queries.start(caller(tenant), { template, window: {}, limits: { timeoutMs: 300 } })
    assert.equal((await fixture.ended(queries, tenant, started.id)).state, 'timed_out')
  })

  test("a tenant's own limits hold for all of its runs, and only its Super Admin may pass them", async context => {
    const fixture = await queriesFixture(context, sqlThread)
    fixture.lake.files = [await writeDataFile(join(fixture.folder, 'a.parquet'), rowsSql(50))]
    await insertTenant(fixture.store, newTenant(now, { id: tenant }))
    await putTenantRunLimits(fixture.store, tenant, { rows: 7 })
    const queries = fixture.open()
    const analyst = { ...caller(tenant), role: 'forensics' } as const
    const request = { template: 'SELECT name FROM xdr_data', window: {} }
    const run = await fixture.ended(queries, tenant, (await queries.start(analyst, request)).id)
    assert.deepEqual(run.truncated, { reason: 'rowsMax', limit: 7, total: 50 })
    await assert.rejects(queries.start(analyst, { ...request, limits: { rows: 8 } }), { code: 'permission_denied' })
    const admin = { ...analyst, role: 'superAdmin' } as const
    assert.deepEqual((await queries.start(admin, { ...request, limits: { rows: 8 } })).limits, { rows: 8 })
    await putTenantRunLimits(fixture.store, tenant, {})
    assert.equal((await queries.start(analyst, request)).limits, undefined)
  })

  test('a run lives as long as it was asked to, within thirty days and the quota', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    const queries = fixture.open({ keptBytesPerTenantMax: 300 })
    const request = { template: 'SELECT 1 AS n', window: {} }
    const kept = await queries.start(caller(tenant), { ...request, keepUntil: now + 30 * dayMs })
    assert.equal(kept.expiresAt, now + 30 * dayMs)
    await fixture.ended(queries, tenant, kept.id)
    await assert.rejects(queries.start(caller(tenant), { ...request, keepUntil: now + 31 * dayMs }), {
      code: 'invalid_argument',
      message: `results are kept until a time at most 30 days from now, ${new Date(now + 31 * dayMs).toISOString()} is not`,
    })
    await assert.rejects(queries.start(caller(tenant), { ...request, keepUntil: now }), {
      message: `results are kept until a time in the future, ${new Date(now).toISOString()} is not`,
    })
    const short = await queries.start(caller(tenant), { ...request, keepUntil: now + 1000 })
    assert.equal(short.expiresAt, now + 7_200_000)
    await fixture.ended(queries, tenant, short.id)
    // Each result is a file of about 200 bytes, measured once its run has ended.
    await until(() => queries.diskBytes() > 390)
    // The first result alone has more than half of what the tenant may keep.
    await assert.rejects(queries.keep(tenant, short.id, now + dayMs), { code: 'too_large' })
    assert.equal((await queries.keep(tenant, kept.id, now + 60_000)).expiresAt, now + 60_000)
    assert.equal((await queries.keep(tenant, short.id, now + dayMs)).expiresAt, now + dayMs)
    await assert.rejects(queries.keep('2d3f7c0a-3b56-4c3b-8a52-0a5f8a9e7d22', kept.id, now + dayMs), {
      code: 'not_found',
    })
  })

  test('a run under way says what it has read', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    fixture.lake.files = [await writeDataFile(join(fixture.folder, 'a.parquet'), rowsSql(200_000))]
    const queries = fixture.open()
    const template =
      'SELECT count(*) AS n FROM xdr_data a JOIN xdr_data b ON a.size % 50 = b.size % 50 WHERE a.size + b.size > 5'
    const started = await queries.start(caller(tenant), { template, window: {} })
    let progress = queries.progressOf(started.id)
    while (progress?.rowsRead === undefined || progress.bytesRead === undefined) {
      await new Promise(resolve => setTimeout(resolve, 5))
      progress = queries.progressOf(started.id)
      const run = await queries.get(tenant, started.id)
      assert.ok(run.state === 'queued' || run.state === 'running', `${run.state} ${run.error?.message}`)
    }
    assert.equal(progress.phase, 'executing')
    assert.ok(progress.bytesRead > 0)
    await queries.cancel(tenant, started.id)
  })
})
