import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { manifestVersion } from '../../../src/lake/catalog.ts'
import { commitReplacement } from '../../../src/lake/commit.ts'
import { convertSegment } from '../../../src/lake/data-file-writer.ts'
import { type LiveFile, listLiveFiles, withStats } from '../../../src/lake/data-files.ts'
import { collect } from '../../../src/lake/upkeep/collect.ts'
import { compact } from '../../../src/lake/upkeep/compact.ts'
import { planCompaction } from '../../../src/lake/upkeep/compaction-plan.ts'
import { retain } from '../../../src/lake/upkeep/retain.ts'
import { pinView, releaseLease } from '../../../src/lake/view.ts'
import { compactedFileRowsMin } from '../../../src/limits.ts'
import { dayMs } from '../../../src/model/time-range.ts'
import { openTestLake, type TestLake } from '../../support/lake.ts'

let lake: TestLake
let instance: DuckDBInstance
let duckdb: DuckDBConnection
const start = Date.UTC(2026, 10, 2, 12)

before(async () => {
  lake = await openTestLake()
  instance = await DuckDBInstance.create(':memory:')
  duckdb = await instance.connect()
})

after(async () => {
  duckdb.closeSync()
  instance.closeSync()
  await lake.close()
})

const event = (name: string, columns: object, at = 1_795_500_000) =>
  JSON.stringify({ name, unixTime: at, decorations: { site: 'x' }, columns, action: 'added' })

async function ingest(tenantId: string, at: number, lines: readonly string[]): Promise<void> {
  lake.now = at
  const segment = await lake.seal(lines, tenantId)
  await convertSegment(lake, segment, lake.tail.pathOf(segment))
}

async function rowsOf(tenantId: string, table = 'xdr_data'): Promise<Record<string, unknown>[]> {
  const files = await listLiveFiles(lake.store, tenantId, table)
  if (files.length === 0) return []
  const paths = await Promise.all(files.map(file => lake.storage.locate(file.path)))
  const list = paths.map(path => `'${path}'`).join(', ')
  const sql = `SELECT * FROM read_parquet([${list}], union_by_name = true) ORDER BY row_segment, row_ordinal`
  const rows = (await duckdb.runAndReadAll(sql)).getRowObjectsJson()
  return rows.map(row =>
    Object.fromEntries(
      Object.entries(row)
        .filter(([, value]) => value !== null)
        .sort(),
    ),
  )
}

/** Merges until nothing is left to merge; how many merges that were. */
async function compactAll(tenantId: string, now: number, table = 'xdr_data'): Promise<number> {
  lake.now = now
  for (let merges = 0; merges < 20; merges++) {
    const [next] = planCompaction(await listLiveFiles(lake.store, tenantId, table), now)
    if (next === undefined) return merges
    await compact(lake, tenantId, next)
  }
  assert.fail('compaction finds no end')
}

const kinds = (files: readonly LiveFile[]) =>
  files.map(({ level, rows, queryNames }) => ({ level, rows, queryNames })).sort((a, b) => a.rows - b.rows)

