import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import type { AppError } from '../../src/model/errors.ts'
import { newId } from '../../src/model/ids.ts'
import { queriesFixture, sharedSqlThread } from '../support/queries.ts'
import { caller } from '../support/runs.ts'

const sqlThread = sharedSqlThread()
after(() => sqlThread.close())

const never = new AbortController().signal
const csv = { kind: 'csv', escapesFormulas: false, isGzip: false } as const
const code = (expected: string) => (error: AppError) => error.code === expected

test('a succeeded run is exported; another tenant’s, a failed and an unknown one are not', async t => {
  const fixture = await queriesFixture(t, sqlThread)
  const queries = fixture.open()
  const [tenant, other] = [newId(), newId()]
  const run = await queries.start(caller(tenant), { template: 'SELECT 7 AS a, \'x\' AS "B"', window: {} })
  await fixture.ended(queries, tenant, run.id)
  const { stream, rowCount } = await queries.exportResult(tenant, run.id, csv, never)
  assert.deepEqual([await text(stream), rowCount], ['a,B\r\n7,x\r\n', 1])
  await assert.rejects(queries.exportResult(other, run.id, csv, never), code('not_found'))
  await assert.rejects(queries.exportResult(tenant, newId(), csv, never), code('not_found'))
  const failing = await queries.start(caller(tenant), { template: "SELECT CAST('x' AS bigint) AS a", window: {} })
  await fixture.ended(queries, tenant, failing.id)
  await assert.rejects(queries.exportResult(tenant, failing.id, csv, never), code('invalid_argument'))
})

test('two exports of one tenant at once, four of all; ended ones make room', async t => {
  const fixture = await queriesFixture(t, sqlThread)
  const queries = fixture.open()
  const tenants = [newId(), newId(), newId()]
  const runs = new Map<string, string>()
  for (const tenant of tenants) {
    const run = await queries.start(caller(tenant), { template: 'SELECT 1 AS a', window: {} })
    await fixture.ended(queries, tenant, run.id)
    runs.set(tenant, run.id)
  }
  const open = (tenant = '') => queries.exportResult(tenant, runs.get(tenant) ?? '', csv, never)
  const [first] = [await open(tenants[0]), await open(tenants[0])]
  await assert.rejects(open(tenants[0]), code('rate_limited'))
  await Promise.all([open(tenants[1]), open(tenants[1])])
  await assert.rejects(open(tenants[2]), code('unavailable'))
  await text(first?.stream ?? assert.fail())
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(await text((await open(tenants[2])).stream), 'a\r\n1\r\n')
})
