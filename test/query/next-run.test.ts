import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { nextRun } from '../../src/query/next-run.ts'

const queued = (tenantId: string, id: string) => ({ id, tenantId, state: 'queued' as const })

suite('the next run', () => {
  test('is undefined where none waits', () => {
    assert.equal(nextRun([], [], new Map()), undefined)
    assert.equal(nextRun([{ ...queued('t', 'r'), state: 'running' }], ['t'], new Map()), undefined)
  })

  test('is the oldest of a tenant', () => {
    assert.equal(nextRun([queued('t', '1'), queued('t', '2')], [], new Map())?.id, '1')
  })

  test('is of the tenant with the fewest under way', () => {
    assert.equal(nextRun([queued('t', '1'), queued('u', '2')], ['t'], new Map())?.id, '2')
  })

  test('takes turns between tenants, also where one run executes at a time', () => {
    let live = [...'abcdefghij'].map(id => queued('t', id))
    live.push(queued('u', 'x'), queued('u', 'y'))
    const order: string[] = []
    const servedAt = new Map<string, number>()
    for (let turn = 1; live.length > 0; turn += 1) {
      const run = nextRun(live, [], servedAt)
      assert.ok(run)
      servedAt.set(run.tenantId, turn)
      live = live.filter(each => each !== run)
      order.push(run.id)
    }
    assert.equal(order.join(''), 'axbycdefghij')
  })
})
