import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { resultFileName } from '../../../src/engine/duckdb/result-files.ts'
import { engineFixture, type Ran, viewOf, writeDataFile } from '../../support/engine-fixtures.ts'

// Rows come in the order that a statement says; where it says none, in any, and still each once.

const rows = 300_000

async function lakeOf(context: TestContext) {
  const fixture = await engineFixture(context, { workerCount: 2 })
  const select = `SELECT 'a' AS query_name, TIMESTAMP '2026-02-01' + to_seconds(i) AS calendar_time, 'h' AS endpoint_id,
    CAST(i AS INTEGER) AS port, 1::BIGINT AS row_segment, i AS row_ordinal FROM range(${rows}) t(i)`
  const files = [await writeDataFile(join(fixture.folder, 'a.parquet'), select)]
  return { fixture, view: viewOf({ files, rows }) }
}

/** Rows of the result, distinct ones, and whether each is one more than the one before. */
async function resultOf({ outcome, resultFolder }: Ran) {
  assert.ok(outcome.kind === 'succeeded', JSON.stringify(outcome))
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const file = `read_parquet('${join(resultFolder, resultFileName)}', file_row_number = true)`
  const facts =
    'count(*)::INTEGER AS n, count(DISTINCT c0)::INTEGER AS distinct, bool_and(c0 - file_row_number = first) AS sorted'
  const sql = `SELECT ${facts} FROM (SELECT *, min(c0) OVER () AS first FROM ${file})`
  const [found] = (await connection.runAndReadAll(sql)).getRowObjectsJS()
  connection.closeSync()
  instance.closeSync()
  return { n: found?.['n'], distinct: found?.['distinct'], sorted: found?.['sorted'], truncated: outcome.truncated }
}

suite('the order of rows', () => {
  test('a statement without an order gives every row once, and a cap cuts exactly', async context => {
    const { fixture, view } = await lakeOf(context)
    const sql = 'SELECT port FROM "xdr_data" WHERE port % 2 = 0'
    const { sorted: _, ...all } = await resultOf(await fixture.run(sql, { view, isOrdered: false }))
    assert.deepEqual(all, { n: rows / 2, distinct: rows / 2, truncated: undefined })
    const limits = { rowsMax: 70_001 }
    const { sorted: __, ...cut } = await resultOf(await fixture.run(sql, { view, isOrdered: false, limits }))
    const truncated = { reason: 'rowsMax', limit: 70_001, total: rows / 2 }
    // One row more is written, and never shown: it says that there are more.
    assert.deepEqual(cut, { n: 70_002, distinct: 70_002, truncated })
  })

  test('a statement with an order keeps it, and its first rows are the first', async context => {
    const { fixture, view } = await lakeOf(context)
    const sql = 'SELECT port FROM "xdr_data" ORDER BY port'
    const all = await resultOf(await fixture.run(sql, { view, isOrdered: true }))
    assert.deepEqual(all, { n: rows, distinct: rows, sorted: true, truncated: undefined })
    const few = await resultOf(await fixture.run(`${sql} LIMIT 100`, { view, isOrdered: true, keepsFewRows: true }))
    assert.deepEqual(few, { n: 100, distinct: 100, sorted: true, truncated: undefined })
  })
})
