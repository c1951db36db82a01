import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { findSegment, listUnconsumedSegments, type StoredSegment, sealSegment } from '../../src/lake/catalog.ts'
import { convertSegment } from '../../src/lake/data-file-writer.ts'
import { dataSpan } from '../../src/lake/span.ts'
import { pinView, releaseLease, renewLease, type ViewRequest } from '../../src/lake/view.ts'
import type { RelationScope } from '../../src/model/scan-scope.ts'
import { openTestLake, type TestLake } from '../support/lake.ts'
import { fixtureHostId } from '../support/osquery-fixtures.ts'
import { viewStatements } from '../support/relation-views.ts'

let lake: TestLake
let instance: DuckDBInstance
let duckdb: DuckDBConnection

before(async () => {
  lake = await openTestLake()
  instance = await DuckDBInstance.create(':memory:')
  duckdb = await instance.connect()
  await duckdb.run("SET TimeZone = 'UTC'")
})

after(async () => {
  duckdb.closeSync()
  instance.closeSync()
  await lake.close()
})

const second = 1_795_500_000
const event = (name: string, columns: object, at = second) =>
  JSON.stringify({ name, unixTime: at, columns, action: 'added' })

const scopeOf = (more: Partial<RelationScope> = {}): RelationScope => ({
  ...{ table: 'xdr_data', relation: 'xdr_data', queryNames: undefined, columns: undefined, bounds: [] },
  ...more,
})

const requestOf = (
  relations: readonly RelationScope[] = [scopeOf()],
  more: Partial<ViewRequest> = {},
): ViewRequest => ({
  ...{ scope: { relations }, range: { start: 0, end: undefined }, hostIds: undefined, now: lake.now, leaseMs: 60_000 },
  ...more,
})

const pin = (tenantId: string, request = requestOf()) => pinView(lake, tenantId, request)

const convert = (segment: StoredSegment) => convertSegment(lake, segment, lake.tail.pathOf(segment))

/** The `pid`s of a pinned relation, as an engine reads them. */
async function pids(view: Awaited<ReturnType<typeof pin>>['view'], relation = 'xdr_data'): Promise<string[]> {
  for (const statement of viewStatements(view)) await duckdb.run(statement)
  const reader = await duckdb.runAndReadAll(`SELECT pid FROM "${relation}" ORDER BY pid`)
  return reader.getRowObjectsJson().map(row => String(row['pid']))
}

test('every row is seen exactly once: in files, sealed and open segments', async () => {
  const tenantId = 'tenant-once'
  await convert(await lake.seal([event('a', { pid: '1' }), event('b', { pid: '2' })], tenantId))
  await lake.seal([event('a', { pid: '3' })], tenantId)
  await lake.open([event('a', { pid: '4' }), event('a', { pid: '5' })], tenantId)
  await lake.open([event('a', { pid: '6' })], 'somebody-else')
  const { view } = await pin(tenantId)
  assert.equal(view.manifestVersion, 1)
  assert.deepEqual(await pids(view), ['1', '2', '3', '4', '5'])
  const [relation] = view.relations
  assert.equal(relation?.files.length, 1)
  assert.deepEqual(
    relation?.tail.map(({ frames }) => frames),
    [1, 1],
  )
  assert.equal(relation?.rows, 2)
})

test('a pinned view reads the same while its segments are sealed and converted', async () => {
  const tenantId = 'tenant-pinned'
  const segment = await lake.open([event('a', { pid: '1' }), event('a', { pid: '2' })], tenantId)
  const before = await pin(tenantId)
  assert.deepEqual(await pids(before.view), ['1', '2'])
  await sealSegment(lake.store, segment.number, { frames: 1, lines: 2, bytes: 1 }, lake.now)
  await convert((await findSegment(lake.store, segment.number)) as StoredSegment)
  assert.deepEqual(await pids(before.view), ['1', '2'])
  const later = await pin(tenantId)
  assert.deepEqual(await pids(later.view), ['1', '2'])
  assert.deepEqual(later.view.relations[0]?.tail, [])
  assert.equal(later.view.manifestVersion, before.view.manifestVersion + 1)
})

