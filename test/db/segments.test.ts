import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '../../src/db/db.ts'
import { shortenSegment } from '../../src/db/segments.ts'
import { findSegment, openSegment, sealSegment } from '../../src/lake/catalog.ts'

test('a sealed segment is shortened, an open one is not', async () => {
  const store = openStore(':memory:')
  const content = { frames: 3, lines: 9, bytes: 700 }
  const less = { frames: 1, lines: 2, bytes: 90 }
  const { number } = await openSegment(store, 't', 1)
  await shortenSegment(store, number, less)
  assert.equal((await findSegment(store, number))?.frames, undefined)
  await sealSegment(store, number, content, 2)
  await shortenSegment(store, number, less)
  const { frames, lines, bytes, state } = (await findSegment(store, number))!
  assert.deepEqual({ frames, lines, bytes, state }, { ...less, state: 'sealed' })
  await store.destroy()
})
