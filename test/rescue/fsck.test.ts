import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { openStore, type Store } from '../../src/db/db.ts'
import { listUnconsumedSegments, openSegment, type StoredSegment } from '../../src/lake/catalog.ts'
import { convertSegment } from '../../src/lake/data-file-writer.ts'
import { listLiveFiles, withStats } from '../../src/lake/data-files.ts'
import { queryNamesOf } from '../../src/lake/schema.ts'
import { compact } from '../../src/lake/upkeep/compact.ts'
import { planCompaction } from '../../src/lake/upkeep/compaction-plan.ts'
import { dayMs } from '../../src/model/time-range.ts'
import { type FsckReport, fsck } from '../../src/rescue/fsck.ts'
import { putTenant } from '../support/ingest.ts'
import { openTestLake, type TestLake } from '../support/lake.ts'
import { fixtureHostId, fixtureTenantId as tenantId } from '../support/osquery-fixtures.ts'

let lake: TestLake
let segmentsFolder: string

beforeEach(async () => {
  lake = await openTestLake()
  segmentsFolder = join(lake.folder, 'on-disk')
  await putTenant(lake.store, tenantId)
})
afterEach(() => lake.close())

const line = (name: string, pid: number, more: object = {}) =>
  JSON.stringify({ name, unixTime: 1_795_500_000 + pid, columns: { pid: String(pid), ...more }, action: 'added' })

/** A sealed segment whose file is where a server has it. */
const seal = (...lines: readonly string[]) => sealAs({}, ...lines)

async function sealAs(frame: object, ...lines: readonly string[]): Promise<StoredSegment> {
  const segment = await lake.seal(lines, tenantId, frame)
  const path = join(segmentsFolder, segment.fileName)
  mkdirSync(dirname(path), { recursive: true })
  renameSync(lake.tail.pathOf(segment), path)
  return segment
}

const convert = (...lines: readonly string[]) => convertAs({}, ...lines)

async function convertAs(frame: object, ...lines: readonly string[]): Promise<StoredSegment> {
  const segment = await sealAs(frame, ...lines)
  await convertSegment(lake, segment, join(segmentsFolder, segment.fileName))
  return segment
}

async function merge(): Promise<void> {
  for (const table of ['xdr_data', 'lake_reports']) {
    const files = await listLiveFiles(lake.store, tenantId, table)
    const [planned] = planCompaction(files, lake.now + 2 * dayMs)
    assert.ok(planned)
    await compact(lake, tenantId, planned)
  }
}

function check(repair = false, store: Store = lake.store): Promise<FsckReport> {
  return fsck({ ...lake, store, segmentsFolder, clock: lake.clock }, { repair })
}

const kinds = ({ differences }: FsckReport) => differences.map(({ kind }) => kind)

/** Everything the catalog says of the tenant's live files, without what a rebuilt one cannot know. */
async function liveFacts(store: Store) {
  const facts = []
  for (const table of ['xdr_data', 'lake_reports']) {
    for (const file of await withStats(store, await listLiveFiles(store, tenantId, table))) {
      const { id, addedVersion, createdAt, ...rest } = file
      facts.push(rest)
    }
  }
  return facts.sort((a, b) => (a.path < b.path ? -1 : 1))
}

async function fileOf(table = 'xdr_data', at = 0): Promise<string> {
  const files = await listLiveFiles(lake.store, tenantId, table)
  return lake.storage.locate(files[at]?.path ?? '')
}

test('a lake in order has no difference, with files of all levels, a tail and consumed segments', async () => {
  await convert(line('a', 1, { shiny: 'x' }), line('b', 2))
  await convert(line('a', 3))
  await merge()
  await convert(line('a', 4))
  await seal(line('a', 5))
  const report = await check()
  assert.deepEqual(report.differences, [])
  assert.deepEqual([report.dataFiles, report.segments, report.leftover], [8, 4, 4])
})