test('flush files become a day, days become a week, and not a value changes', async () => {
  const tenantId = 't-days'
  for (let day = 0; day < 3; day++) {
    for (let hour = 0; hour < 3; hour++) {
      const pid = `${day}${hour}`
      const lines = [
        event('b', { pid, odd: `o${pid}` }),
        event('a', { port: 'no number', path: pid }),
        event('B', { pid }),
      ]
      await ingest(tenantId, start + day * dayMs + hour * 3_600_000, lines)
    }
  }
  const before = await rowsOf(tenantId)
  assert.equal(before.length, 27)

  assert.equal(await compactAll(tenantId, start + 3 * dayMs), 3)
  const shared = { level: 2, rows: 9, queryNames: ['a', 'b'] }
  assert.deepEqual(kinds(await listLiveFiles(lake.store, tenantId, 'xdr_data')), [shared, shared, shared])
  assert.deepEqual(await rowsOf(tenantId), before)

  assert.equal(await compactAll(tenantId, start + 20 * dayMs), 1)
  const [file] = await listLiveFiles(lake.store, tenantId, 'xdr_data')
  assert.deepEqual(kinds([file as LiveFile]), [{ level: 3, rows: 27, queryNames: ['a', 'b'] }])
  assert.deepEqual(await rowsOf(tenantId), before)
  assert.equal(await compactAll(tenantId, start + 20 * dayMs), 0)

  const path = await lake.storage.locate(file?.path ?? '')
  const footer = `SELECT decode(value) AS v FROM parquet_kv_metadata('${path}') WHERE decode(key) = `
  const segments = (await duckdb.runAndReadAll(`${footer} 'segments'`)).getRowObjectsJson()
  assert.equal(JSON.parse(String(segments[0]?.['v'])).length, 9)
  const replaces = (await duckdb.runAndReadAll(`${footer} 'replaces'`)).getRowObjectsJson()
  assert.equal(JSON.parse(String(replaces[0]?.['v'])).length, 3)
})

test('a query name with many rows becomes a narrow file with only its columns', async () => {
  const tenantId = 't-narrow'
  const half = compactedFileRowsMin / 2
  for (const first of [0, half]) {
    const lines = Array.from({ length: half }, (_, index) => event('big', { pid: String(first + index), odd: 'o' }))
    await ingest(tenantId, start + first, [...lines, event('small', { port: '1' })])
  }
  const before = await rowsOf(tenantId)
  await compactAll(tenantId, start + dayMs)
  const files = await listLiveFiles(lake.store, tenantId, 'xdr_data')
  assert.deepEqual(kinds(files), [
    { level: 2, rows: 2, queryNames: ['small'] },
    { level: 2, rows: compactedFileRowsMin, queryNames: ['big'] },
  ])
  const big = files.find(({ queryNames }) => queryNames?.includes('big'))
  const [described] = await withStats(lake.store, big === undefined ? [] : [big])
  const columns = Object.keys(described?.stats ?? {})
  assert.ok(columns.includes('pid') && columns.includes('odd') && columns.includes('meta_site'))
  assert.equal(columns.includes('port'), false)
  assert.deepEqual(await rowsOf(tenantId), before)
})

test('reports are merged too', async () => {
  const tenantId = 't-reports'
  for (let hour = 0; hour < 3; hour++) await ingest(tenantId, start + hour, [event('a', {}), event('b', {})])
  const before = await rowsOf(tenantId, 'lake_reports')
  assert.equal(await compactAll(tenantId, start + dayMs, 'lake_reports'), 1)
  assert.equal((await listLiveFiles(lake.store, tenantId, 'lake_reports')).length, 1)
  assert.deepEqual(await rowsOf(tenantId, 'lake_reports'), before)
})

test('rows that are committed during a merge survive it', async () => {
  const tenantId = 't-meanwhile'
  for (let hour = 0; hour < 2; hour++) await ingest(tenantId, start + hour, [event('a', { pid: String(hour) })])
  const [merge] = planCompaction(await listLiveFiles(lake.store, tenantId, 'xdr_data'), start + dayMs)
  assert.ok(merge)
  await Promise.all([compact(lake, tenantId, merge), ingest(tenantId, start + 2, [event('a', { pid: '2' })])])
  assert.deepEqual(
    (await rowsOf(tenantId)).map(row => row['pid']),
    ['0', '1', '2'],
  )
})

test('of two merges of the same files one is refused, and every row is there once', async () => {
  const tenantId = 't-twice'
  for (let hour = 0; hour < 2; hour++) await ingest(tenantId, start + hour, [event('a', { pid: String(hour) })])
  const [merge] = planCompaction(await listLiveFiles(lake.store, tenantId, 'xdr_data'), start + dayMs)
  assert.ok(merge)
  const outcomes = await Promise.allSettled([compact(lake, tenantId, merge), compact(lake, tenantId, merge)])
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  const refused = outcomes.find(outcome => outcome.status === 'rejected')
  assert.equal(refused?.reason.code, 'conflict')
  assert.deepEqual(
    (await rowsOf(tenantId)).map(row => row['pid']),
    ['0', '1'],
  )
})

