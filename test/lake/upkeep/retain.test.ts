import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, test } from 'node:test'
import { setRetention } from '../../../src/db/query-retentions.ts'
import { convertSegment } from '../../../src/lake/data-file-writer.ts'
import { type LiveFile, listLiveFiles } from '../../../src/lake/data-files.ts'
import { eraseHost } from '../../../src/lake/upkeep/erase.ts'
import { openJanitor } from '../../../src/lake/upkeep/janitor.ts'
import { planRetention } from '../../../src/lake/upkeep/retain.ts'
import { silentLog } from '../../../src/model/log.ts'
import { dayMs } from '../../../src/model/time-range.ts'
import { putTenant } from '../../support/ingest.ts'
import { openTestLake, type TestLake } from '../../support/lake.ts'
import { fixtureHostId, fixtureTenantId as tenantId } from '../../support/osquery-fixtures.ts'

let lake: TestLake
const start = Date.UTC(2026, 10, 2, 12)

beforeEach(async () => {
  lake = await openTestLake()
  await putTenant(lake.store, tenantId)
})
afterEach(() => lake.close())

function file(id: number, day: number, queryNames: readonly string[] | undefined, level = 2): LiveFile {
  const received = day * dayMs
  return {
    ...{ id, tenantId: 't', table: 'xdr_data', path: `f${id}`, queryNames, level, rows: 1, bytes: 1 },
    ...{ minTime: 0, maxTime: 0, minIngested: received, maxIngested: received },
    ...{ addedVersion: 1, createdAt: received, stats: undefined },
  }
}

test('a plan drops what is past its age and rewrites what is past it in part', () => {
  const retention = {
    days: 90,
    byQueryName: new Map([
      ['short', 7],
      ['long', 365],
    ]),
  }
  const files = [
    file(1, 100, ['a', 'b']),
    file(2, 100, ['short']),
    file(3, 100, ['a', 'short']),
    file(4, 100, ['a', 'short'], 1),
    file(5, 0, ['a', 'long']),
    file(6, 0, undefined),
    file(7, -300, undefined),
    { ...file(8, 0, undefined), table: 'lake_reports', level: 3 },
  ]
  const { drop, rewrite } = planRetention(files, retention, 108 * dayMs)
  assert.deepEqual(
    drop.map(({ id }) => id),
    [2, 7, 8],
  )
  assert.deepEqual(
    rewrite.map(({ files: [one], excluded }) => [one?.id, excluded]),
    [
      [3, { queryNames: ['short'] }],
      [5, { queryNames: ['a'] }],
    ],
  )
})

const line = (name: string, pid: number, hostIdentifier = 'x') =>
  JSON.stringify({ name, hostIdentifier, unixTime: 1_795_500_000, columns: { pid: String(pid) }, action: 'added' })

async function ingest(at: number, ...lines: readonly string[]): Promise<void> {
  lake.now = at
  const segment = await lake.seal(lines, tenantId)
  await convertSegment(lake, segment, lake.tail.pathOf(segment))
}

async function rowsOf(select: string, table = 'xdr_data') {
  const files = await listLiveFiles(lake.store, tenantId, table)
  const paths = await Promise.all(files.map(({ path }) => lake.storage.locate(path)))
  if (paths.length === 0) return []
  const list = paths.map(path => `'${path}'`).join(', ')
  return lake.writer.use(run => run(`SELECT ${select} FROM read_parquet([${list}], union_by_name = true) ORDER BY ALL`))
}

