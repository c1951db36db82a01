import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { findSegment, listUnconsumedSegments } from '../../src/lake/catalog.ts'
import { convertSegment } from '../../src/lake/data-file-writer.ts'
import { listLiveFiles, withStats } from '../../src/lake/data-files.ts'
import { columnsOf, schemaOf } from '../../src/lake/schema.ts'
import { wideColumns } from '../../src/lake/shipped-columns.ts'
import { sweepOrphans } from '../../src/lake/upkeep/collect.ts'
import { orphanAgeMsMin } from '../../src/limits.ts'
import { AppError } from '../../src/model/errors.ts'
import { tailRowsSql } from '../../src/row-sql/tail.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { openTestLake, type TestLake } from '../support/lake.ts'
import {
  fixtureHostId,
  fixtureReceivedAt,
  fixtureTenantId,
  osqueryFixtures,
  storedColumns,
  withoutNulls,
} from '../support/osquery-fixtures.ts'

let lake: TestLake
let instance: DuckDBInstance
let duckdb: DuckDBConnection

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

async function select(sql: string): Promise<Record<string, unknown>[]> {
  return (await duckdb.runAndReadAll(sql)).getRowObjectsJson()
}

/** The rows of a tenant's data files of one table. */
async function rowsOf(tenantId: string, table = 'xdr_data'): Promise<Record<string, unknown>[]> {
  const files = await listLiveFiles(lake.store, tenantId, table)
  const paths = await Promise.all(files.map(file => lake.storage.locate(file.path)))
  const list = paths.map(path => `'${path}'`).join(', ')
  return select(`SELECT * FROM read_parquet([${list}], union_by_name = true) ORDER BY row_segment, row_ordinal`)
}

const event = (name: string, columns: object, more: object = {}) =>
  JSON.stringify({ name, unixTime: 1_795_500_000, ...more, columns, action: 'added' })

for (const { name, lines, rows } of osqueryFixtures()) {
  test(`the lines of ${name} become their rows in data files`, async () => {
    const tenantId = `tenant-${name}`
    const segment = await lake.seal(lines, tenantId)
    const converted = await convertSegment(lake, segment, lake.tail.pathOf(segment))
    assert.equal(converted.rows, rows.length)
    assert.equal(converted.lines, lines.length)
    const shipped = new Set(wideColumns.map(column => column.name))
    const found = (rows.length === 0 ? [] : await rowsOf(tenantId)).map(row => {
      const stored = withoutNulls(row, storedColumns)
      // A key that became a column of this tenant's reads as `raw_values` says it in the fixture.
      const grown = Object.entries(stored).filter(([column]) => !shipped.has(column))
      const raw = { ...JSON.parse(String(stored['raw_values'] ?? '{}')), ...Object.fromEntries(grown) }
      return { ...stored, raw }
    })
    const expected = rows.map(row => ({ ...row, raw: JSON.parse(String(row['raw_values'] ?? '{}')) }))
    assert.deepEqual(found.map(comparable), expected.map(comparable))
  })
}

/** Only shipped columns, and `raw` without the nulls that a column cannot tell from absence. */
function comparable(row: Record<string, unknown>): Record<string, unknown> {
  const shipped = new Set(wideColumns.map(column => column.name))
  const columns = Object.entries(row).filter(([name]) => shipped.has(name) && name !== 'raw_values')
  const raw = Object.entries(row['raw'] as object).filter(([, value]) => value !== null)
  return { ...Object.fromEntries(columns), raw: Object.fromEntries(raw.sort(([a], [b]) => (a < b ? -1 : 1))) }
}

