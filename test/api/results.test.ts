import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderResultPage } from '../../src/api/results.ts'

const pages = { size: 50, maxSize: 2000, total: 1, items: 1 }

test('rows go in as they are: numbers JavaScript cannot hold, and doubled keys, survive', () => {
  const itemsJson = '[{"n":9007199254740993,"n":1.0,"x":null}]'
  const text = renderResultPage({ itemsJson, columns: [{ name: 'n"', type: 'long' }], pages, truncated: undefined })
  const expected =
    `{"items":${itemsJson},"metadata":{"columns":[{"name":"n\\"","type":"long"}]},` +
    '"pages":{"size":50,"maxSize":2000,"total":1,"items":1}}'
  assert.equal(text, expected)
})

test('an empty result still has its columns; a cut one says so', () => {
  const columns = [{ name: 'a', type: 'string' }] as const
  const truncated = { reason: 'rowsMax', limit: 1 } as const
  assert.deepEqual(JSON.parse(renderResultPage({ itemsJson: '[]', columns, pages, truncated })), {
    items: [],
    metadata: { columns },
    pages,
    truncated,
  })
})
