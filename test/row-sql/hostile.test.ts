import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { wideColumns } from '../../src/lake/shipped-columns.ts'
import { tailRowsSql } from '../../src/row-sql/tail.ts'
import { fixtureTenantId, writeSegment } from '../support/osquery-fixtures.ts'

// Lines that are small and legal, and meant to be large once they are taken apart. Each is read with all columns in a
// database that may use 512 MiB: before its bound, the same line took gigabytes. None may be lost, and none may take
// its neighbour with it.

let folder: string
let instance: DuckDBInstance
let duckdb: DuckDBConnection

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'edr-lake-hostile-'))
  instance = await DuckDBInstance.create(':memory:', { memory_limit: '512MiB', threads: '1', temp_directory: '' })
  duckdb = await instance.connect()
  await duckdb.run("SET TimeZone = 'UTC'")
})

after(() => {
  duckdb.closeSync()
  instance.closeSync()
  rmSync(folder, { recursive: true })
})

const event = (columns: string, more = '') =>
  `{"name":"q","unixTime":1795500000,"columns":${columns},"action":"added"${more}}`
const keys = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index) => `"${prefix}${index}":"v"`).join(',')
const snapshot = (rows: number, more: string, row = '{}') =>
  `{"name":"q","unixTime":1795500000,${more}"action":"snapshot","snapshot":[${Array(rows).fill(row).join(',')}]}`

const mib = 2 ** 20

/**
 * A line, the rows it must become, and the key in `raw_values` under which its text is kept; undefined: it has none.
 */
const lines: Record<string, { line: string; rows?: number; raw?: string }> = {
  'arrays nested very deep': { line: event(`{"deep":${'['.repeat(mib / 3)}${']'.repeat(mib / 3)}}`), raw: 'raw_line' },
  'objects nested very deep': {
    line: event(`{"deep":${'{"a":'.repeat(150_000)}1${'}'.repeat(150_000)}}`),
    raw: 'raw_line',
  },
  'very many keys': { line: event(`{${keys(60_000, 'key')}}`), raw: 'raw_value' },
  'very many keys in capitals': { line: event(`{${keys(60_000, 'KEY')}}`), raw: 'raw_value' },
  'very many decorations': {
    line: event('{}', `,"decorations":{${keys(60_000, 'd')}}`),
    raw: 'meta_raw_value',
  },
  'very many keys at top level': { line: event('{}', `,${keys(60_000, 'KEY')}`), raw: 'raw_line' },
  'one key very many times': { line: event(`{${Array(60_000).fill('"pid":"1"').join(',')}}`), raw: 'raw_value' },
  'very many empty rows': { line: snapshot(100_000, ''), raw: 'raw_line' },
  'very many short rows': { line: snapshot(80_000, '', '{"a":"1"}'), rows: 80_000, raw: 'a' },
  'very many rows under a large decoration': {
    line: snapshot(40_000, `"decorations":{"pad":"${'x'.repeat(mib / 2)}"},`, '{"a":"1"}'),
    raw: 'raw_line',
  },
  'very many rows of a host with a very long name': {
    line: snapshot(40_000, `"hostIdentifier":"${'x'.repeat(mib / 2)}",`, '{"a":"1"}'),
    raw: 'raw_line',
  },
  'a very long key': { line: event(`{"${'k'.repeat(mib - 200)}":"v"}`), raw: 'k'.repeat(mib - 200) },
  'a very long number': { line: event(`{"pid":${'9'.repeat(mib / 2)}}`), raw: 'pid' },
  'nothing but lone surrogates': { line: event(`{"cmdline":"${'\\ud800'.repeat(mib / 8)}"}`) },
  'nothing but control characters': { line: event(`{"cmdline":"${'\\u0001'.repeat(mib / 8)}"}`) },
}

let number = 0
for (const [what, { line, rows = 1, raw }] of Object.entries(lines)) {
  test(`a line with ${what} is read in little memory`, async () => {
    assert.ok(line.length < mib)
    const path = join(folder, `${++number}.ndjson`)
    const frames = writeSegment(path, number, [line, event('{"pid":"7"}')])
    const sql = tailRowsSql([{ path, number, frames }], 'xdr_data', fixtureTenantId, wideColumns)
    const counts = 'count(*) AS rows, count(*) FILTER (pid = 7) AS neighbour, max(raw_values) AS raw'
    const found = `SELECT ${counts} FROM (${sql})`
    const [row] = (await duckdb.runAndReadAll(found)).getRowObjectsJson()
    assert.deepEqual([row?.['rows'], row?.['neighbour']], [String(rows + 1), '1'])
    assert.deepEqual(Object.keys(JSON.parse(String(row?.['raw'] ?? '{}'))), raw === undefined ? [] : [raw])
  })
}