test('a file that has fewer rows than the catalog says is not merged away', async () => {
  const tenantId = 't-damaged'
  for (let hour = 0; hour < 2; hour++) await ingest(tenantId, start + hour, [event('a', { pid: String(hour) })])
  const files = await listLiveFiles(lake.store, tenantId, 'xdr_data')
  const [merge] = planCompaction(
    files.map(file => ({ ...file, rows: 5 })),
    start + dayMs,
  )
  assert.ok(merge)
  const message = 'data files with 10 rows hold 2'
  await assert.rejects(compact(lake, tenantId, merge), { code: 'internal', message })
  assert.deepEqual((await listLiveFiles(lake.store, tenantId, 'xdr_data')).length, 2)
})

test('a run that pinned the sources reads them after the merge and the collection', async () => {
  const tenantId = 't-held'
  for (let hour = 0; hour < 2; hour++) await ingest(tenantId, start + hour, [event('a', { pid: String(hour) })])
  const relation = { table: 'xdr_data', relation: 'xdr_data', queryNames: undefined, columns: [], bounds: [] }
  const request = { scope: { relations: [relation] }, range: { start: 0, end: undefined }, hostIds: undefined }
  const { view, leaseId } = await pinView(lake, tenantId, { ...request, now: lake.now, leaseMs: 100 * dayMs })
  const paths = view.relations[0]?.files ?? []
  assert.equal(paths.length, 2)
  await compactAll(tenantId, start + dayMs)
  const deps = { store: lake.store, storage: lake.storage, pathOf: lake.tail.pathOf }
  await collect(deps, start + 2 * dayMs, 1_000)
  assert.ok(paths.every(path => existsSync(path)))
  await releaseLease(lake.store, leaseId)
  await collect(deps, start + 2 * dayMs, 1_000)
  assert.ok(paths.every(path => !existsSync(path)))
})

test('files are dropped when their youngest row is past its age, of that tenant only', async () => {
  const [tenantId, other] = ['t-retain', 't-retain-other']
  for (const tenant of [tenantId, other]) {
    await ingest(tenant, start, [event('a', { pid: '0' })])
    await ingest(tenant, start + dayMs, [event('a', { pid: '1' })])
  }
  const pids = async (tenant: string) => (await rowsOf(tenant)).map(row => row['pid'])
  assert.equal(await retain(lake.store, tenantId, 2, start + 2 * dayMs, 100), 0)
  assert.equal(await retain(lake.store, tenantId, 2, start + 2 * dayMs + 1, 100), 2, 'rows and reports')
  assert.deepEqual(await pids(tenantId), ['1'])
  assert.deepEqual(await pids(other), ['0', '1'])
  assert.equal(await retain(lake.store, tenantId, 2, start + 9 * dayMs, 1), 1)
  assert.equal(await retain(lake.store, tenantId, 2, start + 9 * dayMs, 100), 1)
  assert.deepEqual(await pids(tenantId), [])
  assert.equal(await manifestVersion(lake.store, other), 2)
  await assert.rejects(retain(lake.store, tenantId, 0, start, 1), { code: 'invalid_argument' })
})

test('a file dropped by retention during a merge makes the merge fail, not come back', async () => {
  const tenantId = 't-retain-merge'
  for (let hour = 0; hour < 2; hour++) await ingest(tenantId, start + hour, [event('a', { pid: String(hour) })])
  const files = await listLiveFiles(lake.store, tenantId, 'xdr_data')
  const [merge] = planCompaction(files, start + dayMs)
  assert.ok(merge)
  await commitReplacement(lake.store, tenantId, [files[0]?.id ?? 0], [], lake.now)
  await assert.rejects(compact(lake, tenantId, merge), { code: 'conflict' })
  assert.deepEqual(
    (await rowsOf(tenantId)).map(row => row['pid']),
    ['1'],
  )
})
