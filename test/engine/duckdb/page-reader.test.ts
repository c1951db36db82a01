import assert from 'node:assert/strict'
import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { resultFileName } from '../../../src/engine/duckdb/result-files.ts'
import { type EngineFixture, engineFixture } from '../../support/engine-fixtures.ts'

// Pages behind the first, which a page reader reads from the result's file.

async function resultOf(fixture: EngineFixture, name: string) {
  const sql = `SELECT i, '${name}' AS name FROM (SELECT UNNEST(range(5000)) AS i) ORDER BY i`
  const { outcome, resultFolder } = await fixture.run(sql)
  assert.ok(outcome.kind === 'succeeded', JSON.stringify(outcome))
  return { folder: resultFolder, columns: outcome.columns, rowCount: outcome.rowCount }
}

suite('pages of results', () => {
  test('of several results in turn, each reader follows', async context => {
    const fixture = await engineFixture(context)
    const results = [await resultOf(fixture, 'a'), await resultOf(fixture, 'b'), await resultOf(fixture, 'c')]
    for (const row of [2500, 4998, 3000, 2001]) {
      for (const [index, result] of [...results, ...results.toReversed()].entries()) {
        const name = ['a', 'b', 'c', 'c', 'b', 'a'][index]
        const { json } = await fixture.engine.readResult(result, row, 1)
        assert.equal(json, `[{"i":${row},"name":"${name}"}]`)
      }
    }
    // Several at once: more than there are readers.
    const pages = await Promise.all(
      [...results, ...results].map(result => fixture.engine.readResult(result, 2000, 1000)),
    )
    assert.deepEqual(
      pages.map(({ rowCount, json }) => [rowCount, json.slice(0, 21)]),
      ['a', 'b', 'c', 'a', 'b', 'c'].map(name => [1000, `[{"i":2000,"name":"${name}"`]),
    )
  })

  test('a damaged result fails, also one that is being paged through, and others go on', async context => {
    const fixture = await engineFixture(context)
    const [damaged, whole] = [await resultOf(fixture, 'a'), await resultOf(fixture, 'b')]
    assert.equal((await fixture.engine.readResult(damaged, 4000, 10)).rowCount, 10)
    truncateSync(join(damaged.folder, resultFileName), 100)
    for (let turn = 0; turn < 3; turn += 1) {
      await assert.rejects(fixture.engine.readResult(damaged, 4500, 10), {
        code: 'internal',
        message: 'the result of the run could not be read',
      })
      assert.equal((await fixture.engine.readResult(whole, 4999, 1)).json, '[{"i":4999,"name":"b"}]')
    }
  })
})
