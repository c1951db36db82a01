import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { openTestLake, type TestLake } from './lake.ts'

let lake: TestLake

before(async () => {
  lake = await openTestLake()
})

const passes: readonly string[] = [
  'SELECT t1."name" FROM "xdr_data" AS t1',
  'WITH q1(c1) AS (SELECT 1 AS c1) SELECT q1.c1 FROM q1, "xdr_data"',
  `SELECT '{"type": "BASE_TABLE", "table_name": "x", "class": "FUNCTION", "function_name": "read_csv"}' AS c1`,
]

const refused: readonly (readonly [string, RegExp])[] = [
  ['SELECT 1; SELECT 2', /not one statement/],
  ['CREATE TABLE x (a int)', /cannot read/],
  ["COPY (SELECT 1) TO '/tmp/x'", /cannot read/],
  ['SELECT (', /cannot read/],
  ['SUMMARIZE "xdr_data"', /node of type/],
  ['DESCRIBE "xdr_data"', /node of type/],
  ['SHOW TABLES', /node of type|relation/],
  ['SELECT * FROM "listening_ports"', /relation 'listening_ports'/],
  ['SELECT * FROM "XDR_DATA"', /relation 'XDR_DATA'/],
  ['SELECT * FROM main."xdr_data"', /relation 'xdr_data'/],
  ['SELECT * FROM memory.main."xdr_data"', /relation 'xdr_data'/],
  ["SELECT * FROM '/etc/passwd'", /relation/],
  ["SELECT * FROM read_csv('/etc/passwd')", /node of type TABLE_FUNCTION/],
  ['SELECT * FROM range(5)', /node of type TABLE_FUNCTION/],
  ['SELECT * FROM duckdb_settings()', /node of type TABLE_FUNCTION/],
  ['FROM "xdr_data" SELECT getenv(\'HOME\')', /function 'getenv'/],
  ["SELECT current_setting('threads')", /function 'current_setting'/],
  ['SELECT pg_catalog.version()', /function 'version' of a schema/],
  ['SELECT hash(1)', /function 'hash'/],
  ['SELECT hash(1) OVER () FROM "xdr_data"', /function 'hash'/],
  ['WITH xdr_data AS (SELECT 1) SELECT * FROM "xdr_data"', /WITH hides relation 'xdr_data'/],
  ['SELECT * FROM "xdr_data" WHERE EXISTS (SELECT * FROM other)', /relation 'other'/],
  ['SELECT $1', /class PARAMETER/],
  ['SELECT COLLATE(1)', /cannot read|function/],
  ["SELECT 'a' COLLATE nocase", /class COLLATE/],
  ['PIVOT "xdr_data" ON name USING count(*)', /cannot read|node of type/],
  ['SELECT * FROM "xdr_data" AT (VERSION => 1)', /relation/],
]

for (const sql of passes) {
  test(`passes: ${sql.slice(0, 60)}`, async () => {
    await assert.doesNotReject(lake.guard(sql, ['xdr_data']))
  })
}

for (const [sql, reason] of refused) {
  test(`refused: ${sql.slice(0, 60)}`, async () => {
    await assert.rejects(lake.guard(sql, ['xdr_data']), { code: 'invalid_argument', message: reason })
  })
}
