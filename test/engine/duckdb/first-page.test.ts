import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { engineFixture, until } from '../../support/engine-fixtures.ts'

// The first page is rendered behind the answer to its run, and most clients ask for it at once.

async function ranOver(context: TestContext, rows: number) {
  const fixture = await engineFixture(context)
  const sql = `SELECT i, 'text ' || i AS text FROM (SELECT UNNEST(range(${rows})) AS i) ORDER BY i`
  const { outcome, resultFolder } = await fixture.run(sql)
  assert.ok(outcome.kind === 'succeeded', JSON.stringify(outcome))
  const result = { folder: resultFolder, columns: outcome.columns, rowCount: outcome.rowCount }
  return { fixture, result, rendered: join(resultFolder, 'first-page.ndjson') }
}

suite('the first page of a result', () => {
  test('asked for at once it is the one that the run renders', async context => {
    const { fixture, result, rendered } = await ranOver(context, 2000)
    const page = await fixture.engine.readResult(result, 0, 2000)
    assert.equal(`[${readFileSync(rendered, 'utf8').trimEnd().replaceAll('\n', ',')}]`, page.json)
    assert.equal((JSON.parse(page.json) as unknown[]).length, 2000)
  })

  test('it comes all the same when the worker dies before it is rendered', async context => {
    const { fixture, result } = await ranOver(context, 2000)
    for (const pid of fixture.childPids()) process.kill(pid, 'SIGKILL')
    const page = await fixture.engine.readResult(result, 0, 2)
    assert.equal(page.json, '[{"i":0,"text":"text 0"},{"i":1,"text":"text 1"}]')
  })

  test('a page behind it waits for nothing', async context => {
    const { fixture, result, rendered } = await ranOver(context, 3000)
    assert.equal((await fixture.engine.readResult(result, 2999, 1)).json, '[{"i":2999,"text":"text 2999"}]')
    await until(() => existsSync(rendered))
  })
})
