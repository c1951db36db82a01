import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { reportTableColumns, wideColumns } from '../../src/lake/shipped-columns.ts'
import { sha256Hex } from '../../src/model/ids.ts'
import type { LakeColumn } from '../../src/model/lake-table.ts'
import type { RowFilter } from '../../src/row-sql/lines.ts'
import { tailRowsSql } from '../../src/row-sql/tail.ts'
import {
  fixtureHostId,
  fixtureHostIdentifier,
  fixtureTenantId,
  osqueryFixtures,
  storedColumns,
  withoutNulls,
  writeSegment,
} from '../support/osquery-fixtures.ts'

let folder: string
let instance: DuckDBInstance
let duckdb: DuckDBConnection

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'edr-lake-tail-'))
  instance = await DuckDBInstance.create(':memory:')
  duckdb = await instance.connect()
  await duckdb.run("SET TimeZone = 'UTC'")
})

after(() => {
  duckdb.closeSync()
  instance.closeSync()
  rmSync(folder, { recursive: true })
})

async function select(sql: string): Promise<Record<string, unknown>[]> {
  return (await duckdb.runAndReadAll(sql)).getRowObjectsJson()
}

for (const { name, lines, rows } of osqueryFixtures()) {
  test(`the lines of ${name} read as their rows`, async () => {
    const path = join(folder, `${name}.ndjson`)
    const frames = writeSegment(path, 7, lines)
    const sql = tailRowsSql([{ path, number: 7, frames }], 'xdr_data', fixtureTenantId, wideColumns)
    const found = await select(`${sql} ORDER BY row_ordinal`)
    assert.deepEqual(
      found.map(row => withoutNulls(row, storedColumns)),
      rows,
    )
  })
}

const line = (name: string, columns: Record<string, unknown>) =>
  JSON.stringify({ name, unixTime: 1_795_500_000, columns, action: 'added' })

function segment(number: number, lines: readonly string[], linesPerFrame = 2) {
  const path = join(folder, `segment-${number}.ndjson`)
  return { path, number, frames: writeSegment(path, number, lines, linesPerFrame) }
}

const column = (name: string): LakeColumn => {
  const found = wideColumns.find(known => known.name === name)
  assert.ok(found, name)
  return found
}

test('every row says where and when it was stored', async () => {
  const snapshot = JSON.stringify({ name: 'users', unixTime: 1_795_500_000, snapshot: [{ uid: '0' }, { uid: '1' }] })
  const stored = segment(41, ['{"name":"é","columns":{}}', snapshot])
  const columns = storedColumns.filter(name => !name.startsWith('row_')).map(column)
  const rows = await select(`${tailRowsSql([stored], 'xdr_data', fixtureTenantId, columns)} ORDER BY row_ordinal`)
  assert.deepEqual(rows[2], {
    message_identifier: sha256Hex(`41:${2 ** 20 + 1}`),
    record_identifier: sha256Hex(`41:${2 ** 20 + 1}`),
    customer_id: fixtureTenantId,
    endpoint_id: fixtureHostId,
    ingestion_timestamp: '2026-11-24 07:08:09.123',
    ingest_date: '2026-11-24',
    stream_ingest_date: '2026-11-24',
    upload_size: String(Math.floor(Buffer.byteLength(snapshot) / 2)),
    schema_version: '23',
    query_source: 'xdr_only',
    row_segment: '41',
    row_ordinal: String(2 ** 20 + 1),
  })
  assert.equal(rows[0]?.['upload_size'], '26')
})

test('a frame says where its agent was seen and whether a live query was answered', async () => {
  const path = join(folder, 'agents.ndjson')
  const own = (value: string) =>
    JSON.stringify({ name: 'q', unixTime: 1_795_500_000, columns: {}, decorations: { public_ip: value } })
  const lines = [line('q', {}), own('198.51.100.1'), own('')]
  const frames = writeSegment(path, 43, lines, 1, undefined, undefined, { ip: '203.0.113.9', qs: 'live' })
  const columns = ['meta_public_ip', 'query_source'].map(column)
  const sql = tailRowsSql([{ path, number: 43, frames }], 'xdr_data', fixtureTenantId, columns)
  const rows = await select(`${sql} ORDER BY row_ordinal`)
  assert.deepEqual(
    rows.map(row => [row['meta_public_ip'], row['query_source']]),
    [
      ['203.0.113.9', 'live'],
      ['198.51.100.1', 'live'],
      ['203.0.113.9', 'live'],
    ],
  )
})

test('frames after the pinned one are not read, not even a torn one', async () => {
  const lines = ['1', '2', '3', '4'].map(pid => line('q', { pid }))
  const { path, number } = segment(42, lines, 1)
  appendFileSync(path, '{"q":5,"o":4,"t":1,"h":"x","hi":"x","n":1,"s":"","b":["{\\"na')
  for (const frames of [0, 1, 3, 4]) {
    const sql = tailRowsSql([{ path, number, frames }], 'xdr_data', fixtureTenantId, [column('pid')])
    const rows = await select(`${sql} ORDER BY row_ordinal`)
    assert.deepEqual(
      rows.map(row => row['pid']),
      ['1', '2', '3', '4'].slice(0, frames),
    )
  }
})

