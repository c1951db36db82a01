import assert from 'node:assert/strict'
import { appendFileSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { openSegment, type StoredSegment, sealSegment } from '../../src/lake/catalog.ts'
import { convertSegment } from '../../src/lake/data-file-writer.ts'
import { listLiveFiles, withStats } from '../../src/lake/data-files.ts'
import { columnsOf } from '../../src/lake/schema.ts'
import { flatTables } from '../../src/lake/tables.ts'
import { compact } from '../../src/lake/upkeep/compact.ts'
import { planCompaction } from '../../src/lake/upkeep/compaction-plan.ts'
import { pinView, type ViewRequest } from '../../src/lake/view.ts'
import { sha256Hex } from '../../src/model/ids.ts'
import { dayMs } from '../../src/model/time-range.ts'
import { openTestLake, type TestLake } from '../support/lake.ts'
import { fixtureReceivedAt, writeSegment } from '../support/osquery-fixtures.ts'
import { viewStatements } from '../support/relation-views.ts'

// Rows of the tables beside osquery's read the same from the tail, from a flush file and from a merged one.

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

async function openRows(tenantId: string, table: string, rows: readonly (object | string)[]): Promise<StoredSegment> {
  const segment = await openSegment(lake.store, tenantId, lake.now)
  const lines = rows.map(row => (typeof row === 'string' ? row : JSON.stringify(row)))
  frameCounts.set(segment.number, writeSegment(lake.tail.pathOf(segment), segment.number, lines, 2, lake.now, table))
  return segment
}

async function convert(segment: StoredSegment, lines: number): Promise<void> {
  const frames = frameCounts.get(segment.number) ?? 0
  await sealSegment(lake.store, segment.number, { frames, lines, bytes: 1 }, lake.now)
  await convertSegment(lake, { ...segment, frames, lines }, lake.tail.pathOf(segment))
}

async function rowsOf(
  tenantId: string,
  table: string,
  more: Partial<ViewRequest> = {},
): Promise<Record<string, unknown>[]> {
  const scope = { relations: [{ table, relation: table, queryNames: undefined, columns: undefined, bounds: [] }] }
  const tail = { ...lake.tail, durableFrames: (number: number) => frameCounts.get(number) }
  const range = { start: Date.UTC(2020, 0, 1), end: undefined }
  const request = { scope, range, hostIds: undefined, now: lake.now, leaseMs: 1_000, ...more }
  const { view } = await pinView({ ...lake, tail }, tenantId, request)
  for (const statement of viewStatements(view)) await duckdb.run(statement)
  const rows = (await duckdb.runAndReadAll(`SELECT * FROM "${table}" ORDER BY ALL`)).getRowObjectsJson()
  return rows.map(row => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)))
}

const received = '2026-11-24 07:08:09.123'

/** The rows from the tail, from flush files and from merged ones: all the same. */
async function rowsEverywhere(tenantId: string, table: string, rows: readonly (object | string)[]) {
  const parts = [rows.slice(0, 1), rows.slice(1)]
  const segments: StoredSegment[] = []
  for (const part of parts) segments.push(await openRows(tenantId, table, part))
  const before = await rowsOf(tenantId, table)
  for (const [at, segment] of segments.entries()) await convert(segment, parts[at]?.length ?? 0)
  const unknown = before.map(({ raw_values, ...row }) => row)
  const flushed = await rowsOf(tenantId, table)
  const [merge] = planCompaction(await listLiveFiles(lake.store, tenantId, table), lake.now + 2 * dayMs)
  assert.ok(merge)
  await compact(lake, tenantId, merge)
  assert.deepEqual(await rowsOf(tenantId, table), flushed)
  return { before, unknown, flushed }
}

