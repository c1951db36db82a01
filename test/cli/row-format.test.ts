import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RowFormat, writePages } from '../../src/cli/row-format.ts'
import { parseExactJson } from '../../src/client/exact-json.ts'
import type { ResultItem, ResultPage } from '../../src/client/results.ts'
import { recordedEffects } from './recorded-effects.ts'

const columns = [
  { name: 'a', type: 'string' },
  { name: 'b', type: 'long' },
]

/** Pages that say how many of them were read. */
function pagesOf(...pages: readonly (readonly ResultItem[])[]) {
  const read: number[] = []
  async function* generate(): AsyncGenerator<ResultPage> {
    for (const [index, items] of pages.entries()) {
      read.push(index)
      yield { items, columns, rowCount: pages.flat().length }
    }
  }
  return { read, pages: generate() }
}

async function written(format: RowFormat, limit: number, ...pages: readonly (readonly ResultItem[])[]) {
  const { stdout } = recordedEffects()
  const source = pagesOf(...pages)
  const result = await writePages(stdout, format, source.pages, limit)
  return { text: stdout.text, read: source.read.length, ...result }
}

const big = parseExactJson('{"a":"x","b":9223372036854775807}') as ResultItem

test('ndjson is one object a line, over all pages, with every digit', async () => {
  assert.deepEqual(await written('ndjson', Number.POSITIVE_INFINITY, [{ a: 'é', b: null }], [big]), {
    text: '{"a":"é","b":null}\n{"a":"x","b":9223372036854775807}\n',
    read: 2,
    rows: 2,
    total: 2,
  })
})

test('json is one array, also without rows', async () => {
  const { text } = await written('json', 10, [{ a: '1', b: 1 }], [big])
  assert.equal(text, '[\n  {"a":"1","b":1},\n  {"a":"x","b":9223372036854775807}\n]\n')
  assert.deepEqual(JSON.parse((await written('json', 10, [])).text), [])
})

test('csv quotes what it must and tells null from an empty text', async () => {
  const rows = [
    { a: 'say "hi", you', b: 1 },
    { a: '', b: null },
    { a: 'two\nlines', b: ['x'] },
  ]
  assert.equal(
    (await written('csv', 10, rows, [big])).text,
    'a,b\n"say ""hi"", you",1\n"",\n"two\nlines","[""x""]"\nx,9223372036854775807\n',
  )
  assert.equal((await written('csv', 10, [])).text, 'a,b\n')
})

test('a limit cuts a page and reads no further one', async () => {
  const page = [
    { a: '1', b: 1 },
    { a: '2', b: 2 },
  ]
  const result = await written('ndjson', 3, page, page, page)
  assert.deepEqual([result.rows, result.total, result.read], [3, 6, 2])
  assert.equal((await written('ndjson', 2, page, page)).read, 1)
})

test('a table holds its rows to the end', async () => {
  const { text } = await written('table', 10, [{ a: 'x', b: 1 }], [{ a: 'longer', b: 22 }])
  assert.equal(text, 'a        b\n──────  ──\nx        1\nlonger  22\n')
})
