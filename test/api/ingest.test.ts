import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseImportPosition } from '../../src/api/ingest.ts'

test('an import has an id and a first line, which is 1 unless said', () => {
  assert.equal(parseImportPosition({}), undefined)
  assert.deepEqual(parseImportPosition({ importId: 'a.b:c-D_9' }), { importId: 'a.b:c-D_9', firstLine: 1 })
  assert.deepEqual(parseImportPosition({ importId: 'x', firstLine: '1001' }), { importId: 'x', firstLine: 1001 })
})

test('ids that could be anything, lines that are none and lines without an import are refused', () => {
  for (const importId of ['a b', 'a/b', 'ä', 'x'.repeat(129)]) {
    assert.throws(() => parseImportPosition({ importId }), { code: 'invalid_argument' }, importId)
  }
  assert.throws(() => parseImportPosition({ importId: 'x', firstLine: '0' }), { code: 'invalid_argument' })
  assert.throws(() => parseImportPosition({ firstLine: '2' }), { message: 'firstLine needs importId' })
})
