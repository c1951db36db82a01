import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRunEnds } from '../../src/query/run-ends.ts'

test('whoever watches a run hears of its end, and of no other', () => {
  const ends = openRunEnds()
  const heard: string[] = []
  const stop = ends.watch('a', () => heard.push('first'))
  ends.watch('a', () => heard.push('second'))
  ends.watch('b', () => heard.push('other'))
  ends.tell('a')
  assert.deepEqual(heard, ['first', 'second'])
  stop()
  stop()
  ends.tell('a')
  ends.tell('nobody')
  assert.deepEqual(heard, ['first', 'second', 'second'])
})

test('a listener that stops while it is told does not silence the others', () => {
  const ends = openRunEnds()
  const heard: number[] = []
  const stop = ends.watch('a', () => {
    heard.push(1)
    stop()
  })
  ends.watch('a', () => heard.push(2))
  ends.tell('a')
  assert.deepEqual(heard, [1, 2])
})
