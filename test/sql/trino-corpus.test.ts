import assert from 'node:assert/strict'
import { test } from 'node:test'
import { functionCatalogue } from '../../src/sql/functions.ts'
import { type Expected, judge } from '../trino/judge.ts'
import { openDifferentialLake } from '../trino/lake.ts'
import { fixture } from './lake.ts'

// What a live Trino answered, kept by `npm run test:trino -- --write`. Here the answers must be the same ever after.

interface CorpusCase {
  readonly about: string
  readonly sql: string
  readonly isOrdered: boolean
  readonly expected: Expected
}

const corpus: { readonly trino: string; readonly cases: readonly CorpusCase[] } = JSON.parse(
  fixture('trino-corpus.json'),
)

test('every case of the corpus gives what live Trino gave', async t => {
  const lake = await openDifferentialLake()
  const wrong: string[] = []
  for (const { sql, isOrdered, expected } of corpus.cases) {
    const actual = await lake.answer(sql, 'types' in expected ? expected.types : undefined)
    const verdict = judge(expected, actual, isOrdered)
    if (verdict.kind !== 'agrees') wrong.push(`${sql} => ${verdict.message}`)
  }
  lake.close()
  t.diagnostic(`${corpus.cases.length} answers of Trino ${corpus.trino}`)
  assert.deepEqual(wrong, [])
  assert.ok(corpus.cases.length > 1000)
})

/** Written without parentheses, or as syntax of its own. */
const written: Readonly<Record<string, string>> = { current_date: 'current_date', grouping: 'grouping' }

test('every function that works has an answer of live Trino', () => {
  const texts = corpus.cases.flatMap(({ sql, expected }) => ('error' in expected ? [] : [sql.toLowerCase()]))
  const working = functionCatalogue.filter(entry => entry.how !== 'refused').map(entry => entry.name)
  const missing = working.filter(name => !texts.some(text => text.includes(written[name] ?? `${name}(`)))
  assert.deepEqual(missing, [])
})