test('firewall rows have their columns, types and time', async () => {
  const rows = [
    { timestamp: '2026-11-24T01:02:03.456Z', src_ip: '10.0.0.1', dst_port: '443', Bytes_Sent: 7, app_risk: 'high' },
    { timestamp: 1_795_500_000, src_ip: '10.0.0.2', shiny: { a: 1 }, customer_id: 'somebody else' },
    { src_ip: '10.0.0.3', ingestion_timestamp: 'never' },
  ]
  const { before, flushed } = await rowsEverywhere('t-fw', 'xgfw_data', rows)
  const stored = { customer_id: 't-fw', ingestion_timestamp: received, ingestion_time: received }
  const first = {
    ...stored,
    ...{ src_ip: '10.0.0.1', dst_port: 443, bytes_sent: '7', timestamp: '2026-11-24 01:02:03.456' },
    raw_values: '{"app_risk":"high"}',
  }
  const second = { ...stored, src_ip: '10.0.0.2', timestamp: '2026-11-24 06:00:00' }
  const third = { ...stored, src_ip: '10.0.0.3', timestamp: received, raw_values: '{"ingestion_timestamp":"never"}' }
  assert.deepEqual(before, [
    first,
    { ...second, raw_values: '{"shiny":"{\\"a\\":1}","customer_id":"somebody else"}' },
    third,
  ])
  assert.deepEqual(flushed, [
    first,
    { ...second, shiny: '{"a":1}', raw_values: '{"customer_id":"somebody else"}' },
    third,
  ])
  const [file] = await withStats(lake.store, await listLiveFiles(lake.store, 't-fw', 'xgfw_data'))
  assert.deepEqual(
    [file?.minTime, file?.maxTime, file?.queryNames],
    [Date.UTC(2026, 10, 24, 1, 2, 3, 456), fixtureReceivedAt, undefined],
  )
  const grown = (await columnsOf(lake.store, 't-fw', 'xgfw_data')).filter(({ fieldId }) => fieldId >= 10_000)
  assert.deepEqual(
    grown.map(({ name, fieldId }) => [name, fieldId]),
    [['shiny', 10_000]],
  )
})

test('a window is on the time of each table', async () => {
  const day = (n: number) => Date.UTC(2026, 10, n)
  const rows = [1, 2, 3].map(n => ({ timestamp: new Date(day(n)).toISOString(), src_ip: `10.0.0.${n}` }))
  const segment = await openRows('t-window', 'xgfw_data', rows)
  const ips = async () => {
    const found = await rowsOf('t-window', 'xgfw_data', { range: { start: day(2), end: day(3) } })
    return found.map(({ src_ip }) => src_ip)
  }
  assert.deepEqual(await ips(), ['10.0.0.2'])
  await convert(segment, 3)
  assert.deepEqual(await ips(), ['10.0.0.2'])
})

test('detections of every kind keep the host, the name and the times they come with', async () => {
  const row = {
    ...{ query_name: 'Alerts', endpoint_id: 'e-1', meta_hostname: 'H', osquery_action: 'added', ioc_severity: '9' },
    ...{ calendar_time: '2026-11-24T01:02:03Z', ioc_detection_id: 'D', record_identifier: 'x', counter: 'many' },
  }
  for (const table of ['xdr_ioc_view', 'xdr_ti_data']) {
    const tenantId = `t-${table}`
    const { before, flushed } = await rowsEverywhere(tenantId, table, [row, { ...row, calendar_time: '' }])
    assert.deepEqual(before, flushed)
    const [two, one] = flushed
    assert.equal(two?.['calendar_time'], received)
    const { message_identifier, record_identifier, upload_size, ...facts } = one ?? {}
    assert.equal(message_identifier, record_identifier)
    assert.match(String(message_identifier), /^[0-9a-f]{64}$/)
    assert.equal(Number(upload_size), JSON.stringify(row).length)
    assert.deepEqual(facts, {
      ...{ query_name: 'Alerts', endpoint_id: 'e-1', meta_eid: 'e-1', meta_hostname: 'H', osquery_action: 'added' },
      ...{ calendar_time: '2026-11-24 01:02:03', unix_time: '2026-11-24 01:02:03', customer_id: tenantId },
      ...{ ioc_severity: 9, ioc_detection_id: 'D', schema_version: '23', ingestion_timestamp: received },
      ...{ ingest_date: '2026-11-24', stream_ingest_date: '2026-11-24' },
      raw_values: '{"counter":"many","record_identifier":"x"}',
    })
    const [file] = await listLiveFiles(lake.store, tenantId, table)
    assert.deepEqual(file?.queryNames, ['alerts'])
    assert.equal((await rowsOf(tenantId, table, { hostIds: ['e-1'] })).length, 2)
    assert.deepEqual(await rowsOf(tenantId, table, { hostIds: ['e-2'] }), [])
  }
})

