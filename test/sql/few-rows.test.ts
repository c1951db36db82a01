import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepsFewRows } from '../../src/sql/few-rows.ts'
import { parseStatement } from '../../src/sql/parse.ts'

const base = "SELECT * FROM xdr_data WHERE query_name = 'processes'"

const cases: readonly (readonly [sql: string, isExpected: boolean])[] = [
  [`${base} ORDER BY calendar_time DESC LIMIT 1000`, true],
  ['SELECT path FROM "xdr_data" ORDER BY calendar_time LIMIT 2000', true],
  [`${base} AND calendar_time > now() - INTERVAL '1' DAY ORDER BY name LIMIT 10`, true],
  ["SELECT * FROM xdr_data x WHERE x.QUERY_NAME IN ('a', 'b') ORDER BY time LIMIT 10", true],
  [`${base} LIMIT 1000`, false],
  [`${base} ORDER BY calendar_time DESC`, false],
  [`${base} ORDER BY calendar_time DESC LIMIT 2001`, false],
  [`${base} ORDER BY calendar_time DESC OFFSET 10 LIMIT 10`, false],
  [`${base} AND name = 'x' ORDER BY calendar_time DESC LIMIT 10`, false],
  [`${base} AND name LIKE '%x%' ORDER BY calendar_time DESC LIMIT 10`, false],
  [`${base} AND NOT (name = 'x') ORDER BY calendar_time DESC LIMIT 10`, false],
  ['SELECT DISTINCT name FROM xdr_data ORDER BY name LIMIT 10', false],
  ['SELECT name, count(*) FROM xdr_data GROUP BY name ORDER BY 2 LIMIT 10', false],
  ['SELECT * FROM xdr_data a, xdr_data b ORDER BY a.name LIMIT 10', false],
  ['SELECT * FROM (SELECT * FROM xdr_data) ORDER BY name LIMIT 10', false],
  ['WITH p AS (SELECT * FROM xdr_data) SELECT * FROM p ORDER BY name LIMIT 10', false],
  ['SELECT * FROM xdr_data UNION ALL SELECT * FROM xdr_data ORDER BY name LIMIT 10', false],
  ['VALUES 1, 2 ORDER BY 1 LIMIT 1', false],
]

test('only a statement that sorts one relation as it is and keeps few rows keeps few rows', () => {
  for (const [sql, isExpected] of cases) assert.equal(keepsFewRows(parseStatement(sql)), isExpected, sql)
})
