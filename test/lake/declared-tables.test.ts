import assert from 'node:assert/strict'
import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { openStore } from '../../src/db/db.ts'
import { findDeclaredTable, insertDeclaredTable, undeclareTable } from '../../src/db/declared-tables.ts'
import { setRetention } from '../../src/db/query-retentions.ts'
import { openSegment, type StoredSegment, sealSegment } from '../../src/lake/catalog.ts'
import { convertSegment } from '../../src/lake/data-file-writer.ts'
import { listLiveFiles } from '../../src/lake/data-files.ts'
import { appendJournal, journalName } from '../../src/lake/journal.ts'
import { schemaOf } from '../../src/lake/schema.ts'
import { compact } from '../../src/lake/upkeep/compact.ts'
import { planCompaction } from '../../src/lake/upkeep/compaction-plan.ts'
import { eraseHost } from '../../src/lake/upkeep/erase.ts'
import { retain } from '../../src/lake/upkeep/retain.ts'
import { emptyUndeclared } from '../../src/lake/upkeep/undeclared.ts'
import { pinView, type ViewRequest } from '../../src/lake/view.ts'
import { declareTable } from '../../src/model/declared-table.ts'
import { dayMs } from '../../src/model/time-range.ts'
import { fsck } from '../../src/rescue/fsck.ts'
import { putTenant } from '../support/ingest.ts'
import { openTestLake, type TestLake } from '../support/lake.ts'
import { fixtureTenantId as tenantId, writeSegment } from '../support/osquery-fixtures.ts'
import { viewStatements } from '../support/relation-views.ts'

let lake: TestLake
let segmentsFolder: string
let instance: DuckDBInstance
let duckdb: DuckDBConnection
const frameCounts = new Map<number, number>()

before(async () => {
  lake = await openTestLake()
  segmentsFolder = join(lake.folder, 'on-disk')
  await putTenant(lake.store, tenantId)
  instance = await DuckDBInstance.create(':memory:')
  duckdb = await instance.connect()
  await duckdb.run("SET TimeZone = 'UTC'")
})
after(async () => {
  duckdb.closeSync()
  instance.closeSync()
  await lake.close()
})

async function declare(name: string): Promise<void> {
  const columns = [
    { name: 'at', type: 'timestamp' },
    { name: 'machine', type: 'string' },
    { name: 'size', type: 'bigint' },
    // Names that mean something to the lake in tables of its own.
    { name: 'unix_time', type: 'bigint' },
    { name: 'raw', type: 'string' },
    { name: 'meta_eid', type: 'string' },
  ] as const
  const table = declareTable({ name, columns, timeColumn: 'at', hostColumn: 'machine' }, lake.now)
  await insertDeclaredTable(lake.store, tenantId, table)
}

async function open(table: string, rows: readonly object[]): Promise<StoredSegment> {
  const segment = await openSegment(lake.store, tenantId, lake.now)
  const path = join(segmentsFolder, segment.fileName)
  mkdirSync(dirname(path), { recursive: true })
  const lines = rows.map(row => JSON.stringify(row))
  frameCounts.set(segment.number, writeSegment(path, segment.number, lines, 2, lake.now, table))
  return segment
}

async function convert(segment: StoredSegment, lines: number): Promise<void> {
  const frames = frameCounts.get(segment.number) ?? 0
  await sealSegment(lake.store, segment.number, { frames, lines, bytes: 1 }, lake.now)
  await convertSegment(lake, { ...segment, frames, lines }, join(segmentsFolder, segment.fileName))
}

async function rowsOf(table: string, more: Partial<ViewRequest> = {}): Promise<Record<string, unknown>[]> {
  const scope = { relations: [{ table, relation: table, queryNames: undefined, columns: undefined, bounds: [] }] }
  const tail = {
    durableFrames: (number: number) => frameCounts.get(number),
    durableTables: () => undefined,
    pathOf: ({ fileName }: { fileName: string }) => join(segmentsFolder, fileName),
  }
  const request = { scope, range: { start: 0, end: undefined }, hostIds: undefined, now: lake.now, leaseMs: 1, ...more }
  const { view } = await pinView({ ...lake, tail }, tenantId, request)
  for (const statement of viewStatements(view)) await duckdb.run(statement)
  const rows = (await duckdb.runAndReadAll(`SELECT * FROM "${table}" ORDER BY ALL`)).getRowObjectsJson()
  return rows.map(row => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)))
}

