import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { engineFixture } from '../../support/engine-fixtures.ts'

const sql = `SELECT CAST(NULL AS VARCHAR) AS "a ""1""", i AS b, CAST(NULL AS INTEGER) AS b, CASE WHEN i = 1 THEN 'x' END AS c,
  CAST(NULL AS INTEGER[]) AS d, {'e': CAST(NULL AS VARCHAR)} AS f, CAST(NULL AS DOUBLE) AS g FROM (VALUES (0), (1), (2)) AS t(i)`
const page =
  '[{"a \\"1\\"":null,"b":0,"b_1":null,"c":null,"d":null,"f":{"e":null},"g":null},' +
  '{"a \\"1\\"":null,"b":1,"b_1":null,"c":"x","d":null,"f":{"e":null},"g":null},' +
  '{"a \\"1\\"":null,"b":2,"b_1":null,"c":null,"d":null,"f":{"e":null},"g":null}]'

test('columns without a value are noted, and pages are the same with and without the note', async context => {
  const fixture = await engineFixture(context)
  const { outcome, resultFolder } = await fixture.run(sql)
  assert.equal(outcome.kind, 'succeeded')
  if (outcome.kind !== 'succeeded') return
  const note = join(resultFolder, 'empty-columns.json')
  // Not the array and the struct: what a null of theirs is, their elements do not say.
  assert.deepEqual(JSON.parse(readFileSync(note, 'utf8')), [0, 2, 6])
  const result = { folder: resultFolder, columns: outcome.columns, rowCount: 3 }
  const rendered = join(resultFolder, 'first-page.ndjson')
  assert.equal((await fixture.engine.readResult(result, 0, 3)).json, page)
  rmSync(rendered)
  assert.equal((await fixture.engine.readResult(result, 0, 3)).json, page)
  rmSync(note)
  assert.equal((await fixture.engine.readResult(result, 0, 3)).json, page)
  // A column that is said to be empty is not read: the note is what spares it.
  writeFileSync(note, '[1]')
  assert.match((await fixture.engine.readResult(result, 0, 1)).json, /"b":null/)
})
