import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import type { ResultFile } from '../../../src/engine/engine.ts'
import { AppError } from '../../../src/model/errors.ts'
import type { ResultFormat } from '../../../src/model/result-format.ts'
import { type EngineFixture, engineFixture, type RunOptions, until } from '../../support/engine-fixtures.ts'

const never = new AbortController().signal
const csv: ResultFormat = { kind: 'csv', escapesFormulas: false, isGzip: false }
const ndjson: ResultFormat = { kind: 'ndjson', isGzip: false }
const parquet: ResultFormat = { kind: 'parquet', isGzip: false }

async function resultOf(fixture: EngineFixture, sql: string, options: RunOptions = {}): Promise<ResultFile> {
  const { outcome, resultFolder } = await fixture.run(sql, options)
  if (outcome.kind === 'failed') throw new Error(outcome.error.message)
  return { folder: resultFolder, columns: outcome.columns, rowCount: outcome.rowCount }
}

async function exported(context: TestContext, sql: string, format: ResultFormat, options: RunOptions = {}) {
  const fixture = await engineFixture(context)
  return text(await fixture.engine.exportResult(await resultOf(fixture, sql, options), format, never))
}

/** A result file of that many rows, `n` and `s`, written directly. */
async function wideResult(fixture: EngineFixture, rows: number, rowCount = rows): Promise<ResultFile> {
  const folder = join(fixture.folder, 'written')
  await mkdir(folder)
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const select = `SELECT range AS c0, repeat('x', 200) || range AS c1 FROM range(${rows})`
  await connection.run(`COPY (${select}) TO '${join(folder, 'result.parquet')}' (FORMAT parquet, ROW_GROUP_SIZE 4096)`)
  connection.closeSync()
  const columns = [
    { name: 'n', type: 'long' },
    { name: 'N', type: 'string' },
  ] as const
  return { folder, columns, rowCount }
}

function exportFolders(fixture: EngineFixture): string[] {
  return readdirSync(join(fixture.folder, 'tmp')).filter(name => name.startsWith('export-'))
}

test('CSV by RFC 4180: quotes, line breaks, NULL and the empty text, every type as pages show it', async t => {
  const sql = `SELECT * FROM (VALUES
    (1, 'a,b', 1.5::DOUBLE, TRUE, TIMESTAMP '2026-02-03 04:05:06.789', DATE '2026-02-03', [1, 2], {'k': 'x"y'}),
    (-2, 'say "hi"' || chr(13) || chr(10) || 'there', 'nan'::DOUBLE, FALSE, NULL, NULL, NULL, NULL),
    (NULL, '', '-inf'::DOUBLE, NULL, NULL, NULL, [], NULL), (3, NULL, 1e300, NULL, NULL, NULL, NULL, NULL))
    AS t(n, "te,xt", d, b, ts, day, list, struct)`
  assert.equal(
    await exported(t, sql, csv),
    [
      'n,"te,xt",d,b,ts,day,list,struct',
      '1,"a,b",1.5,true,2026-02-03T04:05:06.789Z,2026-02-03,"[1,2]","{""k"":""x\\""y""}"',
      '-2,"say ""hi""\r\nthere",NaN,false,,,,',
      ',"",-Infinity,,,,[],',
      '3,,1e300,,,,,',
      '',
    ].join('\r\n'),
  )
})

test('texts and names a spreadsheet would run get an apostrophe when asked, numbers never', async t => {
  const sql = `SELECT v AS "=name", -5 AS n FROM (VALUES ('=1+1'), ('+a'), ('-b'), ('@c'), (chr(9) || 'd'), ('  =e'),
    (chr(65309) || 'f'), ('g=h'), ('=i,"j"'), (NULL)) AS t(v)`
  const lines = (await exported(t, sql, { ...csv, escapesFormulas: true } as ResultFormat)).split('\r\n')
  assert.deepEqual(lines, [
    "'=name,n",
    "'=1+1,-5",
    "'+a,-5",
    "'-b,-5",
    "'@c,-5",
    "'\td,-5",
    "'  =e,-5",
    "'＝f,-5",
    'g=h,-5',
    `"'=i,""j""",-5`,
    ',-5',
    '',
  ])
})

test('NDJSON has the rows as pages show them, in order, and none past what the run kept', async t => {
  const fixture = await engineFixture(t)
  const result = await wideResult(fixture, 9000, 5000)
  const lines = (await text(await fixture.engine.exportResult(result, ndjson, never))).trimEnd().split('\n')
  const slice = await fixture.engine.readResult(result, 0, 2000)
  assert.equal(lines.length, 5000)
  assert.equal(`[${lines.slice(0, slice.rowCount).join(',')}]`, slice.json)
  assert.deepEqual(JSON.parse(lines[4999] ?? ''), { n: 4999, N: `${'x'.repeat(200)}4999` })
})

test('no rows: the names alone as CSV, nothing as NDJSON', async t => {
  const fixture = await engineFixture(t)
  const result = await resultOf(fixture, 'SELECT 1 AS a, 2 AS b WHERE false')
  assert.equal(await text(await fixture.engine.exportResult(result, csv, never)), 'a,b\r\n')
  assert.equal(await text(await fixture.engine.exportResult(result, ndjson, never)), '')
})

test('Parquet has the names as typed, those that differ in case only numbered', async t => {
  const fixture = await engineFixture(t)
  const result = await wideResult(fixture, 6000, 5000)
  const path = join(fixture.folder, 'out.parquet')
  await writeFile(path, await buffer(await fixture.engine.exportResult(result, parquet, never)))
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const rows = await connection.runAndReadAll(
    `SELECT count(*) AS rows, max(n) AS last, max(length(n_1)) AS width FROM '${path}'`,
  )
  assert.deepEqual(rows.getRowObjectsJson(), [{ rows: '5000', last: '4999', width: '204' }])
  connection.closeSync()
})

test('gzip is made where the file is made', async t => {
  const fixture = await engineFixture(t)
  const result = await resultOf(fixture, 'SELECT * FROM (VALUES (0), (1), (2)) AS t(n)')
  const bytes = await buffer(await fixture.engine.exportResult(result, { ...csv, isGzip: true }, never))
  assert.equal(gunzipSync(bytes).toString(), 'n\r\n0\r\n1\r\n2\r\n')
})

test('an export ends with its reader, its signal and its engine, and leaves nothing', async t => {
  const fixture = await engineFixture(t)
  const result = await wideResult(fixture, 400_000)
  const stream = await fixture.engine.exportResult(result, csv, never)
  for await (const _ of stream) break
  await until(() => exportFolders(fixture).length === 0)

  const abort = new AbortController()
  const aborted = await fixture.engine.exportResult(result, parquet, abort.signal)
  abort.abort()
  await assert.rejects(text(aborted), (error: AppError) => error.code === 'canceled')
  await until(() => exportFolders(fixture).length === 0)

  const cut = await fixture.engine.exportResult(result, ndjson, never)
  const reading = assert.rejects(text(cut), (error: AppError) => error.code === 'internal')
  await fixture.engine.close()
  await reading
  assert.deepEqual(exportFolders(fixture), [])
})

test('a result that cannot be read is refused before its first byte', async t => {
  const fixture = await engineFixture(t)
  const result = await resultOf(fixture, 'SELECT 1 AS a')
  await writeFile(join(result.folder, 'result.parquet'), 'no parquet')
  const expected = new AppError('internal', 'the result of the run could not be read')
  for (const format of [csv, ndjson, parquet]) {
    await assert.rejects(fixture.engine.exportResult(result, format, never), expected)
  }
  await until(() => exportFolders(fixture).length === 0)
})