const received = '2026-11-24 07:08:09.123'
const common = { customer_id: tenantId, ingestion_timestamp: received }

test('rows read the same from the tail, from flush files and from merged ones', async () => {
  await declare('proxy')
  const rows = [
    { at: '2026-11-20T10:00:00Z', machine: 'h1', size: '12', unix_time: 5, raw: 'r', other: 'x' },
    { At: 1_795_500_000, MACHINE: 'h2', size: 'many' },
    { machine: 'h3', ingestion_timestamp: 'mine' },
  ]
  const segments = [await open('proxy', rows.slice(0, 1)), await open('proxy', rows.slice(1))]
  const before = await rowsOf('proxy')
  assert.deepEqual(before, [
    {
      ...{ at: '2026-11-20 10:00:00', machine: 'h1', size: '12', unix_time: '5', raw: 'r' },
      ...{ ...common, raw_values: '{"other":"x"}' },
    },
    { at: '2026-11-24 06:00:00', machine: 'h2', ...common, raw_values: '{"size":"many"}' },
    // A row that says no time lies at its receipt: else no window would show it.
    { at: received, machine: 'h3', ...common, raw_values: '{"ingestion_timestamp":"mine"}' },
  ])
  for (const [at, segment] of segments.entries()) await convert(segment, at === 0 ? 1 : 2)
  const [first, ...rest] = before
  const { raw_values: _, ...known } = first ?? {}
  // The column that a row brought is the table's now.
  const converted = [{ ...known, other: 'x' }, ...rest]
  assert.deepEqual(await rowsOf('proxy'), converted)
  const [merge] = planCompaction(await listLiveFiles(lake.store, tenantId, 'proxy'), lake.now + 2 * dayMs)
  assert.ok(merge)
  await compact(lake, tenantId, merge)
  assert.deepEqual(await rowsOf('proxy'), converted)
  const [file] = await listLiveFiles(lake.store, tenantId, 'proxy')
  assert.deepEqual([file?.minTime, file?.rows], [Date.UTC(2026, 10, 20, 10), 3], 'its bounds are those of its own time')
  assert.equal((await rowsOf('proxy', { range: { start: Date.UTC(2026, 10, 21), end: undefined } })).length, 2)
  assert.equal((await rowsOf('proxy', { hostIds: ['h2'] })).length, 1)
})

test('a host is erased by the column that was declared, files that lack it are left alone', async () => {
  await declare('vpn')
  await convert(await open('vpn', [{ machine: 'gone' }, { machine: 'stays' }]), 2)
  await convert(await open('vpn', [{ size: 1 }]), 1)
  assert.deepEqual(await eraseHost(lake, tenantId, { hostId: 'gone', lastSegment: 0 }), { rows: 0, files: 0 })
  assert.deepEqual(await eraseHost(lake, tenantId, { hostId: 'gone' }), { rows: 1, files: 1 })
  assert.deepEqual(
    (await rowsOf('vpn')).map(({ machine, size }) => machine ?? size),
    ['stays', '1'],
  )
})

test('its rows are as old as their receipt: retention goes by the days of the tenant alone', async () => {
  await declare('aging')
  await setRetention(lake.store, tenantId, 'aging', 1)
  await convert(await open('aging', [{ at: '2020-01-01T00:00:00Z' }]), 1)
  const filesAfter = async (days: number) => {
    await retain(lake.store, tenantId, 10, lake.now + days * dayMs, 100)
    return (await listLiveFiles(lake.store, tenantId, 'aging')).length
  }
  assert.equal(await filesAfter(9), 1)
  assert.equal(await filesAfter(11), 0)
  await setRetention(lake.store, tenantId, 'aging', undefined)
})

