import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  booleanParameter,
  countParameter,
  listParameter,
  textParameter,
  wordParameter,
  wordsParameter,
} from '../../src/api/parameters.ts'

test('the first value that is not empty counts', () => {
  assert.equal(textParameter({ a: 'x' }, 'a'), 'x')
  assert.equal(textParameter({ a: ['', 'y', 'z'] }, 'a'), 'y')
  assert.equal(textParameter({ a: '' }, 'a'), undefined)
  assert.equal(textParameter({ '': 'key' }, 'a'), undefined)
})

test('booleans in any letter case', () => {
  for (const text of ['true', 'True', 'TRUE']) assert.equal(booleanParameter({ a: text }, 'a'), true)
  for (const text of ['false', 'False', 'FALSE', '']) assert.equal(booleanParameter({ a: text }, 'a'), false)
  assert.throws(() => booleanParameter({ a: '1' }, 'a'), { code: 'invalid_argument' })
})

test('lists repeated, comma separated and both', () => {
  assert.deepEqual(listParameter({ a: ['x,y', ' z ', ','] }, 'a'), ['x', 'y', 'z'])
  assert.deepEqual(listParameter({}, 'a'), [])
})

test('counts and words', () => {
  assert.equal(countParameter({ a: '007' }, 'a'), 7)
  assert.equal(countParameter({}, 'a'), undefined)
  assert.equal(countParameter({ a: '0' }, 'a', 0), 0)
  for (const [text, least] of [
    ['0', 1],
    ['-1', 0],
    ['1.5', 0],
    ['9999999999', 1],
  ] as const) {
    assert.throws(() => countParameter({ a: text }, 'a', least), {
      code: 'invalid_argument',
      message: `a is "${text}": must be a whole number from ${least}`,
    })
  }
  assert.equal(wordParameter({ a: 'asc' }, 'a', ['asc', 'desc']), 'asc')
  assert.deepEqual(wordsParameter({ a: 'asc,desc' }, 'a', ['asc', 'desc']), ['asc', 'desc'])
  assert.throws(() => wordParameter({ order: 'up' }, 'order', ['asc', 'desc']), {
    code: 'invalid_argument',
    message: 'order is "up": must be one of asc, desc',
  })
})
