import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { makeFairQueue } from '../../../src/engine/duckdb/fair-queue.ts'

suite('the fair queue', () => {
  test('takes turns between tenants, in order within one', () => {
    const queue = makeFairQueue<string>()
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) queue.add(item.charAt(0), item)
    assert.equal(queue.size, 6)
    const taken = Array.from({ length: 7 }, () => queue.take())
    assert.deepEqual(taken, ['a1', 'b1', 'c1', 'a2', 'b2', 'a3', undefined])
    assert.equal(queue.size, 0)
  })

  test('removes what waits, once', () => {
    const queue = makeFairQueue<string>()
    queue.add('a', 'a1')
    queue.add('a', 'a2')
    assert.equal(queue.remove('a', 'a1'), true)
    assert.equal(queue.remove('a', 'a1'), false)
    assert.equal(queue.remove('b', 'a2'), false)
    assert.deepEqual([queue.size, queue.take(), queue.take()], [1, 'a2', undefined])
  })
})
