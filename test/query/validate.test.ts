import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { AppError } from '../../src/model/errors.ts'
import { tenantId } from '../support/engine-fixtures.ts'
import { queriesFixture, sharedSqlThread } from '../support/queries.ts'

const sqlThread = sharedSqlThread()
after(() => sqlThread.close())

const request = (template: string) => ({ template, variables: [], hostIds: undefined, window: {} })

test('columns with types, names touched and what would be read; no lease is left', async t => {
  const fixture = await queriesFixture(t, sqlThread)
  const validation = await fixture
    .open()
    .validate(tenantId, request("SELECT name, count(*) AS n FROM xdr_data WHERE query_name = 'Ports' GROUP BY name"))
  assert.equal(validation.error, undefined)
  assert.deepEqual(validation.columns, [
    { name: 'name', type: 'string' },
    { name: 'n', type: 'long' },
  ])
  const { tables, queryNames, columns, files, rows, bytes } = validation.reads ?? assert.fail()
  assert.deepEqual([tables, queryNames, files, rows, bytes], [['xdr_data'], ['ports'], 0, 0, 0])
  assert.deepEqual(columns, ['name', 'query_name'])
  assert.equal(fixture.lake.pins.length, 1)
  assert.equal(fixture.lake.leases.size, 0)
})

test('the bytes of the tail count once however many relations read it', async t => {
  const fixture = await queriesFixture(t, sqlThread)
  const path = join(fixture.folder, 'tail')
  await writeFile(path, 'x'.repeat(321))
  const { pinView } = fixture.lake
  fixture.lake.pinView = async (id, pin) => {
    const pinned = await pinView(id, pin)
    const tail = [{ number: 1, tenantId: id, fileName: 'tail', frames: 1, path }]
    const relations = pinned.view.relations.map(relation => ({ ...relation, tail, rows: 5, bytes: 100 }))
    return { ...pinned, view: { ...pinned.view, relations } }
  }
  const validation = await fixture.open().validate(tenantId, request('SELECT name FROM xdr_data'))
  assert.deepEqual([validation.reads?.rows, validation.reads?.bytes], [5, 421])
  assert.deepEqual(
    validation.warnings.map(({ code, message }) => [code, message]),
    [['no_query_name', 'nothing limits query_name here: the rows of every query in xdr_data are read, 421 bytes']],
  )
})

test('what a run is refused for is the answer: text, names, window, and what only the engine sees', async t => {
  const fixture = await queriesFixture(t, sqlThread)
  const queries = fixture.open({ spanMsMax: 86_400_000 })
  const unknown = await queries.validate(tenantId, request('SELECT nothing_here FROM xdr_data'))
  assert.match(unknown.error?.message ?? '', /nothing_here/)
  assert.equal(unknown.error?.details?.['offset'], 7)
  assert.equal(unknown.reads, undefined)
  const broken = await queries.validate(tenantId, request('SELECT FROM'))
  assert.equal(broken.error?.code, 'invalid_argument')
  const long = await queries.validate(tenantId, { ...request('SELECT 1 AS a'), window: { start: 0 } })
  assert.match(long.error?.message ?? '', /the time range is longer than 1 days/)
  const huge = await queries.validate(tenantId, request(`SELECT '${'x'.repeat(50_000)}' AS a`))
  assert.match(huge.error?.message ?? '', /at most 50000 are allowed/)
  assert.equal(fixture.lake.leases.size, 0)
})

test('one tenant cannot keep the SQL thread busy with validations', async t => {
  const fixture = await queriesFixture(t, sqlThread)
  const queries = fixture.open()
  const all = await Promise.allSettled(
    Array.from({ length: 6 }, () => queries.validate(tenantId, request('SELECT 1 AS a'))),
  )
  const refused = all.filter(each => each.status === 'rejected').map(each => each.reason as AppError)
  assert.deepEqual(
    refused.map(error => error.code),
    ['rate_limited', 'rate_limited'],
  )
  assert.equal((await queries.validate(tenantId, request('SELECT 1 AS a'))).error, undefined)
})

test('a run keeps the warnings of its statement', async t => {
  const fixture = await queriesFixture(t, sqlThread)
  const queries = fixture.open()
  const caller = { principalId: 'p', accountId: tenantId, accountType: 'tenant', role: 'superAdmin', tenantId } as const
  const run = await queries.start(caller, { template: 'SELECT name FROM xdr_data', window: {} })
  const stored = await fixture.ended(queries, tenantId, run.id)
  assert.deepEqual(stored.warnings, run.warnings)
  assert.deepEqual(
    stored.warnings?.map(({ code, line, message }) => [code, line, /\d+ bytes$/.exec(message)?.[0]]),
    [['no_query_name', 1, '0 bytes']],
  )
  const quiet = await queries.start(caller, { template: 'SELECT 1 AS a', window: {} })
  assert.equal((await queries.get(tenantId, quiet.id)).warnings, undefined)
})
