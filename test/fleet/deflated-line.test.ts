import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateText, inflateText } from '../../src/fleet/deflated-line.ts'

test('texts of every size come back as they were', async () => {
  const texts = ['', '{}', 'ü😀\u0000', 'x'.repeat(32 * 1024), 'y'.repeat(32 * 1024 + 1), '\u0001é'.repeat(300_000)]
  for (const text of texts) assert.equal(await inflateText(await deflateText(text)), text)
})

test('bytes that are none are refused', async () => {
  await assert.rejects(inflateText(Buffer.from('no')))
  await assert.rejects(inflateText(Buffer.alloc(5_000)))
})
