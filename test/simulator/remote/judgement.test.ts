import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { openAnswerCache } from '../../../src/simulator/remote/answer-cache.ts'
import { judgeAnswer } from '../../../src/simulator/remote/judgement.ts'

const refused = (reason: string, isNodeInvalid = false) => ({ isSuccess: false, reason, isNodeInvalid })

test('the body decides', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['', { isSuccess: true, json: {}, isEmpty: true }],
    ['{}', { isSuccess: true, json: {}, isEmpty: false }],
    ['{"node_key":"k"}', { isSuccess: true, json: { node_key: 'k' }, isEmpty: false }],
    ['[]', { isSuccess: true, json: [], isEmpty: false }],
    ['"fine"', { isSuccess: true, json: 'fine', isEmpty: false }],
    [' ', refused('the answer is no JSON')],
    ['<html>502</html>', refused('the answer is no JSON')],
    ['{"a":1', refused('the answer is no JSON')],
    ['{} {}', refused('the answer is no JSON')],
    ['{"error":"no"}', refused('no')],
    ['{"error":""}', refused('')],
    ['{"error":null}', refused('<unknown>')],
    ['{"error":false,"node_key":"k"}', refused('<unknown>')],
    ['{"node_invalid":true}', refused('invalid node key: <unknown>', true)],
    ['{"node_invalid":true,"error":"gone"}', refused('invalid node key: gone', true)],
    ['{"node_invalid":false}', { isSuccess: true, json: { node_invalid: false }, isEmpty: false }],
    // Only a real boolean counts.
    ['{"node_invalid":"true"}', { isSuccess: true, json: { node_invalid: 'true' }, isEmpty: false }],
    ['{"node_invalid":1,"error":"x"}', refused('x')],
  ]
  for (const [body, expected] of cases) assert.deepEqual(judgeAnswer(Buffer.from(body)), expected, body)
})

test('what is packed unasked is no JSON', () => {
  assert.deepEqual(judgeAnswer(gzipSync('{}')), refused('the answer is no JSON'))
})

test('a long answer that came before is the same object; a short or another one is not', () => {
  const parse = openAnswerCache()
  const long = JSON.stringify({ options: 'x'.repeat(600) })
  assert.equal(parse(Buffer.from(long)), parse(Buffer.from(long)))
  assert.notEqual(parse(Buffer.from(long.replace('xx', 'xy'))), parse(Buffer.from(long)))
  assert.notEqual(parse(Buffer.from('{}')), parse(Buffer.from('{}')))
  assert.equal(parse(Buffer.from('<'.repeat(600))), undefined)
  for (let n = 0; n < 100; n += 1) parse(Buffer.from(JSON.stringify({ n, options: 'x'.repeat(600) })))
  assert.deepEqual(parse(Buffer.from(long)), JSON.parse(long))
})
