import assert from 'node:assert/strict'
import test from 'node:test'
import { marksOf, refusalMark } from '../../../web/src/editor/marks.ts'

test('errors and warnings become marks; the hint is said once', () => {
  const errors = [
    { message: "column 'a' does not exist", offset: 7, length: 1, hint: "did you mean 'b'?" },
    { message: "no 'x'; did you mean 'y'?", hint: "did you mean 'y'?", offset: 2, length: 3 },
  ]
  assert.deepEqual(marksOf(errors, [{ code: 'w', message: 'every row is read' }]), [
    { severity: 'error', message: "column 'a' does not exist\ndid you mean 'b'?", offset: 7, length: 1 },
    { severity: 'error', message: "no 'x'; did you mean 'y'?", offset: 2, length: 3 },
    { severity: 'warning', message: 'every row is read', offset: 0, length: 1 },
  ])
})

test('a refusal without a place has no mark', () => {
  assert.equal(refusalMark('too many runs', {}), undefined)
  assert.deepEqual(refusalMark('m', { offset: 4 }), { severity: 'error', message: 'm', offset: 4, length: 1 })
})
