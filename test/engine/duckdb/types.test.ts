import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { engineFixture } from '../../support/engine-fixtures.ts'

// Each type of a result, from the statement's value to the bytes of a page. `expected` is JSON text: parsing it first
// would hide lost digits.

const cases: readonly (readonly [sql: string, type: string, expected: string])[] = [
  ['true', 'boolean', 'true'],
  ['CAST(7 AS TINYINT)', 'int', '7'],
  ['CAST(-32768 AS SMALLINT)', 'int', '-32768'],
  ['2147483647', 'int', '2147483647'],
  ['CAST(4294967295 AS UINTEGER)', 'long', '4294967295'],
  ['9223372036854775807', 'long', '9223372036854775807'],
  ['9007199254740993', 'long', '9007199254740993'],
  ['CAST(18446744073709551615 AS UBIGINT)', 'long', '18446744073709551615'],
  ['CAST(170141183460469231731687303715884105727 AS HUGEINT)', 'string', '"170141183460469231731687303715884105727"'],
  ['CAST(0.1 AS FLOAT)', 'double', '0.1'],
  ['CAST(0.1 AS DOUBLE)', 'double', '0.1'],
  ['CAST(1e300 AS DOUBLE)', 'double', '1e300'],
  ["CAST('NaN' AS DOUBLE)", 'double', '"NaN"'],
  ["CAST('Infinity' AS DOUBLE)", 'double', '"Infinity"'],
  ["CAST('-Infinity' AS FLOAT)", 'double', '"-Infinity"'],
  ['CAST(NULL AS DOUBLE)', 'double', 'null'],
  ['CAST(1.25 AS DECIMAL(10, 2))', 'double', '1.25'],
  ['CAST(12345678901.2345 AS DECIMAL(15, 4))', 'double', '12345678901.2345'],
  ['CAST(12345678901234.56 AS DECIMAL(16, 2))', 'string', '"12345678901234.56"'],
  [
    "CAST('0.00000000000000000000000000000000000001' AS DECIMAL(38, 38))",
    'string',
    '"0.00000000000000000000000000000000000001"',
  ],
  [`'a "quoted" \\ line' || chr(10) || chr(1) || 'é😀'`, 'string', '"a \\"quoted\\" \\\\ line\\n\\u0001é😀"'],
  ["''", 'string', '""'],
  ['CAST(NULL AS VARCHAR)', 'string', 'null'],
  [`CAST('{"a": [1, 2]}' AS JSON)`, 'string', '"{\\"a\\": [1, 2]}"'],
  ["CAST('\\xAA\\x00b' AS BLOB)", 'string', '"qgBi"'],
  ["CAST('6f0c1a6e-0f7e-4d5e-9f43-1d6f0b7a2c11' AS UUID)", 'string', '"6f0c1a6e-0f7e-4d5e-9f43-1d6f0b7a2c11"'],
  // T32: a client parses rows with the fraction and the Z.
  ["TIMESTAMP '2026-02-03 07:59:40'", 'timestamp', '"2026-02-03T07:59:40.000Z"'],
  ["TIMESTAMP '2026-02-03 07:59:40.123987'", 'timestamp', '"2026-02-03T07:59:40.123Z"'],
  ["TIMESTAMP '1969-12-31 23:59:59.5'", 'timestamp', '"1969-12-31T23:59:59.500Z"'],
  ["TIMESTAMPTZ '2026-02-03 07:59:40.5+02'", 'timestamp', '"2026-02-03T05:59:40.500Z"'],
  ["CAST('2026-02-03 07:59:40.123456789' AS TIMESTAMP_NS)", 'timestamp', '"2026-02-03T07:59:40.123Z"'],
  ["CAST('2026-02-03 07:59:40' AS TIMESTAMP_S)", 'timestamp', '"2026-02-03T07:59:40.000Z"'],
  ["DATE '2026-02-03'", 'date', '"2026-02-03"'],
  ["TIME '07:59:40.5'", 'string', '"07:59:40.500"'],
  ['to_days(2) + to_minutes(180)', 'string', '"2 03:00:00.000"'],
  ['to_microseconds(-1500000)', 'string', '"-0 00:00:01.500"'],
  ['to_months(18)', 'string', '"1-6"'],
  ['to_months(-6)', 'string', '"-0-6"'],
  ['CAST(NULL AS INTERVAL)', 'string', 'null'],
  ["CAST('b' AS ENUM('a', 'b'))", 'string', '"b"'],
  ["['a', NULL, 'b']", 'array', '["a",null,"b"]'],
  ['CAST([] AS INTEGER[])', 'array', '[]'],
  ['CAST(NULL AS INTEGER[])', 'array', 'null'],
  ["[TIMESTAMP '2026-02-03 07:59:40.123987', NULL]", 'array', '["2026-02-03T07:59:40.123Z",null]'],
  ["[CAST('NaN' AS DOUBLE), 1.5]", 'array', '["NaN",1.5]'],
  ['[CAST(1.25 AS DECIMAL(4, 2))]', 'array', '[1.25]'],
  [`[[DATE '2026-02-03'], NULL, []]`, 'array', '[["2026-02-03"],null,[]]'],
  [`[['1', '[1]'], []]`, 'array', '[["1","[1]"],[]]'],
  [`[CAST('{"a":1}' AS JSON)]`, 'array', '["{\\"a\\":1}"]'],
  ["MAP {'b': 1, 'a': NULL}", 'map', '{"b":1,"a":null}'],
  ["MAP {1: 'x'}", 'map', '{"1":"x"}'],
  ["MAP {'d': DATE '2026-02-03'}", 'map', '{"d":"2026-02-03"}'],
  [
    "MAP {TIMESTAMP '2026-02-03 07:59:40': [CAST('Infinity' AS DOUBLE)]}",
    'map',
    '{"2026-02-03T07:59:40.000Z":["Infinity"]}',
  ],
  ['CAST(NULL AS MAP(VARCHAR, DATE))', 'map', 'null'],
  ["{'a': 1, 'b': 'x'}", 'row', '{"a":1,"b":"x"}'],
  ["row(1, 'x')", 'row', '{"field0":1,"field1":"x"}'],
  [
    "{'t': TIMESTAMP '2026-02-03 07:59:40', 'n': {'d': CAST(1.5 AS DECIMAL(3, 1))}}",
    'row',
    '{"t":"2026-02-03T07:59:40.000Z","n":{"d":1.5}}',
  ],
  ['CAST(NULL AS STRUCT(a DATE))', 'row', 'null'],
]

