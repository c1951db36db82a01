import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderRows } from '../../src/cli/table.ts'
import { parseExactJson } from '../../src/client/exact-json.ts'

const columns = [
  { name: 'name', type: 'string' },
  { name: 'n', type: 'long' },
]

test('a table aligns words left and numbers right', () => {
  const items = parseExactJson('[{"name":"漢字","n":7},{"name":null,"n":9223372036854775807}]') as []
  assert.equal(
    renderRows(columns, items, 80),
    [
      'name                    n',
      '────  ───────────────────',
      '漢字                    7',
      'null  9223372036854775807',
      '',
    ].join('\n'),
  )
})

test('no rows still show their columns', () => {
  assert.equal(renderRows(columns, [], 80), 'name  n\n────  ─\n')
})

test('long values are cut, lists are JSON, control characters do not act', () => {
  const items = [
    { name: 'x'.repeat(70), n: ['a', 1] },
    { name: '\u001b[31mred', n: true },
  ]
  const lines = renderRows(columns, items, 100).split('\n')
  assert.equal(lines[2], `${'x'.repeat(59)}…  ["a",1]`)
  assert.equal(lines[3], `${'\\u001b[31mred'.padEnd(60)}     true`)
})

test('what does not fit the terminal is a block a row', () => {
  const items = [{ name: 'abcdefghijklmnopqrstuvwxyz', n: 1 }]
  assert.equal(
    renderRows(columns, items, 24),
    ['── row 1 ───────────────', 'name  abcdefghijklmnopqrs…', 'n     1', ''].join('\n'),
  )
})