test('only the durable prefix of an open segment is pinned', async () => {
  const tenantId = 'tenant-prefix'
  await lake.open(
    [1, 2, 3, 4].map(pid => event('a', { pid: String(pid) })),
    tenantId,
  )
  const tail = { ...lake.tail, durableFrames: () => 1 }
  const { view } = await pinView({ ...lake, tail }, tenantId, requestOf())
  assert.deepEqual(await pids(view), ['1', '2'])
})

test('an open segment that was sealed in the meantime has its count from the catalog', async () => {
  const tenantId = 'tenant-sealed-meanwhile'
  const segment = await lake.open([event('a', { pid: '1' })], tenantId)
  let sealing: Promise<void> | undefined
  const durableFrames = () => {
    sealing = sealSegment(lake.store, segment.number, { frames: 1, lines: 1, bytes: 1 }, lake.now)
    return undefined
  }
  const { view } = await pinView({ ...lake, tail: { ...lake.tail, durableFrames } }, tenantId, requestOf())
  await sealing
  assert.deepEqual(await pids(view), ['1'])
})

test('a segment is read for the tables only that it has lines of, and for all where that is not known', async () => {
  const tenantId = 'tenant-tail-tables'
  const { number } = await lake.open([event('a', { pid: '1' })], tenantId)
  const pinnedFor = async (table: string, tables: readonly (string | undefined)[] | undefined) => {
    const known = { ...lake.tail, durableTables: () => (tables === undefined ? undefined : new Set(tables)) }
    const scope = { relations: [{ ...requestOf().scope.relations[0]!, table, relation: table }] }
    const { view } = await pinView({ ...lake, tail: known }, tenantId, { ...requestOf(), scope })
    return view.relations[0]?.tail.map(pin => pin.number)
  }
  assert.deepEqual(await pinnedFor('xdr_data', ['lake_audit']), [])
  assert.deepEqual(await pinnedFor('xdr_data', ['lake_audit', undefined]), [number])
  assert.deepEqual(await pinnedFor('xdr_ext_data', [undefined]), [number])
  assert.deepEqual(await pinnedFor('lake_reports', [undefined]), [number])
  assert.deepEqual(await pinnedFor('lake_reports', ['osquery_status']), [])
  assert.deepEqual(await pinnedFor('lake_audit', ['lake_audit']), [number])
  assert.deepEqual(await pinnedFor('lake_audit', undefined), [number])
})

test('a quarantined segment is still part of the tail', async () => {
  const tenantId = 'tenant-quarantined'
  const segment = await lake.seal([event('a', { pid: '1' })], tenantId)
  await lake.store.updateTable('segments').set({ state: 'quarantined' }).where('number', '=', segment.number).execute()
  assert.deepEqual(await pids((await pin(tenantId)).view), ['1'])
})

test('files are pruned by window, query name and host; the view limits what is left', async () => {
  const tenantId = 'tenant-pruned'
  await convert(await lake.seal([event('a', { pid: '1' }, second), event('b', { pid: '2' }, second)], tenantId))
  await convert(await lake.seal([event('a', { pid: '3' }, second + 100)], tenantId))
  await convert(await lake.seal([event('c', { pid: '4' }, second + 200)], tenantId))
  await lake.open([event('a', { pid: '5' }, second + 300), event('c', { pid: '6' }, second + 300)], tenantId)
  const window = { start: second * 1000, end: (second + 200) * 1000 }
  const seen = async (request: ViewRequest, relation = 'xdr_data') => {
    const { view } = await pin(tenantId, request)
    return { files: view.relations[0]?.files.length, pids: await pids(view, relation) }
  }
  const all = { files: 3, pids: ['1', '2', '3', '4', '5', '6'] }
  assert.deepEqual(await seen(requestOf()), all)
  assert.deepEqual(await seen(requestOf([scopeOf()], { range: window })), { files: 2, pids: ['1', '2', '3'] })
  const onlyC = requestOf([scopeOf({ queryNames: ['C'] })])
  assert.deepEqual(await seen(onlyC), { files: 1, pids: ['4', '6'] })
  const ports = scopeOf({ relation: 'c', queryNames: ['c'] })
  assert.deepEqual(await seen(requestOf([ports]), 'c'), { files: 1, pids: ['4', '6'] })
  const bounded = scopeOf({ bounds: [{ column: 'pid', min: 3, max: 3 }] })
  assert.equal((await seen(requestOf([bounded]))).files, 1)
  assert.deepEqual(await seen(requestOf([scopeOf()], { hostIds: ['nobody'] })), { files: 0, pids: [] })
  assert.deepEqual(await seen(requestOf([scopeOf()], { hostIds: [fixtureHostId] })), all)
  assert.deepEqual(await seen(requestOf([scopeOf()], { hostIds: [] })), { files: 0, pids: [] })
})

