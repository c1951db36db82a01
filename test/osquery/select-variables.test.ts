import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { AppError } from '../../src/model/errors.ts'
import type { QueryVariable } from '../../src/model/query-run.ts'
import { fillVariables, variableNames } from '../../src/osquery/select-variables.ts'
import { randomOf } from '../fuzz/random.ts'

const text = (name: string, value?: string): QueryVariable => ({
  name,
  dataType: 'text',
  ...(value === undefined ? {} : { value }),
})

test('values become literals where they stand', () => {
  const cases: readonly (readonly [string, QueryVariable, string])[] = [
    ["name LIKE '%$$x$$%'", text('x', "o'brien"), "name LIKE '%o''brien%'"],
    ['name = $$x$$', text('x', "o'brien"), "name = 'o''brien'"],
    ['"$$x$$"', text('x', 'a"b'), '"a""b"'],
    ['`$$x$$`', text('x', 'a`b'), '`a``b`'],
    ['[$$x$$]', text('x', 'a b'), '[a b]'],
    ["'it''s $$x$$'", text('x', "'"), "'it''s '''"],
    ['pid = $$x$$', { name: 'x', dataType: 'integer', value: ' 42 ' }, 'pid = 42'],
    ['1-$$x$$', { name: 'x', dataType: 'integer', value: '-5' }, '1- -5'],
    ['size > $$x$$', { name: 'x', dataType: 'double', value: '1.5e3' }, 'size > 1.5e3'],
    ['on_disk = $$x$$', { name: 'x', dataType: 'boolean', value: 'TRUE' }, 'on_disk = 1'],
    ['on_disk = $$x$$', { name: 'x', dataType: 'boolean', value: 'false' }, 'on_disk = 0'],
    ['time > $$x$$', { name: 'x', dataType: 'dateTime', value: '2026-02-03T08:14:55.900Z' }, 'time > 1770106495'],
    ['time > $$x$$', { name: 'x', dataType: 'dateTime', value: '2026-02-03 08:14:55' }, 'time > 1770106495'],
    ['time > $$x$$', { name: 'x', dataType: 'dateTime', value: '2026-02-03' }, 'time > 1770076800'],
    ["day = '$$x$$'", { name: 'x', dataType: 'dateTime', value: '2026-02-03' }, "day = '2026-02-03'"],
    ['$$Source IP (v4.0)$$', text('Source IP (v4.0)', '10.0.0.1'), "'10.0.0.1'"],
    ['a -- $$y$$\n= $$x$$ /* $$z$$ */', text('x', '1\n2'), "a -- $$y$$\n= '1\n2' /* $$z$$ */"],
    ['a$b $$x$$ $', text('x', 'v'), "a$b 'v' $"],
  ]
  for (const [template, variable, expected] of cases) assert.equal(fillVariables(template, [variable]), expected)
})

test('what has no fitting value is refused with its place', () => {
  const cases: readonly (readonly [string, readonly QueryVariable[], string])[] = [
    ['SELECT\n $$x$$', [], "line 2:2: variable 'x' has no value"],
    ["SELECT '$$x$$'", [text('x')], "line 1:9: variable 'x' has no value"],
    [
      'SELECT $$x$$',
      [{ name: 'x', dataType: 'integer', value: '1 OR 1' }],
      `line 1:8: variable 'x' is integer: "1 OR 1" is not a whole number`,
    ],
    [
      "SELECT '$$x$$'",
      [{ name: 'x', dataType: 'integer', value: 'x' }],
      `line 1:9: variable 'x' is integer: "x" is not a whole number`,
    ],
    [
      'SELECT $$x$$',
      [{ name: 'x', dataType: 'double', value: '.' }],
      `line 1:8: variable 'x' is double: "." is not a number`,
    ],
    [
      'SELECT $$x$$',
      [{ name: 'x', dataType: 'boolean', value: 'yes' }],
      `line 1:8: variable 'x' is boolean: "yes" is not true or false`,
    ],
    [
      'SELECT $$x$$',
      [{ name: 'x', dataType: 'dateTime', value: '2026-13-01' }],
      `line 1:8: variable 'x' is dateTime: "2026-13-01" is not a time such as 2026-05-01T13:04:05Z`,
    ],
    ['SELECT [$$x$$]', [text('x', 'a]b')], "line 1:9: variable 'x' cannot hold ] in a name in brackets"],
    ["SELECT '$$x$$'", [text('x', 'a\u0000b')], "line 1:9: variable 'x' holds a NUL character"],
  ]
  for (const [template, variables, message] of cases) {
    const isRefused = (error: unknown) =>
      error instanceof AppError && error.code === 'invalid_argument' && error.message === message
    assert.throws(() => fillVariables(template, variables), isRefused, message)
  }
})

test('the variables a query needs', () => {
  assert.deepEqual(variableNames("SELECT $$a$$, '$$b c$$' -- $$no$$\n/* $$no$$ */ FROM t WHERE $$a$$"), ['a', 'b c'])
  assert.deepEqual(variableNames('SELECT 1'), [])
})

test('whatever a value holds, the engine reads it back as it was', () => {
  const random = randomOf(3)
  const database = new DatabaseSync(':memory:')
  const pieces = ["'", '"', '--', '/*', '*/', ';', '\\', '\n', '$$x$$', 'DROP TABLE', 'ü', '😀', ' ', '%', '`', ']']
  for (let round = 0; round < 3_000; round++) {
    const value = Array.from({ length: random.int(6) }, () => random.pick(pieces)).join('')
    const sql = fillVariables(`SELECT '<$$x$$>' AS quoted, $$x$$ AS bare, 1 AS "n$$x$$"`, [text('x', value)])
    assert.deepEqual({ ...database.prepare(sql).get() }, { quoted: `<${value}>`, bare: value, [`n${value}`]: 1 })
  }
})
