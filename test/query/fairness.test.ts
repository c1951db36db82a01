import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { until } from '../support/engine-fixtures.ts'
import { queriesFixture, sharedSqlThread } from '../support/queries.ts'
import { caller } from '../support/runs.ts'

const sqlThread = sharedSqlThread()
after(() => sqlThread.close())

/** Runs until it is stopped. */
const endless = `WITH d AS (SELECT x FROM (VALUES 0, 1, 2, 3, 4, 5, 6, 7, 8, 9) AS t (x))
  SELECT count(a.x + b.x * c.x) AS n FROM ${[...'abcdefghijklmno'].map(name => `d AS ${name}`).join(', ')}`

suite('runs of several tenants', () => {
  test("a tenant's tenth run does not keep another's first waiting", async context => {
    const fixture = await queriesFixture(context, sqlThread)
    const queries = fixture.open({ runsAtOnce: 1 })
    const order: string[] = []
    const ended: Promise<unknown>[] = []
    const start = async (tenantId: string, template: string) => {
      const { id } = await queries.start(caller(tenantId), { template, window: {} })
      ended.push(fixture.ended(queries, tenantId, id).then(({ state }) => order.push(`${tenantId} ${state}`)))
      return id
    }
    const first = await start('busy', endless)
    await until(() => queries.progressOf(first) !== undefined)
    for (let index = 2; index <= 10; index += 1) await start('busy', `SELECT ${index} AS n`)
    await start('new', 'SELECT 1 AS n')
    await queries.cancel('busy', first)
    await Promise.all(ended)
    assert.deepEqual(order, ['busy canceled', 'new succeeded', ...Array.from({ length: 9 }, () => 'busy succeeded')])
  })
})