for (const hasJournal of [true, false]) {
  test(`a lost catalog knows the table again, ${hasJournal ? 'from the journal' : 'from its files'}`, async () => {
    const name = `mail_${hasJournal}`
    await declare(name)
    await convert(await open(name, [{ machine: 'a', size: 1, brought: 'x' }]), 1)
    if (hasJournal) {
      const table = (await findDeclaredTable(lake.store, tenantId, name)) ?? assert.fail()
      await appendJournal(join(segmentsFolder, journalName), { kind: 'declared', tenantId, table })
    }
    const store = openStore(':memory:')
    const deps = { ...lake, store, segmentsFolder, clock: lake.clock }
    const report = await fsck(deps, { repair: true })
    const unknown = report.differences.filter(({ kind, subject }) => kind === 'unknownTable' && subject === name)
    assert.match(
      unknown[0]?.detail ?? '',
      /^data files have rows of it, it was declared, and it is not in the catalog$/,
    )
    assert.deepEqual((await fsck(deps, { repair: false })).differences, [])
    const found = async (of: typeof store) => (await schemaOf(of, tenantId)).tables.find(table => table.name === name)
    assert.deepEqual(await found(store), await found(lake.store))
    assert.equal((await listLiveFiles(store, tenantId, name))[0]?.rows, 1)
    await store.destroy()
    rmSync(join(segmentsFolder, journalName), { force: true })
  })
}

test('rows of a table that nobody knows any more wait in their segment, and are not adopted', async () => {
  const strange = await open('nobody_knows', [{ a: 1 }])
  const store = openStore(':memory:')
  const report = await fsck({ ...lake, store, segmentsFolder, clock: lake.clock }, { repair: true })
  const unknown = report.differences.find(({ subject }) => subject === 'nobody_knows')
  assert.equal(unknown?.detail, 'segments have rows of it, and nobody knows how it was declared: declare it again')
  assert.ok((await schemaOf(store, tenantId)).tables.every(({ name }) => name !== 'nobody_knows'))
  await store.destroy()
  rmSync(join(segmentsFolder, strange.fileName))
  await lake.store.deleteFrom('segments').where('number', '=', strange.number).execute()
})

test('an undeclared table cannot be named, its late rows go too, and then its name is free', async () => {
  await declare('gone')
  await convert(await open('gone', [{ size: 1 }, { size: 2 }]), 2)
  const late = await open('gone', [{ size: 3 }])
  await undeclareTable(lake.store, tenantId, 'gone', lake.now)
  assert.ok((await schemaOf(lake.store, tenantId)).tables.every(({ name }) => name !== 'gone'))
  await assert.rejects(rowsOf('gone'), { code: 'not_found', message: 'there is no table gone any more' })
  assert.deepEqual([...(await emptyUndeclared(lake.store, lake.now, 100))], [[tenantId, 1]])
  await convert(late, 1)
  assert.deepEqual([...(await emptyUndeclared(lake.store, lake.now, 100))], [[tenantId, 1]])
  assert.ok(await findDeclaredTable(lake.store, tenantId, 'gone'), 'files and segments are still there')
  for (const { path } of await lake.store.selectFrom('data_files').select('path').execute()) {
    if (path.includes('/gone/')) await lake.storage.delete(path)
  }
  await lake.store.deleteFrom('data_files').where('table_name', '=', 'gone').execute()
  const segments = await lake.store.selectFrom('segments').select(['number', 'file_name']).execute()
  await lake.store.deleteFrom('segments').execute()
  assert.deepEqual([...(await emptyUndeclared(lake.store, lake.now, 100))], [])
  assert.equal(await findDeclaredTable(lake.store, tenantId, 'gone'), undefined)
  await declare('gone')
  assert.deepEqual(await rowsOf('gone'), [])
  // Nothing of the test is left for others.
  for (const { file_name: name } of segments) rmSync(join(segmentsFolder, name), { force: true })
})