test('a lost catalog is made again from files: the same facts, names, columns, tail and numbers', async () => {
  await convert(line('a', 1, { shiny: 'x' }), line('Big', 2))
  await convert(line('a', 3))
  await merge()
  const last = await convert(line('a', 4), line('a', 5, { ratio: 'NaN' }))
  const open = await seal(line('c', 6))
  const store = openStore(':memory:')
  const report = await check(true, store)
  assert.equal(report.isRepaired, true)
  assert.deepEqual([...new Set(kinds(report))].sort(), [
    'unknownColumn',
    'unknownFile',
    'unknownSegment',
    'unknownTenant',
    'wrongNumber',
  ])
  assert.deepEqual(await liveFacts(store), await liveFacts(lake.store))
  const names = (of: Store) => of.selectFrom('query_names').selectAll().orderBy('name').execute()
  assert.deepEqual(await names(store), await names(lake.store))
  assert.deepEqual(await queryNamesOf(store, tenantId), await queryNamesOf(lake.store, tenantId))
  const grown = (of: Store) => of.selectFrom('grown_columns').select(['name', 'field_id']).orderBy('name').execute()
  assert.deepEqual(await grown(store), await grown(lake.store))
  assert.deepEqual(
    (await listUnconsumedSegments(store)).map(({ number, state, lines }) => ({ number, state, lines })),
    [{ number: open.number, state: 'sealed', lines: 1 }],
  )
  const consumed = await store.selectFrom('segments').select('number').where('state', '=', 'consumed').execute()
  assert.ok(consumed.some(({ number }) => number === last.number))
  assert.deepEqual((await check(false, store)).differences, [])
  assert.ok((await openSegment(store, tenantId, 1)).number > open.number)
  await store.destroy()
})

test('what agents said is made again as well: their status lines, and hosts that spell one identifier', async () => {
  const status = (n: number) => JSON.stringify({ unixTime: 1_795_500_000 + n, severity: n, message: `m${n}` })
  const own = { ip: '203.0.113.9' }
  const copyId = 'c0ffee00-0000-4000-8000-000000000001'
  const named = (n: number) => line('a', n).replace('{', '{"hostIdentifier":"web-1",')
  await convertAs({ hi: 'web-1' }, named(1))
  await convertAs({ ...own, h: copyId, hi: 'web-1~c0ffee00' }, named(2))
  await convertAs({ ...own, hi: 'web-1', tb: 'osquery_status' }, status(1), status(2))
  const last = await sealAs(
    { ...own, tb: 'osquery_status', h: 'b0b00000-0000-4000-8000-000000000001', hi: 'db' },
    status(3),
  )
  assert.deepEqual((await check()).differences, [])
  const store = openStore(':memory:')
  assert.equal((await check(true, store)).isRepaired, true)
  const statusFacts = async (of: Store) =>
    (await withStats(of, await listLiveFiles(of, tenantId, 'osquery_status'))).map(({ path, rows, stats }) => ({
      ...{ path, rows, stats },
    }))
  assert.deepEqual(await statusFacts(store), await statusFacts(lake.store))
  assert.deepEqual(
    (await listUnconsumedSegments(store)).map(({ number, lines }) => [number, lines]),
    [[last.number, 1]],
  )
  const hosts = await store.selectFrom('hosts').select(['id', 'host_identifier']).orderBy('host_identifier').execute()
  assert.deepEqual(
    hosts.map(({ id, host_identifier }) => [id, host_identifier]),
    [
      ['b0b00000-0000-4000-8000-000000000001', 'db'],
      [fixtureHostId, 'web-1'],
      [copyId, 'web-1~c0ffee00'],
    ],
  )
  await store.destroy()
})

test('a file whose bytes changed is damaged; while its segment is there, nothing is lost', async () => {
  const segment = await convert(line('a', 1), line('a', 2))
  const path = await fileOf()
  const bytes = readFileSync(path)
  bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40)
  writeFileSync(path, bytes)
  const report = await check(true)
  assert.deepEqual(
    report.differences.map(({ kind, rowsLost }) => [kind, rowsLost]),
    [['damagedFile', 0]],
  )
  assert.deepEqual(
    (await listUnconsumedSegments(lake.store)).map(({ number, state }) => [number, state]),
    [[segment.number, 'sealed']],
  )
  assert.deepEqual(await listLiveFiles(lake.store, tenantId, 'lake_reports'), [], 'the whole commit is undone')
  assert.deepEqual(kinds(await check()), [])
})

