import assert from 'node:assert/strict'
import { existsSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { listConsumedSegments, manifestVersion, type StoredSegment } from '../../../src/lake/catalog.ts'
import { commitReplacement } from '../../../src/lake/commit.ts'
import { convertSegment } from '../../../src/lake/data-file-writer.ts'
import { listLiveFiles } from '../../../src/lake/data-files.ts'
import { type CollectDeps, collect, sweepOrphans, sweepTemporary } from '../../../src/lake/upkeep/collect.ts'
import { pinView, releaseLease } from '../../../src/lake/view.ts'
import { consumedSegmentAgeMsMin, orphanAgeMsMin } from '../../../src/limits.ts'
import { openTestLake, type TestLake } from '../../support/lake.ts'

let lake: TestLake
let deps: CollectDeps

before(async () => {
  lake = await openTestLake()
  deps = { store: lake.store, storage: lake.storage, pathOf: lake.tail.pathOf }
})

after(() => lake.close())

const line = JSON.stringify({ name: 'a', unixTime: 1_795_500_000, columns: { pid: '1' }, action: 'added' })
const scope = {
  relations: [{ table: 'xdr_data', relation: 'xdr_data', queryNames: undefined, columns: undefined, bounds: [] }],
}

async function convert(tenantId: string): Promise<StoredSegment> {
  const segment = await lake.seal([line], tenantId)
  await convertSegment(lake, segment, lake.tail.pathOf(segment))
  return segment
}

const pin = (tenantId: string, leaseMs: number) => {
  const request = { scope, range: { start: 0, end: undefined }, hostIds: undefined, now: lake.now, leaseMs }
  return pinView(lake, tenantId, request)
}

async function dropAll(tenantId: string): Promise<readonly string[]> {
  const files = await listLiveFiles(lake.store, tenantId, 'xdr_data')
  await commitReplacement(
    lake.store,
    tenantId,
    files.map(({ id }) => id),
    [],
    lake.now,
  )
  return Promise.all(files.map(({ path }) => lake.storage.locate(path)))
}

test('a consumed segment stays as long as an agent may send its lines again', async () => {
  const segment = await convert('t-age')
  assert.equal((await collect(deps, lake.now + consumedSegmentAgeMsMin - 1, 100)).segments, 0)
  assert.ok(existsSync(lake.tail.pathOf(segment)))
  assert.equal((await collect(deps, lake.now + consumedSegmentAgeMsMin, 100)).segments, 1)
  assert.equal(existsSync(lake.tail.pathOf(segment)), false)
  assert.deepEqual(await listConsumedSegments(lake.store, 't-age'), [])
})

test('a run that pinned the segment before it was consumed keeps it, whatever its age', async () => {
  const segment = await lake.seal([line], 't-pinned')
  const later = lake.now + 10 * consumedSegmentAgeMsMin
  const { leaseId } = await pin('t-pinned', later)
  await convertSegment(lake, segment, lake.tail.pathOf(segment))
  const other = await pin('t-pinned', later)
  assert.equal((await collect(deps, later, 100)).segments, 0)
  await releaseLease(lake.store, leaseId)
  // The other run's version already has the rows in files.
  assert.equal((await collect(deps, later, 100)).segments, 1)
  await releaseLease(lake.store, other.leaseId)
})

test('a dropped file goes when no run is older than the drop, not before', async () => {
  await convert('t-dropped')
  const { leaseId } = await pin('t-dropped', 1_000)
  const [path] = await dropAll('t-dropped')
  assert.ok(path)
  assert.equal((await collect(deps, lake.now, 100)).dataFiles, 0)
  assert.ok(existsSync(path))
  await releaseLease(lake.store, leaseId)
  assert.equal((await collect(deps, lake.now, 100)).dataFiles, 1)
  assert.equal(existsSync(path), false)
  const rows = await lake.store.selectFrom('data_files').select('id').where('tenant_id', '=', 't-dropped').execute()
  assert.equal(rows.length, 1, 'the report file is live')
})

test('a lease that has ended protects nothing', async () => {
  await convert('t-ended')
  await pin('t-ended', 1_000)
  const [path] = await dropAll('t-ended')
  assert.equal((await collect(deps, lake.now + 999, 100)).dataFiles, 0)
  assert.equal((await collect(deps, lake.now + 1_000, 100)).dataFiles, 1)
  assert.equal(existsSync(path ?? ''), false)
})

test('live files and unconsumed segments are never collected', async () => {
  await convert('t-live')
  const segment = await lake.seal([line], 't-live')
  await collect(deps, lake.now + 1_000 * consumedSegmentAgeMsMin, 1_000)
  const [file] = await listLiveFiles(lake.store, 't-live', 'xdr_data')
  assert.ok(existsSync(await lake.storage.locate(file?.path ?? '')))
  assert.ok(existsSync(lake.tail.pathOf(segment)))
})

test('one collection takes a bounded number of files, the next goes on', async () => {
  for (let index = 0; index < 3; index++) await convert('t-bounded')
  await dropAll('t-bounded')
  assert.equal((await collect(deps, lake.now, 2)).dataFiles, 2)
  assert.equal((await collect(deps, lake.now, 2)).dataFiles, 1)
  assert.equal((await collect(deps, lake.now, 2)).dataFiles, 0)
})

test('a file that is gone already is collected all the same', async () => {
  await convert('t-gone')
  const files = await listLiveFiles(lake.store, 't-gone', 'xdr_data')
  await dropAll('t-gone')
  await lake.storage.delete(files[0]?.path ?? '')
  assert.equal((await collect(deps, lake.now, 100)).dataFiles, 1)
})

test('objects that no row names are swept by age', async () => {
  const local = join(lake.folder, 'orphan')
  writeFileSync(local, 'x')
  await lake.storage.put('t-orphan/xdr_data/2026-11-24/1-x.parquet', local)
  await convert('t-orphan')
  const now = Date.now()
  assert.equal(await sweepOrphans(deps, now, 100), 0)
  assert.equal(await sweepOrphans(deps, now + orphanAgeMsMin + 1_000, 100), 1)
  await assert.rejects(lake.storage.locate('t-orphan/xdr_data/2026-11-24/1-x.parquet'), { code: 'not_found' })
  const [file] = await listLiveFiles(lake.store, 't-orphan', 'xdr_data')
  assert.ok(file && existsSync(await lake.storage.locate(file.path)))
  assert.equal(await manifestVersion(lake.store, 't-orphan'), 1)
})

test('temporary files are swept by age', async () => {
  const [old, young] = [join(lake.tempFolder, 'old'), join(lake.tempFolder, 'young')]
  for (const path of [old, young]) writeFileSync(path, 'x')
  const now = Date.now()
  utimesSync(old, new Date(now - orphanAgeMsMin - 1_000), new Date(now - orphanAgeMsMin - 1_000))
  assert.equal(await sweepTemporary(lake.tempFolder, now), 1)
  assert.equal(existsSync(old), false)
  assert.ok(existsSync(young))
})