test('a query name with fewer days leaves files that others share, and one with more outlives them', async () => {
  await setRetention(lake.store, tenantId, 'Short', 7)
  await setRetention(lake.store, tenantId, 'long', 365)
  await ingest(start, line('short', 1), line('long', 2), line('a', 3))
  await ingest(start + 1, line('short', 4), line('long', 5), line('a', 6))
  const janitor = openJanitor({ ...lake, clock: () => lake.now, pathOf: lake.tail.pathOf, log: silentLog })
  const names = async (day: number) => {
    lake.now = start + day * dayMs
    await janitor.pass()
    return (await rowsOf('query_name, pid')).map(({ query_name, pid }) => `${query_name} ${pid}`)
  }
  assert.deepEqual(await names(6), ['a 3', 'a 6', 'long 2', 'long 5', 'short 1', 'short 4'])
  assert.deepEqual(await names(8), ['a 3', 'a 6', 'long 2', 'long 5'])
  assert.deepEqual(await names(91), ['long 2', 'long 5'])
  assert.equal((await rowsOf('query_name', 'lake_reports')).length, 0)
  assert.deepEqual(await names(367), [])
  await janitor.close()
})

test('a retention of less than a day, of nobody and of nothing is refused; one is taken back', async () => {
  for (const days of [0, -1, 1.5, Number.NaN]) {
    await assert.rejects(setRetention(lake.store, tenantId, 'a', days), { code: 'invalid_argument' })
  }
  await assert.rejects(setRetention(lake.store, 'nobody', undefined, 5), { code: 'not_found' })
  await assert.rejects(setRetention(lake.store, tenantId, undefined, undefined), { code: 'invalid_argument' })
  await setRetention(lake.store, tenantId, undefined, 5)
  await setRetention(lake.store, tenantId, 'a', 6)
  await setRetention(lake.store, tenantId, 'A', 7)
  const all = () => lake.store.selectFrom('query_retentions').select(['query_name', 'days']).execute()
  assert.deepEqual(
    (await all()).map(row => ({ ...row })),
    [{ query_name: 'a', days: 7 }],
  )
  await setRetention(lake.store, tenantId, 'a', undefined)
  assert.deepEqual(await all(), [])
})

/** A converted segment of two frames, the first of `hosts[0]`, the second of `hosts[1]`. */
async function ingestOf(hosts: readonly [string, string], ...lines: readonly string[]): Promise<void> {
  const segment = await lake.seal(lines, tenantId)
  const path = lake.tail.pathOf(segment)
  const [header, ...frames] = readFileSync(path, 'utf8').trimEnd().split('\n')
  const own = frames.map((frame, at) => frame.replace(fixtureHostId, hosts[at] ?? ''))
  writeFileSync(path, [header, ...own, ''].join('\n'))
  await convertSegment(lake, segment, path)
}

test('a host is erased from the files that hold it, and no other file is touched', async () => {
  await ingestOf(['host-a', 'host-b'], line('a', 1), line('a', 2), line('a', 3), line('b', 4))
  await ingestOf(['host-c', 'host-c'], line('a', 5), line('a', 6), line('a', 7))
  await ingestOf(['host-b', 'host-b'], line('b', 8), line('b', 9), line('b', 10))
  const before = await listLiveFiles(lake.store, tenantId, 'xdr_data')
  assert.deepEqual(await eraseHost(lake, tenantId, { hostId: 'host-b' }), { rows: 10, files: 4 })
  const left = await rowsOf('endpoint_id || pid AS row')
  assert.deepEqual(
    left.map(({ row }) => row),
    ['host-a1', 'host-a2', 'host-c5', 'host-c6', 'host-c7'],
  )
  assert.equal((await rowsOf('endpoint_id', 'lake_reports')).length, 5)
  const live = await listLiveFiles(lake.store, tenantId, 'xdr_data')
  assert.ok(
    live.some(({ id }) => id === before[1]?.id),
    'the file of host-c is the same',
  )
  assert.deepEqual(
    live.map(({ rows, queryNames, level }) => ({ rows, queryNames, level })),
    [
      { rows: 3, queryNames: ['a'], level: 1 },
      { rows: 2, queryNames: ['a'], level: 1 },
    ],
  )
  assert.deepEqual(await eraseHost(lake, tenantId, { hostId: 'host-b' }), { rows: 0, files: 0 })
})
