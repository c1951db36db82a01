import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isExactNumber, parseExactJson } from '../../src/client/exact-json.ts'

test('every digit of a 64-bit integer survives', () => {
  const text = '{"big":9223372036854775807,"negative":-9007199254740993,"list":[9007199254740992],"small":5}'
  assert.equal(JSON.stringify(parseExactJson(text)), text)
  const { big, small } = parseExactJson(text) as Record<string, unknown>
  assert.ok(isExactNumber(big))
  assert.equal(big.rawJSON, '9223372036854775807')
  assert.equal(small, 5)
})

test('safe integers, fractions and digits inside strings stay what they are', () => {
  const text = '{"safe":9007199254740991,"half":0.12345678901234567,"text":"9223372036854775807"}'
  assert.deepEqual(parseExactJson(text), JSON.parse(text))
})

test('broken JSON throws', () => {
  assert.throws(() => parseExactJson('{"a":12345678901234567'), SyntaxError)
})
