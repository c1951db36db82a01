import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { findSegment, openSegment, type StoredSegment, sealSegment } from '../../src/lake/catalog.ts'
import { convertSegment } from '../../src/lake/data-file-writer.ts'
import { listLiveFiles } from '../../src/lake/data-files.ts'
import { compact } from '../../src/lake/upkeep/compact.ts'
import { planCompaction } from '../../src/lake/upkeep/compaction-plan.ts'
import { pinView, type ViewRequest } from '../../src/lake/view.ts'
import { dayMs } from '../../src/model/time-range.ts'
import { openTestLake, type TestLake } from '../support/lake.ts'
import {
  fixtureHostId,
  fixtureTenantId,
  storedColumns,
  withoutNulls,
  writeSegment,
} from '../support/osquery-fixtures.ts'
import { viewStatements } from '../support/relation-views.ts'

// Status lines of agents read the same from the tail, from a flush file and from a merged one.

const table = 'osquery_status'
const folder = new URL('../fixtures/osquery/status/', import.meta.url)
const lines = readFileSync(new URL('forms.ndjson', folder), 'utf8').split('\n').slice(0, -1)
const expected = JSON.parse(readFileSync(new URL('forms.rows.json', folder), 'utf8')) as Record<string, unknown>[]
const peerIp = '203.0.113.9'

let lake: TestLake
let instance: DuckDBInstance
let duckdb: DuckDBConnection
const frameCounts = new Map<number, number>()

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

async function openLines(tenantId: string, texts: readonly string[]): Promise<StoredSegment> {
  const segment = await openSegment(lake.store, tenantId, lake.now)
  const frame = { tb: table, ip: peerIp }
  const frames = writeSegment(lake.tail.pathOf(segment), segment.number, texts, 2, lake.now, undefined, frame)
  frameCounts.set(segment.number, frames)
  return segment
}

async function convert(segment: StoredSegment, count: number): Promise<void> {
  const frames = frameCounts.get(segment.number) ?? 0
  await sealSegment(lake.store, segment.number, { frames, lines: count, bytes: 1 }, lake.now)
  const sealed = (await findSegment(lake.store, segment.number)) as StoredSegment
  await convertSegment(lake, sealed, lake.tail.pathOf(segment))
}

async function rowsOf(tenantId: string, more: Partial<ViewRequest> = {}): Promise<Record<string, unknown>[]> {
  const scope = { relations: [{ table, relation: table, queryNames: undefined, columns: undefined, bounds: [] }] }
  const tail = { ...lake.tail, durableFrames: (number: number) => frameCounts.get(number) }
  const range = { start: Date.UTC(2020, 0, 1), end: undefined }
  const request = { scope, range, hostIds: undefined, now: lake.now, leaseMs: 1_000, ...more }
  const { view } = await pinView({ ...lake, tail }, tenantId, request)
  for (const statement of viewStatements(view)) await duckdb.run(statement)
  const rows = await duckdb.runAndReadAll(`SELECT * FROM "${table}" ORDER BY upload_size, message`)
  return rows.getRowObjectsJson().map(row => withoutNulls(row, storedColumns))
}

test('status lines are rows, from the tail, from flush files and from merged ones alike', async () => {
  const parts = [lines.slice(0, 3), lines.slice(3)]
  const segments = [await openLines(fixtureTenantId, parts[0]!), await openLines(fixtureTenantId, parts[1]!)]
  assert.deepEqual(await rowsOf(fixtureTenantId), expected)
  for (const [at, segment] of segments.entries()) await convert(segment, parts[at]!.length)
  // A decoration that has become a column of the tenant's is no longer among the raw values.
  const grown = expected.map(({ raw_values, ...row }) => {
    const { meta_site, ...raw } = JSON.parse(String(raw_values ?? '{}')) as Record<string, unknown>
    const rest = Object.keys(raw).length === 0 ? {} : { raw_values: JSON.stringify(raw) }
    return { ...row, ...(meta_site === undefined ? {} : { meta_site }), ...rest }
  })
  assert.deepEqual(await rowsOf(fixtureTenantId), grown)
  const [merge] = planCompaction(await listLiveFiles(lake.store, fixtureTenantId, table), lake.now + 2 * dayMs)
  assert.equal(merge?.files.length, 2)
  await compact(lake, fixtureTenantId, merge)
  assert.deepEqual(await rowsOf(fixtureTenantId), grown)
})

test('a row says which host reported it, and a run may ask for some hosts only', async () => {
  const tenantId = 'tenant-hosts'
  await openLines(tenantId, lines.slice(0, 2))
  const own = await rowsOf(tenantId, { hostIds: [fixtureHostId] })
  assert.equal(own.length, 2)
  assert.deepEqual(await rowsOf(tenantId, { hostIds: ['another'] }), [])
  const [row] = (await duckdb.runAndReadAll(`SELECT count(*) AS n FROM "${table}"`)).getRowObjectsJson()
  assert.deepEqual(row, { n: '0' })
})

test('a line that is no object is kept as it is', async () => {
  const tenantId = 'tenant-odd'
  await convert(await openLines(tenantId, ['[1]', 'x', '{"message":"ok"}']), 3)
  const raw = (await rowsOf(tenantId)).map(row => row['raw_values'])
  assert.deepEqual(raw, ['{"raw_line":"x"}', '{"raw_line":"[1]"}', undefined])
})
