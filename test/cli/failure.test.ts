import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failureOf, placeOf, pointAt, UsageError } from '../../src/cli/failure.ts'
import { AppError } from '../../src/model/errors.ts'

test('each failure is one sentence and a code', () => {
  assert.deepEqual(failureOf(new UsageError('no such flag')), { text: 'edr-lake: no such flag', exitCode: 2 })
  assert.deepEqual(failureOf(new AppError('not_found', 'no run x')), { text: 'edr-lake: no run x', exitCode: 1 })
  assert.deepEqual(failureOf(new AppError('canceled', 'canceled')), { text: 'edr-lake: stopped', exitCode: 130 })
  assert.deepEqual(failureOf(new TypeError('x is not a function')), {
    text: 'edr-lake: x is not a function',
    exitCode: 1,
  })
  assert.deepEqual(failureOf('thrown'), { text: 'edr-lake: thrown', exitCode: 1 })
  assert.equal(
    failureOf(new AppError('unauthenticated', 'Unauthorized')).text,
    'edr-lake: the lake does not accept these credentials (client id and secret, or a wrong address): Unauthorized',
  )
})

test("a server's words cannot act on the terminal", () => {
  assert.equal(failureOf(new AppError('internal', 'a\u001b[2J\nb')).text, 'edr-lake: a\\u001b[2J\\nb')
})

test('a place is read from the details of an error', () => {
  assert.deepEqual(placeOf({ line: 2, column: 8, length: 3 }), { line: 2, column: 8, length: 3 })
  assert.deepEqual(placeOf({ line: 2, column: 8 }), { line: 2, column: 8, length: 1 })
  for (const details of [undefined, {}, { line: 2 }, { line: 0, column: 1 }, { line: '2', column: 8 }]) {
    assert.equal(placeOf(details), undefined)
  }
})

test('carets stand under the place', () => {
  const sql = 'SELECT 1,\n\tnme FROM xdr_data'
  assert.equal(pointAt(sql, { line: 2, column: 2, length: 3 }), ['  2 |  nme FROM xdr_data', '    |  ^^^'].join('\n'))
  assert.equal(
    pointAt("SELECT '漢字', x", { line: 1, column: 14, length: 1 }),
    "  1 | SELECT '漢字', x\n    |                ^",
  )
  assert.equal(pointAt('SELECT', { line: 1, column: 7, length: 1 }), '  1 | SELECT\n    |       ^')
  assert.equal(pointAt('SELECT', { line: 9, column: 1, length: 1 }), undefined)
})