test('files are within the window only where no row of theirs lies outside, and a row always has a time', async () => {
  const tenantId = 'tenant-within'
  const lines = [event('a', { pid: '1' }, second), event('a', { pid: '2' }, second + 100)]
  await convert(await lake.seal(lines, tenantId))
  await convert(
    await lake.seal(['{"src_ip":"10.0.0.1","timestamp":"2026-01-01 00:00:00"}'], tenantId, { tb: 'xgfw_data' }),
  )
  const [first, last] = [second * 1000, (second + 100) * 1000]
  const withinOf = async (start: number, end: number | undefined, table = 'xdr_data') => {
    const scope = scopeOf({ table, relation: table })
    const { view } = await pin(tenantId, requestOf([scope], { range: { start, end } }))
    const { files, filesWithin } = view.relations[0]!
    return [files.length, filesWithin.length]
  }
  assert.deepEqual(await withinOf(first, last + 1), [1, 1])
  assert.deepEqual(await withinOf(first, undefined), [1, 1])
  assert.deepEqual(await withinOf(first + 1, undefined), [1, 0])
  assert.deepEqual(await withinOf(0, last), [1, 0])
  assert.deepEqual(await withinOf(0, undefined, 'lake_reports'), [1, 1])
  assert.deepEqual(await withinOf(0, undefined, 'xgfw_data'), [1, 0])
})

test('a relation read in two places serves both', async () => {
  const tenantId = 'tenant-two-places'
  await convert(await lake.seal([event('a', { pid: '1' })], tenantId))
  await convert(await lake.seal([event('b', { pid: '2' })], tenantId))
  await convert(await lake.seal([event('c', { pid: '3' })], tenantId))
  const scopes = [
    scopeOf({ queryNames: ['a'], columns: ['pid'] }),
    scopeOf({ queryNames: ['b'], columns: ['pid', 'path'] }),
  ]
  const { view } = await pin(tenantId, requestOf(scopes))
  assert.equal(view.relations.length, 1)
  assert.deepEqual(await pids(view), ['1', '2'])
  assert.ok(view.relations[0]?.columns.some(({ name }) => name === 'path'))
})

test('a relation has the columns the statement names and those it is limited by, in order', async () => {
  const tenantId = 'tenant-columns'
  await convert(await lake.seal([event('ports', { pid: '1', brand_new: 'x' })], tenantId))
  const columns = async (scope: RelationScope) => {
    const { view } = await pin(tenantId, requestOf([scope]))
    return view.relations[0]?.columns.map(({ name }) => name) ?? []
  }
  const limits = ['query_name', 'endpoint_id', 'calendar_time']
  assert.deepEqual(await columns(scopeOf({ columns: ['brand_new', 'pid', 'query_name'] })), [
    ...limits,
    'pid',
    'brand_new',
  ])
  assert.deepEqual(await columns(scopeOf({ columns: [] })), limits)
  const every = await columns(scopeOf())
  assert.ok(every.length > 200 && every.includes('cmdline') && every.includes('brand_new'))
  assert.deepEqual(await columns(scopeOf({ columns: ['raw_values'] })), every)
  const viewed = await columns(scopeOf({ relation: 'ports', queryNames: ['ports'] }))
  assert.deepEqual(viewed.filter(name => ['pid', 'brand_new', 'meta_hostname', 'raw_values'].includes(name)).length, 4)
  assert.equal(viewed.includes('cmdline'), false)
})

