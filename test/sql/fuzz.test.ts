import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AppError } from '../../src/model/errors.ts'
import { checkStatement } from '../../src/sql/check.ts'
import { tokenize } from '../../src/sql/parse/lexer.ts'
import { fixture, lakeSchema, now, openTestLake } from './lake.ts'

// Whatever arrives is accepted or refused with `invalid_argument`; what is accepted passes the second guard, so it
// reads nothing but the relations its scope names. A failure prints its seed.

const seeds: readonly string[] = [
  ...(JSON.parse(fixture('trino-probes.json')) as { sql: string }[]).map(probe => probe.sql),
  fixture('guide-query.sql'),
  "WITH a AS (SELECT * FROM xdr_data WHERE query_name = 'x') SELECT a.name, count(*) FROM a JOIN listening_ports p USING (pid) GROUP BY 1",
  "SELECT name FROM xdr_data, UNNEST(split(cmdline, ',')) AS u(v) WHERE EXISTS (SELECT 1 FROM xdr_data b WHERE b.pid = xdr_data.pid)",
]

const spice: readonly string[] = [
  ...[
    '(',
    ')',
    ',',
    '.',
    "'",
    '"',
    ';',
    '--',
    '/*',
    '*/',
    '$$',
    '*',
    '||',
    '::',
    '->',
    '[',
    ']',
    '{',
    '?',
    '=',
    '\u0000',
  ],
  ...[
    'SELECT',
    'FROM',
    'WITH',
    'AS',
    'UNION ALL',
    'xdr_data',
    '"/etc/passwd"',
    "'x.parquet'",
    'read_csv',
    'NULL',
    'INTO',
  ],
  ...[
    'COPY',
    'information_schema.tables',
    'duckdb_settings()',
    'RECURSIVE',
    'LATERAL',
    'UNNEST',
    'VALUES',
    'CAST',
    'TRY',
  ],
  ...[
    'constructor',
    '__proto__',
    '1e400',
    '-',
    '0',
    "U&'\\0041'",
    'OVER',
    'FILTER',
    'JOIN',
    'USING',
    'INTERVAL',
    '\u{1f600}',
  ],
]

/** One of the seeds with a few of its tokens dropped, doubled, swapped or replaced. */
const mutated = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.array(fc.tuple(fc.nat(200), fc.nat(3), fc.nat(200), fc.constantFrom(...spice)), { minLength: 1, maxLength: 4 }),
  )
  .map(([seed, edits]) => {
    const words = tokenize(seed).map(token => seed.slice(token.start, token.end))
    for (const [place, kind, other, word] of edits) {
      const at = place % words.length
      if (kind === 0) words.splice(at, 1)
      else if (kind === 1) words.splice(at, 0, word)
      else if (kind === 2) words[at] = words[other % words.length]!
      else words[at] = word
      if (words.length === 0) words.push('SELECT')
    }
    return words.join(' ')
  })

function accepted(template: string) {
  try {
    return checkStatement({ template, variables: [], schema: lakeSchema, now })
  } catch (thrown) {
    assert.ok(thrown instanceof AppError && thrown.code === 'invalid_argument', `${template}: ${String(thrown)}`)
    return undefined
  }
}

test('random text is refused, never anything worse', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 200 }), fc.string({ unit: 'binary', maxLength: 80 })), text => {
      accepted(text)
      accepted(`SELECT ${text}`)
      accepted(`SELECT name FROM xdr_data WHERE ${text}`)
    }),
    { numRuns: 500 },
  )
})

test('mutated statements are refused, or pass the second guard', async () => {
  const lake = await openTestLake()
  let runs = 0
  await fc.assert(
    fc.asyncProperty(mutated, async template => {
      const checked = accepted(template)
      if (checked === undefined) return
      runs++
      const names = checked.scope.relations.map(relation => relation.relation)
      await lake.guard(checked.duckdbSql, names)
    }),
    { numRuns: 1500 },
  )
  assert.ok(runs > 20, `only ${runs} mutations were accepted`)
})
