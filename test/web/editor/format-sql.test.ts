import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { formatSql } from '../../../web/src/editor/format-sql.ts'
import { scanStatement } from '../../../web/src/editor/statement-scan.ts'

const golden: readonly (readonly [what: string, before: string, after: string])[] = [
  ['one short column stays on its line', 'select  count(*)   from xdr_data', 'SELECT count(*)\nFROM xdr_data\n'],
  ['a list gets a line an item', 'select a, b from t', 'SELECT\n  a,\n  b\nFROM t\n'],
  [
    'conditions begin lines, BETWEEN keeps its AND',
    "select a from t where x between 1 and 5 and y like '%a  b%' or z = -1",
    "SELECT a\nFROM t\nWHERE x BETWEEN 1 AND 5\n  AND y LIKE '%a  b%'\n  OR z = -1\n",
  ],
  [
    'sub-queries are indented',
    'select a from (select b from t) s join u on u.b = s.b',
    'SELECT a\nFROM (\n  SELECT b\n  FROM t\n) s\nJOIN u ON u.b = s.b\n',
  ],
  [
    'a comment keeps the rest of its line',
    'select a, -- first\n b from t --- end',
    'SELECT\n  a,\n  -- first\n  b\nFROM t --- end\n',
  ],
  [
    'columns called like keywords keep their case',
    'select time, t.date as "Day" from t',
    'SELECT\n  time,\n  t.date AS "Day"\nFROM t\n',
  ],
]

test('statements are laid out', () => {
  for (const [what, before, after] of golden) assert.equal(formatSql(before), after, what)
})

test('what is laid out once stays as it is', () => {
  for (const [what, , after] of golden) assert.equal(formatSql(after), after, what)
})

test('no token changes, but for the case of keywords', () => {
  const guide = readFileSync(new URL('../../e2e/guide-query.sql', import.meta.url), 'utf8')
  const words = (text: string): string[] => scanStatement(text).map(token => token.text.trimEnd().toLowerCase())
  assert.notEqual(formatSql(guide), guide)
  assert.deepEqual(words(formatSql(guide)), words(guide))
})

test('a text that is not closed is left alone', () => {
  for (const text of ["select 'a", 'select "a', 'select /* a', '']) assert.equal(formatSql(text).trim(), text)
})
