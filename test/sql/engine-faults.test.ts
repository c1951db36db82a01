import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDifferentialLake } from '../trino/lake.ts'

// Where the engine itself answers wrongly, crashes or cannot bind, and what is printed instead. The values are Trino's.

const cases: readonly (readonly [string, readonly (readonly unknown[])[]])[] = [
  // Beside a constant past all values the engine takes date_trunc to be never NULL.
  ["SELECT count(*) FROM samples WHERE date_trunc('year', ts2) <> DATE '1500-01-01'", [['13']]],
  // After a row that fails, the engine's TRY goes on with what COALESCE remembers of it.
  [
    `SELECT TRY(coalesce(CAST(CAST(n AS double) AS decimal(12,3)) % 1.1, CASE WHEN b THEN 1.5
      ELSE CAST(TRY_CAST(path AS double) AS decimal(12,3)) END)) FROM samples WHERE id IN (5, 9, 10)`,
    [['1.000'], [null], ['0.400']],
  ],
  // A lambda beside a table sees none of its columns.
  [
    "SELECT w FROM samples s CROSS JOIN UNNEST(filter(split(list, ','), x -> x <> s.s)) AS t(w) WHERE id = 6",
    [['b'], ['a'], ['b']],
  ],
  [
    "SELECT o.id, w FROM samples a JOIN others o ON a.id = o.id, UNNEST(array_distinct(split(a.list, ','))) t(w) WHERE o.id < 2",
    [
      ['1', 'a'],
      ['1', 'b'],
      ['1', 'c'],
    ],
  ],
]

test('faults of the engine do not show', async () => {
  const lake = await openDifferentialLake()
  const sorted = (rows: readonly (readonly unknown[])[]) => rows.map(row => JSON.stringify(row)).sort()
  for (const [sql, expected] of cases) {
    const answer = await lake.answer(sql)
    assert.ok(answer.kind === 'rows', `${sql}: ${JSON.stringify(answer)}`)
    assert.deepEqual(sorted(answer.rows), sorted(expected), sql)
  }
  lake.close()
})