test('a managed detection is kept whole where it does not come as text', async () => {
  const rows = [
    { ioc_detection_id: 'A', nested: { deep: [1] } },
    { ioc_detection_id: 'B', raw: '{"x":1}' },
  ]
  const { flushed } = await rowsEverywhere('t-mdr', 'mdr_ioc_all', rows)
  const stored = { customer_id: 't-mdr', ingestion_timestamp: received }
  assert.deepEqual(flushed, [
    { ...stored, ioc_detection_id: 'A', raw: JSON.stringify(rows[0]), nested: '{"deep":[1]}' },
    { ...stored, ioc_detection_id: 'B', raw: '{"x":1}' },
  ])
})

test('odd lines are kept raw, and nothing is lost', async () => {
  const many = Object.fromEntries(Array.from({ length: 1_500 }, (_, n) => [`column_with_a_long_name_${n}`, 'x']))
  const lone = '{"src_ip":"\\ud800"}'
  const { flushed } = await rowsEverywhere('t-odd', 'xgfw_data', [lone, {}, many])
  assert.equal(flushed.length, 3)
  const raw = flushed.map(row => row['raw_values']).filter(each => each !== undefined)
  assert.deepEqual(raw, [JSON.stringify({ raw_line: JSON.stringify(many) })])
  assert.ok(flushed.some(row => row['src_ip'] === '\ufffd'))
})

test('rows of tables and lines of hosts share a segment and do not mix', async () => {
  const tenantId = 't-mixed'
  const segment = await openSegment(lake.store, tenantId, lake.now)
  const path = lake.tail.pathOf(segment)
  const line = JSON.stringify({ name: 'q', unixTime: 1_795_500_000, columns: { pid: '1' }, action: 'added' })
  writeSegment(path, segment.number, [line], 2, lake.now)
  for (const [at, table] of flatTables.entries()) {
    const b = [JSON.stringify({ src_ip: `10.0.0.${at}`, ioc_detection_id: String(at) })]
    const s = sha256Hex(`${b[0]}\n`)
    const frame = { q: at + 2, o: at + 1, t: lake.now, h: `table/${table}`, hi: table, tb: table, n: 1, s, b }
    appendFileSync(path, `${JSON.stringify(frame)}\n`)
  }
  frameCounts.set(segment.number, flatTables.length + 1)
  const counts = async () => {
    const found: Record<string, number> = {}
    for (const table of [...flatTables, 'xdr_data', 'lake_reports']) {
      found[table] = (await rowsOf(tenantId, table)).length
    }
    return found
  }
  const one = { xdr_ioc_view: 1, xdr_ti_data: 1, mdr_ioc_all: 1, xgfw_data: 1, xdr_data: 1, lake_reports: 1 }
  assert.deepEqual(await counts(), one)
  await convert(segment, flatTables.length + 1)
  assert.deepEqual(await counts(), one)
  assert.ok(readFileSync(path).length > 0)
})

test('rows of a table that is none are never committed', async () => {
  const segment = await openRows('t-none', 'nowhere', [{ a: 1 }])
  await assert.rejects(convert(segment, 1), { code: 'internal', message: /has rows of nowhere, no table$/ })
  assert.deepEqual(await listLiveFiles(lake.store, 't-none', 'nowhere'), [])
})