test('several segments are read as one relation', async () => {
  const sources = [
    segment(43, [line('q', { pid: '1' })]),
    segment(44, [line('q', { pid: '2' }), line('q', { pid: '3' })]),
  ]
  const sql = tailRowsSql(sources, 'xdr_data', fixtureTenantId, [column('pid')])
  assert.deepEqual(await select(`${sql} ORDER BY row_segment, row_ordinal`), [
    { pid: '1', row_segment: '43', row_ordinal: '0' },
    { pid: '2', row_segment: '44', row_ordinal: '0' },
    { pid: '3', row_segment: '44', row_ordinal: String(2 ** 20) },
  ])
})

test('rows that nobody asks for are left out early', async () => {
  const lines = [
    line('Ports', { pid: '1' }),
    line('pack/x/PORTS', { pid: '2' }),
    line('pack/ports', { pid: '3' }),
    '{"a":01}',
  ]
  const source = segment(49, lines)
  const pids = async (only: RowFilter) => {
    const sql = tailRowsSql([source], 'xdr_data', fixtureTenantId, [column('pid')], only)
    return (await select(`${sql} ORDER BY row_ordinal`)).map(row => row['pid'])
  }
  assert.deepEqual(await pids({}), ['1', '2', '3', null])
  assert.deepEqual(await pids({ queryNames: ['ports'] }), ['1', '2'])
  assert.deepEqual(await pids({ queryNames: ['PACK/Ports', 'x'] }), ['3'])
  assert.deepEqual(await pids({ queryNames: [] }), [])
  assert.deepEqual(await pids({ hostIds: [fixtureHostId] }), ['1', '2', '3', null])
  assert.deepEqual(await pids({ hostIds: ["it's another"] }), [])
})

test('a column that agents brought is read by its name, whatever that is', async () => {
  const names = ["it's", 'a"b', 'a/b~c', '$.x', 'z z', '漢字', 'select']
  const grown: LakeColumn[] = names.map((name, index) => ({ name, type: 'string', fieldId: 10_000 + index }))
  const stored = segment(45, [line('q', Object.fromEntries(names.map(name => [name.toUpperCase(), `${name}!`])))])
  const sql = tailRowsSql([stored], 'xdr_data', fixtureTenantId, [...grown, column('raw_values')])
  const expected = Object.fromEntries(names.map(name => [name, `${name}!`]))
  assert.deepEqual(await select(sql), [{ ...expected, raw_values: null, row_segment: '45', row_ordinal: '0' }])
})

test('text from outside stays text in the statement', async () => {
  const tenantId = "'; DROP TABLE x; --\0"
  const sql = tailRowsSql([segment(46, [line('q', {})])], 'xdr_data', tenantId, [column('customer_id')])
  assert.deepEqual(await select(sql), [{ customer_id: tenantId, row_segment: '46', row_ordinal: '0' }])
})

test('a table that lines never become rows of has its columns and no row', async () => {
  const sql = tailRowsSql([segment(47, [line('q', {})])], 'xgfw_data', fixtureTenantId, [column('query_name')])
  const result = await duckdb.runAndReadAll(sql)
  assert.deepEqual(result.columnNames(), ['query_name', 'row_segment', 'row_ordinal'])
  assert.equal(result.currentRowCount, 0)
})

test('no segment at all gives the columns and no row', async () => {
  const result = await duckdb.runAndReadAll(tailRowsSql([], 'xdr_data', fixtureTenantId, [column('pid')]))
  assert.deepEqual(result.columnNames(), ['pid', 'row_segment', 'row_ordinal'])
  assert.equal(result.currentRowCount, 0)
})

test('every line is one report, also one without rows and one that is no JSON', async () => {
  const lines = [
    line('pack/Global/users', { uid: '0' }),
    JSON.stringify({ name: 'users', hostIdentifier: 'h', unixTime: 1_795_500_060, epoch: 1, counter: 2, snapshot: [] }),
    JSON.stringify({ name: 'arp', unixTime: 1_795_500_060, diffResults: { added: [{}, {}], removed: [{}] } }),
    '{"name":01}',
  ]
  const sql = tailRowsSql([segment(48, lines)], 'lake_reports', fixtureTenantId, reportTableColumns)
  const rows = await select(`${sql} ORDER BY row_ordinal`)
  const stored = { customer_id: fixtureTenantId, endpoint_id: fixtureHostId, row_segment: '48' }
  const received = { ...stored, ingestion_timestamp: '2026-11-24 07:08:09.123', host_identifier: fixtureHostIdentifier }
  const at = (row: number) => String(row * 2 ** 20)
  const none = { query_name: null, epoch: null, counter: null, action: null }
  const [first, second] = ['2026-11-24 06:00:00', '2026-11-24 06:01:00']
  assert.deepEqual(rows, [
    {
      ...received,
      ...none,
      query_name: 'users',
      calendar_time: first,
      action: 'added',
      row_count: '1',
      row_ordinal: at(0),
    },
    {
      ...received,
      host_identifier: 'h',
      query_name: 'users',
      calendar_time: second,
      epoch: '1',
      counter: '2',
      action: null,
      row_count: '0',
      row_ordinal: at(1),
    },
    { ...received, ...none, query_name: 'arp', calendar_time: second, row_count: '3', row_ordinal: at(2) },
    { ...received, ...none, calendar_time: '2026-11-24 07:08:09.123', row_count: '1', row_ordinal: at(3) },
  ])
})
