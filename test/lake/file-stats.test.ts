import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { type CopyStats, parseCopyStats } from '../../src/lake/file-stats.ts'
import type { LakeColumn } from '../../src/model/lake-table.ts'
import { type ColumnType, duckdbTypes } from '../../src/model/lake-type.ts'
import { copySql } from '../../src/row-sql/convert.ts'
import { quoteText } from '../../src/row-sql/quote.ts'

let folder: string
let instance: DuckDBInstance
let duckdb: DuckDBConnection
let written = 0

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'edr-lake-stats-'))
  instance = await DuckDBInstance.create(':memory:')
  duckdb = await instance.connect()
})

after(() => {
  duckdb.closeSync()
  instance.closeSync()
  rmSync(folder, { recursive: true })
})

/** Statistics of one column with these values, as text, after a real file was written. */
async function statsOf(type: ColumnType, values: readonly (string | null)[]) {
  const columns: LakeColumn[] = [{ name: 'odd "name"', type, fieldId: 7 }]
  const rows = values.map(value => `(${value === null ? 'NULL' : quoteText(value)})`).join(', ')
  const select = `SELECT v::${duckdbTypes[type]} AS "odd ""name""" FROM (VALUES ${rows}) AS t(v)`
  const path = join(folder, `${++written}.parquet`)
  const reader = await duckdb.runAndReadAll(
    copySql(select, { path, columns, metadata: { tenant: 't' }, rowGroupRows: 2_048 }),
  )
  const stats = parseCopyStats(reader.getRowObjectsJson()[0] as unknown as CopyStats, columns)
  assert.equal(stats.rows, values.length)
  return stats.columns['odd "name"']
}

test('bounds of every type come back in our own terms', async () => {
  assert.deepEqual(await statsOf('bigint', ['5', '-3', null]), { min: -3, max: 5, nullCount: 1 })
  assert.deepEqual(await statsOf('integer', ['5', '-3']), { min: -3, max: 5, nullCount: 0 })
  assert.deepEqual(await statsOf('double', ['0.5', '-1e300']), { min: -1e300, max: 0.5, nullCount: 0 })
  assert.deepEqual(await statsOf('boolean', ['true', 'false']), { min: false, max: true, nullCount: 0 })
  assert.deepEqual(await statsOf('timestamp', ['2026-11-24 06:00:00.123', '1969-12-31 23:59:59']), {
    min: -1_000,
    max: Date.UTC(2026, 10, 24, 6, 0, 0, 123),
    nullCount: 0,
  })
  assert.deepEqual(await statsOf('string', ['b', '', 'ü']), { min: '', max: 'ü', nullCount: 0 })
})

test('a column of nulls has no bounds', async () => {
  assert.deepEqual(await statsOf('string', [null, null]), { nullCount: 2 })
})

test('a number that JavaScript cannot hold exactly is no bound', async () => {
  const stats = await statsOf('bigint', ['9223372036854775807', '1'])
  assert.deepEqual(stats, { min: 1, nullCount: 0 })
})

test('a double column with not-a-number has no bounds', async () => {
  const stats = await statsOf('double', ['nan', '1'])
  assert.deepEqual({ min: stats?.min, max: stats?.max }, { min: undefined, max: undefined })
})

for (const [what, first, last] of [
  ['long texts', 'a'.repeat(500), 'z'.repeat(500)],
  ['very long texts', 'a'.repeat(20_000), 'z'.repeat(20_000)],
  ['long texts beyond the basic plane', '😀'.repeat(200), '😁'.repeat(200)],
  ['long texts below the surrogates', `${'x'.repeat(95)}\ud7ff tail`, `${'x'.repeat(95)}\ud7ff tail!`],
  ['texts of the last character', `${'\u{10ffff}'.repeat(120)}a`, `${'\u{10ffff}'.repeat(120)}b`],
  ['texts with NUL', 'a\0b', 'a\0c'],
] as const) {
  test(`bounds of ${what} enclose them`, async () => {
    const stats = await statsOf('string', [last, first])
    const bytes = (text: string) => Buffer.from(text)
    if (stats?.min !== undefined) assert.ok(Buffer.compare(bytes(String(stats.min)), bytes(first)) <= 0)
    if (stats?.max !== undefined) assert.ok(Buffer.compare(bytes(String(stats.max)), bytes(last)) >= 0)
    assert.ok(JSON.stringify(stats).length < 1_500)
  })
}