test('a segment becomes files that say where they come from', async () => {
  const tenantId = 'tenant-footer'
  const lines = [
    event('b', { pid: '2', shiny: 'x' }, { decorations: { site: 'Dublin' } }),
    event('a', { pid: '9' }, { unixTime: 1_795_500_001 }),
    JSON.stringify({ name: 'empty', unixTime: 1_795_500_002, snapshot: [] }),
  ]
  const segment = await lake.seal(lines, tenantId)
  const converted = await convertSegment(lake, segment, lake.tail.pathOf(segment))
  assert.deepEqual({ ...converted, bytes: 0 }, { version: 1, lines: 3, rows: 2, files: 2, bytes: 0 })

  const [file, ...others] = await withStats(lake.store, await listLiveFiles(lake.store, tenantId, 'xdr_data'))
  assert.ok(file)
  assert.deepEqual(others, [])
  const { stats, id, path, bytes, ...facts } = file
  assert.deepEqual(facts, {
    tenantId,
    table: 'xdr_data',
    queryNames: ['a', 'b'],
    level: 1,
    rows: 2,
    minTime: 1_795_500_000_000,
    maxTime: 1_795_500_001_000,
    minIngested: fixtureReceivedAt,
    maxIngested: fixtureReceivedAt,
    addedVersion: 1,
    createdAt: lake.now,
  })
  assert.match(path, /^tenant-footer\/xdr_data\/2026-11-24\/\d+-[0-9a-f-]{36}\.parquet$/)
  assert.equal(stats?.['pid']?.min, 2)
  assert.equal(stats?.['pid']?.max, 9)
  assert.deepEqual(stats?.['shiny'], { min: 'x', max: 'x', nullCount: 1 })
  assert.deepEqual(stats?.['endpoint_id'], { min: fixtureHostId, max: fixtureHostId, nullCount: 0 })

  const located = await lake.storage.locate(path)
  const metadata = await select(`SELECT decode(key) AS k, decode(value) AS v FROM parquet_kv_metadata('${located}')`)
  const { batch, ...footer } = Object.fromEntries(metadata.map(({ k, v }) => [k, v]))
  const reports = await listLiveFiles(lake.store, tenantId, 'lake_reports')
  assert.deepEqual(JSON.parse(String(batch)), [path, reports[0]?.path])
  assert.deepEqual(footer, {
    tenant: tenantId,
    table: 'xdr_data',
    level: '1',
    schemaVersion: '23',
    queryNames: '["a","b"]',
    segments: `[{"number":${segment.number},"frames":[1,2]}]`,
    replaces: '[]',
  })
  const columns = new Map(
    (await columnsOf(lake.store, tenantId, 'xdr_data')).map(column => [column.name, column.fieldId]),
  )
  const fields = await select(`SELECT name, field_id FROM parquet_schema('${located}') WHERE num_children IS NULL`)
  for (const { name, field_id } of fields) {
    const expected = { row_segment: 1, row_ordinal: 2 }[String(name)] ?? columns.get(String(name))
    assert.equal(Number(field_id), expected, String(name))
  }
  assert.equal(columns.get('shiny'), 10_000)
  assert.equal(columns.get('meta_site'), 10_001)
  assert.equal(
    fields.some(({ name }) => name === 'cmdline' || name === 'message_identifier'),
    false,
  )
})

test('rows lie sorted by query name, host and time', async () => {
  const tenantId = 'tenant-sorted'
  const lines = [3, 1, 2].flatMap(second =>
    ['b', 'a'].map(name => event(name, {}, { unixTime: 1_795_500_000 + second })),
  )
  const segment = await lake.seal(lines, tenantId)
  await convertSegment(lake, segment, lake.tail.pathOf(segment))
  const [file] = await listLiveFiles(lake.store, tenantId, 'xdr_data')
  const path = await lake.storage.locate(file?.path ?? '')
  const rows = await select(`SELECT query_name, second(calendar_time) AS s FROM read_parquet('${path}')`)
  assert.deepEqual(
    rows.map(({ query_name, s }) => `${query_name}${s}`),
    ['a1', 'a2', 'a3', 'b1', 'b2', 'b3'],
  )
})

test('every line is reported, also one without rows', async () => {
  const tenantId = 'tenant-reports'
  const lines = [event('a', {}), JSON.stringify({ name: 'b', unixTime: 1_795_500_000, snapshot: [] }), 'no JSON at all']
  const segment = await lake.seal(lines, tenantId)
  await convertSegment(lake, segment, lake.tail.pathOf(segment))
  const reports = await rowsOf(tenantId, 'lake_reports')
  assert.deepEqual(
    reports.map(row => [row['query_name'], row['row_count']]),
    [
      ['a', '1'],
      ['b', '0'],
      [null, '1'],
    ],
  )
})

test('the schema knows the query names and columns that came, with when and how many', async () => {
  const tenantId = 'tenant-schema'
  for (const lines of [
    [event('Ports', { port: '1' }), event('ports', { port: '2', brand_new: 'x', EPOCH: '3' })],
    [event('PORTS', { address: '::' }), event('users', { uid: '0' })],
  ]) {
    const segment = await lake.seal(lines, tenantId)
    await convertSegment(lake, segment, lake.tail.pathOf(segment))
  }
  const schema = await schemaOf(lake.store, tenantId)
  assert.deepEqual(schema.queryNames, [
    { name: 'Ports', columns: ['address', 'brand_new', 'port'] },
    { name: 'users', columns: ['uid'] },
  ])
  const rows = await lake.store.selectFrom('query_names').selectAll().where('tenant_id', '=', tenantId).execute()
  assert.deepEqual(
    rows.map(row => [row.name, row.rows, row.first_seen, row.last_seen]),
    [
      ['Ports', 3, fixtureReceivedAt, fixtureReceivedAt],
      ['users', 1, fixtureReceivedAt, fixtureReceivedAt],
    ],
  )
  const grown = schema.tables[0]?.columns.filter(column => column.fieldId >= 10_000)
  assert.deepEqual(
    grown?.map(({ name, type, fieldId }) => ({ name, type, fieldId })),
    [{ name: 'brand_new', type: 'string', fieldId: 10_000 }],
  )
  const other = await schemaOf(lake.store, 'somebody else')
  assert.deepEqual(other.queryNames, [])
  assert.equal(
    other.tables[0]?.columns.some(column => column.name === 'brand_new'),
    false,
  )
})