suite('the types of a result', () => {
  test('each is exact, in a page read from the file and in one rendered ahead', async context => {
    const fixture = await engineFixture(context)
    const names = cases.map((_, index) => `c${index}`)
    const selected = cases.map(([sql], index) => `${sql} AS c${index}`)
    const { outcome, resultFolder } = await fixture.run(`SELECT ${selected.join(', ')}`)
    if (outcome.kind === 'failed') return assert.fail(outcome.error.message)
    assert.deepEqual(
      outcome.columns,
      cases.map(([, type], index) => ({ name: names[index], type })),
    )
    const expected = `[{${cases.map(([, , json], index) => `"c${index}":${json}`).join(',')}}]`
    const result = { folder: resultFolder, columns: outcome.columns, rowCount: 1 }
    assert.equal((await fixture.engine.readResult(result, 0, 1)).json, expected)
    const rendered = join(resultFolder, 'first-page.ndjson')
    assert.equal(`[${readFileSync(rendered, 'utf8').trimEnd()}]`, expected)
    rmSync(rendered)
    assert.equal((await fixture.engine.readResult(result, 0, 1)).json, expected)
  })

  test('each is exact where a column holds many values', async context => {
    const fixture = await engineFixture(context)
    const selected = cases.map(([sql], index) => `CASE WHEN i % 2 = 0 THEN ${sql} END AS c${index}`)
    const ran = await fixture.run(`SELECT ${selected.join(', ')} FROM (VALUES (0), (1), (2)) AS t(i) ORDER BY i`)
    const { outcome } = ran
    if (outcome.kind === 'failed') return assert.fail(outcome.error.message)
    const full = `{${cases.map(([, , json], index) => `"c${index}":${json}`).join(',')}}`
    const empty = `{${cases.map((_, index) => `"c${index}":null`).join(',')}}`
    const result = { folder: ran.resultFolder, columns: outcome.columns, rowCount: 3 }
    assert.equal((await fixture.engine.readResult(result, 0, 3)).json, `[${full},${empty},${full}]`)
  })

  test('names survive: duplicates are numbered, letter case and quotes kept', async context => {
    const fixture = await engineFixture(context)
    const { outcome, resultFolder } = await fixture.run(
      'SELECT 1 AS a, 2 AS a, 3 AS a_1, 4 AS A, 5 AS "x""y", 6 AS "é \\ z"',
      {
        columnNames: ['a', 'a', 'a_1', 'A', 'x"y', 'é \\ z'],
      },
    )
    if (outcome.kind === 'failed') return assert.fail(outcome.error.message)
    const result = { folder: resultFolder, columns: outcome.columns, rowCount: 1 }
    assert.deepEqual(
      outcome.columns.map(column => column.name),
      ['a', 'a_2', 'a_1', 'A', 'x"y', 'é \\ z'],
    )
    assert.equal(
      (await fixture.engine.readResult(result, 0, 1)).json,
      '[{"a":1,"a_2":2,"a_1":3,"A":4,"x\\"y":5,"é \\\\ z":6}]',
    )
  })

  test('describe gives the same columns without a file', async context => {
    const fixture = await engineFixture(context)
    const view = { tenantId: 't', manifestVersion: 1, relations: [] }
    const request = { tenantId: 't', sql: `SELECT 1 AS a, DATE '2026-02-03' AS b`, columnNames: ['A', 'b'], view }
    const columns = await fixture.engine.describe(request, new AbortController().signal)
    assert.deepEqual(columns, [
      { name: 'A', type: 'int' },
      { name: 'b', type: 'date' },
    ])
  })
})