test('reports and other tables can be read', async () => {
  const tenantId = 'tenant-tables'
  await convert(await lake.seal([event('a', { pid: '1' })], tenantId))
  await lake.open([event('a', { pid: '2' })], tenantId)
  const scopes = ['lake_reports', 'xgfw_data', 'xdr_ext_data', 'mdr_ioc_all'].map(table =>
    scopeOf({ table, relation: table }),
  )
  const { view } = await pin(tenantId, requestOf(scopes))
  for (const statement of viewStatements(view)) await duckdb.run(statement)
  const counts: Record<string, string> = {}
  for (const { relation } of scopes) {
    const [row] = (await duckdb.runAndReadAll(`SELECT count(*)::VARCHAR AS n FROM "${relation}"`)).getRowObjectsJson()
    counts[relation] = String(row?.['n'])
  }
  assert.deepEqual(counts, { lake_reports: '2', xgfw_data: '0', xdr_ext_data: '2', mdr_ioc_all: '0' })
})

test('hosts cannot be asked for of a table that has none, and nothing stays pinned', async () => {
  const scope = scopeOf({ table: 'xgfw_data', relation: 'xgfw_data' })
  await assert.rejects(pin('tenant-no-hosts', requestOf([scope], { hostIds: ['h'] })), {
    code: 'invalid_argument',
    message: 'matchEndpoints cannot be used with xgfw_data: its rows belong to no endpoint',
  })
  const leases = await lake.store.selectFrom('leases').selectAll().where('tenant_id', '=', 'tenant-no-hosts').execute()
  assert.deepEqual(leases, [])
})

test('a lease is renewed until it ends, and released once or twice', async () => {
  const { leaseId } = await pin('tenant-lease', requestOf(undefined, { now: 1_000, leaseMs: 100 }))
  assert.equal(await renewLease(lake.store, leaseId, 1_050, 100), true)
  assert.equal(await renewLease(lake.store, leaseId, 1_149, 100), true)
  assert.equal(await renewLease(lake.store, leaseId, 1_249, 100), false)
  await releaseLease(lake.store, leaseId)
  await releaseLease(lake.store, leaseId)
  assert.equal(await renewLease(lake.store, leaseId, 1_060, 100), false)
})

test('pins taken while segments are converted hold every row once', async () => {
  const tenantId = 'tenant-race'
  const rounds = 6
  const expected: string[] = []
  const converting: Promise<unknown>[] = []
  for (let round = 0; round < rounds; round++) {
    const first = 10 + round * 2
    expected.push(String(first), String(first + 1))
    const segment = await lake.seal(
      [first, first + 1].map(pid => event('a', { pid: String(pid) })),
      tenantId,
    )
    converting.push(convert(segment))
    const pinned = await Promise.all([pin(tenantId), pin(tenantId)])
    for (const { view } of pinned) assert.deepEqual(await pids(view), expected)
  }
  await Promise.all(converting)
  assert.deepEqual(await listUnconsumedSegments(lake.store, tenantId), [])
  assert.deepEqual(await pids((await pin(tenantId)).view), expected)
})

test('the span of the data is that of files and tail together', async () => {
  const tenantId = 'tenant-span'
  const none = { oldest: undefined, newest: undefined }
  assert.equal(await dataSpan(lake.store, tenantId, none), undefined)
  assert.deepEqual(await dataSpan(lake.store, tenantId, { oldest: 5, newest: 6 }), { oldest: 5, newest: 6 })
  await convert(await lake.seal([event('a', {}, second), event('a', {}, second + 10)], tenantId))
  const files = { oldest: second * 1000, newest: (second + 10) * 1000 }
  assert.deepEqual(await dataSpan(lake.store, tenantId, none), files)
  const tail = { oldest: second * 1000 - 1, newest: second * 1000 }
  assert.deepEqual(await dataSpan(lake.store, tenantId, tail), { ...files, oldest: second * 1000 - 1 })
})
