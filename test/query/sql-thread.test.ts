import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { silentLog } from '../../src/model/log.ts'
import { openSqlThread } from '../../src/query/sql-thread.ts'
import { now } from '../support/runs.ts'

const input = (template: string) => ({
  template,
  variables: [],
  schema: { tables: [], queryNames: [], envelope: [] },
  now,
})

suite('the SQL thread', () => {
  test('checks texts in order, refusals with their position', async context => {
    const thread = openSqlThread({ log: silentLog, checkMsMax: 5_000 })
    context.after(() => thread.close())
    const [first, second] = await Promise.all([
      thread.check(input('SELECT 1 AS one')),
      thread.check(input('SELECT 2 AS two')),
    ])
    assert.deepEqual([first?.columnNames, second?.columnNames], [['one'], ['two']])
    await assert.rejects(thread.check(input('SELECT\n  nothing AS x')), error => {
      const { code, details } = error as { code: string; details: { line: number } }
      assert.deepEqual([code, details.line], ['invalid_argument', 2])
      return true
    })
  })

  test('a text that takes too long is refused, and the next one is read by a new thread', async context => {
    const warnings: unknown[] = []
    const log = { ...silentLog, warn: (facts: unknown) => warnings.push(facts) }
    const thread = openSqlThread({ log, checkMsMax: 1 })
    context.after(() => thread.close())
    const slow = `SELECT ${Array.from({ length: 3000 }, (_, index) => `${index} AS c${index}`).join(', ')}`
    await assert.rejects(thread.check(input(slow)), {
      code: 'invalid_argument',
      message: 'the statement is too complicated: it could not be read in time',
    })
    await assert.rejects(thread.check(input(slow)), { code: 'invalid_argument' })
    assert.deepEqual(warnings, [{ chars: slow.length }, { chars: slow.length }])
  })

  test('closing refuses what waits', async () => {
    const thread = openSqlThread({ log: silentLog })
    const waiting = thread.check(input('SELECT 1 AS one'))
    const settled = Promise.allSettled([waiting])
    await thread.close()
    assert.deepEqual(
      (await settled).map(each => each.status === 'rejected' && each.reason.code),
      ['unavailable'],
    )
    await assert.rejects(thread.check(input('SELECT 1 AS one')), { code: 'unavailable' })
  })
})
