import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/model/errors.ts'
import type { QueryVariable, VariableType } from '../../src/model/query-run.ts'
import { checkStatement } from '../../src/sql/check.ts'
import { substituteVariables } from '../../src/sql/variables.ts'
import { lakeSchema, now } from './lake.ts'

function variable(name: string, value: string | undefined, dataType: VariableType = 'text'): QueryVariable {
  return value === undefined ? { name, dataType } : { name, dataType, value }
}

const put = (template: string, ...variables: QueryVariable[]) => substituteVariables(template, variables).text

test('values stand where the template has them', () => {
  assert.equal(put("LIKE '$$a b$$'", variable('a b', '%x%')), "LIKE '%x%'")
  assert.equal(put("LIKE '%$$Path (1).x-y$$%'", variable('Path (1).x-y', 'C:\\')), "LIKE '%C:\\%'")
  assert.equal(put('LIMIT $$n$$', variable('n', '10', 'integer')), 'LIMIT 10')
  assert.equal(put('x > $$n$$', variable('n', '-1.5', 'double')), 'x >  -1.5')
  assert.equal(put("INTERVAL '$$days$$' DAY", variable('days', '7', 'integer')), "INTERVAL '7' DAY")
  assert.equal(
    put('t > $$from$$', variable('from', '2024-05-01T10:00:00Z', 'dateTime')),
    "t > TIMESTAMP '2024-05-01 10:00:00 UTC'",
  )
  assert.equal(put('x = $$b$$', variable('b', 'TRUE', 'boolean')), 'x = TRUE')
  assert.equal(put('$$n$$', variable('n', '42')), ' 42')
})

test('quotes cannot be escaped from', () => {
  assert.equal(put("'$$v$$'", variable('v', "x' OR '1'='1")), "'x'' OR ''1''=''1'")
  assert.equal(put('"$$v$$"', variable('v', 'a"b')), '"a""b"')
  assert.equal(put("'it''s $$v$$'", variable('v', "'")), "'it''s '''")
})

test('comments are left alone, whatever they mention', () => {
  const template = "SELECT 1 -- $$gone$$ it's\n, 2 /* $$gone$$ ' */, '$$v$$'"
  assert.equal(put(template, variable('v', 'a\n--b')), "SELECT 1 -- $$gone$$ it's\n, 2 /* $$gone$$ ' */, 'a\n--b'")
})

test('a value is never read as a template again', () => {
  assert.equal(put("'$$a$$'", variable('a', '$$b$$'), variable('b', 'x')), "'$$b$$'")
})

const refusals: readonly (readonly [string, readonly QueryVariable[], string])[] = [
  ["SELECT '$$v$$'", [], "line 1:9: variable 'v' has no value; no variable has a value"],
  ["SELECT '$$V$$'", [variable('v', 'x')], "line 1:9: variable 'V' has no value; did you mean 'v'?"],
  [
    'SELECT $$v$$',
    [variable('v', '1; DROP')],
    "line 1:8: variable 'v' is text and must stand in quotes; write '$$v$$', or declare it as integer, double, boolean or dateTime",
  ],
  ['SELECT $$v$$', [variable('v', 'x', 'integer')], "line 1:8: variable 'v' is integer: 'x' is not a whole number"],
  ["SELECT '$$v$$'", [variable('v', '1e', 'double')], "line 1:9: variable 'v' is double: '1e' is not a number"],
  ['SELECT $$v$$', [variable('v', 'yes', 'boolean')], "line 1:8: variable 'v' is boolean: 'yes' is not true or false"],
  [
    'SELECT $$v$$',
    [variable('v', "2024-05-01' OR '", 'dateTime')],
    "line 1:8: variable 'v' is dateTime: '2024-05-01' OR '' is not a date or time such as 2024-05-01T13:04:05Z",
  ],
]

for (const [template, variables, message] of refusals) {
  test(`refused: ${message.slice(0, 70)}`, () => {
    assert.throws(() => checkStatement({ template, variables, schema: lakeSchema, now }), new AppErrorMatch(message))
  })
}

class AppErrorMatch extends RegExp {
  constructor(message: string) {
    super(message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  }
}

test('positions are those of the template, before and after a value', () => {
  const template = "SELECT '$$v$$', nope FROM xdr_data"
  try {
    checkStatement({ template, variables: [variable('v', 'a long value with lines\n\n')], schema: lakeSchema, now })
    assert.fail('accepted')
  } catch (thrown) {
    assert.ok(thrown instanceof AppError)
    assert.equal(thrown.details?.['offset'], template.indexOf('nope'))
    assert.equal(thrown.details?.['length'], 4)
  }
})