test('a damaged product of a merge gives way to its sources', async () => {
  await convert(line('a', 1))
  await convert(line('a', 2))
  const before = await liveFacts(lake.store)
  await merge()
  truncateSync(await fileOf(), 100)
  const report = await check(true)
  assert.deepEqual(
    report.differences.map(({ kind, rowsLost }) => [kind, rowsLost]),
    [['damagedFile', 0]],
  )
  const sources = before.filter(({ table }) => table === 'xdr_data')
  assert.deepEqual(
    (await liveFacts(lake.store)).filter(({ table }) => table === 'xdr_data'),
    sources,
  )
  assert.deepEqual(kinds(await check()), [])
})

test('a file that is gone, with all it came from, is said with its rows and leaves the catalog', async () => {
  const segment = await convert(line('a', 1), line('a', 2), line('a', 3))
  rmSync(join(segmentsFolder, segment.fileName))
  rmSync(await fileOf())
  const report = await check()
  assert.deepEqual(
    report.differences.map(({ kind, detail, rowsLost }) => [kind, detail, rowsLost]),
    [['missingFile', 'is not there', 3]],
  )
  assert.equal((await listLiveFiles(lake.store, tenantId, 'xdr_data')).length, 1, 'a check changes nothing')
  await check(true)
  assert.deepEqual(await listLiveFiles(lake.store, tenantId, 'xdr_data'), [])
  assert.equal((await listLiveFiles(lake.store, tenantId, 'lake_reports')).length, 1)
  assert.deepEqual(kinds(await check()), [])
})

test('what the catalog says wrongly of a file is corrected from the file', async () => {
  await convert(line('a', 1))
  const before = await liveFacts(lake.store)
  await lake.store.updateTable('data_files').set({ rows: 7, level: 3, stats_json: '{}' }).execute()
  const report = await check(true)
  assert.deepEqual(kinds(report), ['wrongFacts', 'wrongFacts'])
  assert.match(report.differences[0]?.detail ?? '', /^the catalog says level 3, in truth 1; rows 7, in truth 1$/)
  assert.deepEqual(await liveFacts(lake.store), before)
})

test('what a crash left before its commit is no difference and never adopted', async () => {
  const segment = await seal(line('a', 1))
  const copy = openStore(':memory:')
  await putTenant(copy, tenantId)
  const { number, fileName, frames, lines, bytes } = segment
  await copy
    .insertInto('segments')
    .values({ number, tenant_id: tenantId, file_name: fileName, state: 'sealed', created_at: 1, frames, lines, bytes })
    .execute()
  // Committed in another store: here only the objects are there.
  await convertSegment({ ...lake, store: copy }, segment, join(segmentsFolder, fileName))
  const report = await check(true)
  assert.deepEqual([kinds(report), report.leftover], [[], 2])
  assert.deepEqual(await liveFacts(lake.store), [])
  await copy.destroy()
})

test('a segment that is gone or damaged is said', async () => {
  const gone = await seal(line('a', 1), line('a', 2), line('a', 3))
  const hurt = await seal(line('a', 4), line('a', 5), line('a', 6))
  rmSync(join(segmentsFolder, gone.fileName))
  const path = join(segmentsFolder, hurt.fileName)
  const bytes = readFileSync(path)
  bytes.write('#', bytes.length - 20)
  writeFileSync(path, bytes)
  const report = await check(true)
  assert.deepEqual(
    report.differences.map(({ kind, subject, detail }) => [kind, subject, detail.replace(/\d+ bytes/, 'n bytes')]),
    [
      ['missingSegment', String(gone.number), '2 frames are in no data file and their segment is not there'],
      ['damagedSegment', String(hurt.number), '1 of 2 frames are good, n bytes are not'],
    ],
  )
  assert.deepEqual(
    (await listUnconsumedSegments(lake.store)).map(({ number }) => number),
    [hurt.number],
  )
  assert.ok(statSync(path).size > 0)
})