test('a row keeps its identity from the tail into the file', async () => {
  const tenantId = 'tenant-identity'
  const snapshot = JSON.stringify({ name: 'b', unixTime: 1_795_500_000, snapshot: [{ pid: '3' }, { pid: '4' }] })
  const segment = await lake.seal([event('z', { pid: '1' }), event('a', { pid: '2' }), snapshot], tenantId)
  const source = { path: lake.tail.pathOf(segment), number: segment.number, frames: segment.frames ?? 0 }
  const pid = wideColumns.filter(({ name }) => name === 'pid')
  const tail = await select(`${tailRowsSql([source], 'xdr_data', tenantId, pid)} ORDER BY row_ordinal`)
  await convertSegment(lake, segment, source.path)
  const stored = (await rowsOf(tenantId)).map(({ pid, row_segment, row_ordinal }) => ({
    pid,
    row_segment,
    row_ordinal,
  }))
  assert.deepEqual(stored, tail)
  assert.deepEqual(
    stored.map(row => row['row_ordinal']),
    [0, 2 ** 20, 2 * 2 ** 20, 2 * 2 ** 20 + 1].map(String),
  )
})

test('a segment whose lines are not all there is not converted', async () => {
  const segment = await lake.seal([event('a', {}), event('a', {}), event('a', {})], 'tenant-damaged')
  const claimed = { ...segment, lines: 4 }
  await assert.rejects(convertSegment(lake, claimed, lake.tail.pathOf(segment)), {
    code: 'internal',
    message: `segment ${segment.number} has 3 readable lines, it was sealed with 4`,
  })
  assert.equal((await findSegment(lake.store, segment.number))?.state, 'sealed')
  assert.deepEqual(await listLiveFiles(lake.store, 'tenant-damaged', 'xdr_data'), [])
  assert.deepEqual(readdirSync(lake.tempFolder), [])
})

for (const stored of [0, 1]) {
  test(`a conversion that fails after ${stored} stored files leaves garbage only, and is done again`, async () => {
    const tenantId = `tenant-failed-${stored}`
    const segment = await lake.seal([event('a', { pid: '1' }), event('b', { pid: '2' })], tenantId)
    let puts = 0
    const storage: Storage = {
      ...lake.storage,
      async put(key, localFile) {
        if (puts++ >= stored) throw new AppError('unavailable', 'the disk is full')
        await lake.storage.put(key, localFile)
      },
    }
    const path = lake.tail.pathOf(segment)
    await assert.rejects(convertSegment({ ...lake, storage, clock: lake.clock }, segment, path), {
      code: 'unavailable',
    })
    assert.equal((await findSegment(lake.store, segment.number))?.state, 'sealed')
    assert.deepEqual(await listLiveFiles(lake.store, tenantId, 'xdr_data'), [])
    assert.deepEqual(readdirSync(lake.tempFolder), [])
    await convertSegment(lake, segment, path)
    assert.deepEqual(
      (await rowsOf(tenantId)).map(row => row['pid']),
      ['1', '2'],
    )
    const pathOf = lake.tail.pathOf
    const deps = { store: lake.store, storage: lake.storage, pathOf }
    assert.equal(await sweepOrphans(deps, Date.now() + 2 * orphanAgeMsMin, 100), stored)
    assert.deepEqual(
      (await rowsOf(tenantId)).map(row => row['pid']),
      ['1', '2'],
    )
  })
}

test('a segment is converted once', async () => {
  const tenantId = 'tenant-once'
  const segment = await lake.seal([event('a', {})], tenantId)
  const outcomes = await Promise.allSettled([1, 2].map(() => convertSegment(lake, segment, lake.tail.pathOf(segment))))
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  assert.equal((await rowsOf(tenantId)).length, 1)
  await assert.rejects(convertSegment(lake, segment, lake.tail.pathOf(segment)), {
    code: 'conflict',
    message: `segment ${segment.number} is consumed, not sealed`,
  })
  assert.deepEqual(await listUnconsumedSegments(lake.store, tenantId), [])
})

test('an empty segment is consumed without a file', async () => {
  const segment = await lake.seal([], 'tenant-empty')
  const converted = await convertSegment(lake, segment, lake.tail.pathOf(segment))
  assert.deepEqual(converted, { version: 1, lines: 0, rows: 0, files: 0, bytes: 0 })
})

test('an open segment is refused', async () => {
  const segment = await lake.open([event('a', {})], fixtureTenantId)
  await assert.rejects(convertSegment(lake, segment, lake.tail.pathOf(segment)), { code: 'conflict' })
})
