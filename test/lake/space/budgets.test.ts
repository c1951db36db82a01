import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { openStore, type Store } from '../../../src/db/db.ts'
import { type BudgetsDeps, describePressed, openBudgets } from '../../../src/lake/space/budgets.ts'
import { sizeSampleMs } from '../../../src/limits.ts'
import { dayMs } from '../../../src/model/time-range.ts'
import { putFile, putSegment } from '../../support/catalog-rows.ts'

const start = Date.UTC(2026, 10, 20)
let store: Store
let now: number
let logged: { level: string; facts: Record<string, unknown> }[]

beforeEach(() => {
  store = openStore(':memory:')
  now = start
  logged = []
})
afterEach(() => store.destroy())

function budgets(more: Partial<BudgetsDeps> & { tenantBudget?: number } = {}) {
  const note = (level: string) => (facts: object) => void logged.push({ level, facts: { ...facts } })
  const limits = { uploadCapHostBytes: undefined, uploadCapTenantBytes: undefined }
  return openBudgets({
    ...{ store, clock: () => now, log: { info: note('info'), warn: note('warn'), error: note('error') } },
    limitsOf: () => ({ ...limits, diskBudgetBytes: more.tenantBudget }),
    ...{ budgetBytes: undefined, reserveBytes: 100, whenFull: 'refuse', disk: async () => ({ freeBytes: 10_000 }) },
    use: { openSegment: () => 0, rejectedLines: () => new Map(), queries: async () => 0, store: () => 0 },
    ...more,
  })
}

const refusal = (message: string) => ({ code: 'unavailable', message, details: { retryAfterSeconds: 60 } })

test('everything a tenant takes counts, and nothing of another', async () => {
  await putFile(store, 'a', { bytes: 100 })
  await putFile(store, 'a', { bytes: 30, dropped_version: 2 })
  await putFile(store, 'b', { bytes: 5_000 })
  await putSegment(store, 'a', 'sealed', 7)
  await putSegment(store, 'a', 'consumed', 50)
  const rejected = new Map([['a', 4]])
  const use = { openSegment: (id: string) => (id === 'a' ? 9 : 0), rejectedLines: () => rejected }
  const lake = budgets({ use: { ...use, queries: async () => 1_000, store: () => 600 } })
  await lake.refresh()
  const { use: parts, usedBytes } = lake.statusOf('a')
  assert.deepEqual(parts, { dataFiles: 100, droppedFiles: 30, segments: 66, rejectedLines: 4 })
  assert.equal(usedBytes, 200)
  assert.equal(lake.statusOf('nobody').usedBytes, 0)
  assert.deepEqual([lake.total().usedBytes, lake.total().budgetBytes], [6_800, 6_800 + 10_000 - 200])
})

test('80 and 90 percent are said once each, with who and how long', async () => {
  await putFile(store, 'a', { bytes: 600 })
  const lake = budgets({ tenantBudget: 1_000 })
  await lake.refresh()
  await lake.refresh()
  assert.deepEqual(logged, [])
  now += dayMs
  await putFile(store, 'a', { bytes: 220 })
  for (let pass = 0; pass < 3; pass++) await lake.refresh()
  const facts = { level: 'warn', usedBytes: 820, budgetBytes: 1_000, percent: 82, whenFull: 'refuse' }
  assert.deepEqual(logged, [{ level: 'warn', facts: { tenantId: 'a', ...facts, daysLeft: 180 / 220 } }])
  await putFile(store, 'a', { bytes: 100 })
  await lake.refresh()
  await putFile(store, 'a', { bytes: 100 })
  await lake.refresh()
  assert.deepEqual(
    logged.map(({ level, facts: { level: of, percent } }) => [level, of, percent]),
    [
      ['warn', 'warn', 82],
      ['warn', 'urgent', 92],
      ['error', 'full', 102],
    ],
  )
  assert.deepEqual(describePressed(lake, 1), ['tenant a: 102 % of 0.000954 MiB in use, less than a day left'])
})

test('the rate is that of the samples kept, and survives a restart', async () => {
  await putFile(store, 'a', { bytes: 100 })
  await budgets().refresh()
  now += sizeSampleMs - 1
  await putFile(store, 'a', { bytes: 60 })
  await budgets().refresh()
  assert.equal(
    (await store.selectFrom('size_samples').selectAll().execute()).length,
    2,
    'one of the tenant and the lake',
  )
  now += 1
  const lake = budgets()
  await lake.refresh()
  assert.equal((await store.selectFrom('size_samples').selectAll().execute()).length, 4)
  assert.equal(lake.statusOf('a').bytesPerDay, (60 / sizeSampleMs) * dayMs)
  now += 30 * dayMs
  await lake.refresh()
  await lake.refresh()
  assert.equal((await store.selectFrom('size_samples').selectAll().execute()).length, 2, 'old ones are forgotten')
  assert.equal(lake.statusOf('a').bytesPerDay, undefined)
})

test('a tenant over its budget is refused, the other is not', async () => {
  await putFile(store, 'a', { bytes: 1_000 })
  await putFile(store, 'b', { bytes: 999 })
  const lake = budgets({ tenantBudget: 1_000 })
  await lake.refresh()
  const message = "the tenant's disk budget of 0.000954 MiB is used up: nothing was stored"
  assert.throws(() => lake.admit('a'), refusal(message))
  lake.admit('b')
  lake.admit('new')
  lake.sealed('b', 1)
  assert.throws(() => lake.admit('b'), refusal(message), 'sealed segments count before the next refresh')
  assert.deepEqual(
    [...lake.refused()],
    [
      ['a', 1],
      ['b', 1],
    ],
  )
  await lake.refresh()
  lake.admit('b')
})

test('a lake over its budget refuses everybody, and does not say who fills it', async () => {
  await putFile(store, 'a', { bytes: 1_000 })
  const lake = budgets({ budgetBytes: 1_500 })
  await lake.refresh()
  lake.admit('b')
  lake.sealed('a', 500)
  assert.throws(() => lake.admit('b'), refusal("the lake's disk budget is used up: nothing was stored"))
})

test('where the oldest is dropped instead, only a tenant with nothing left to drop is refused', async () => {
  await putFile(store, 'a', { bytes: 2_000 })
  const lake = budgets({ tenantBudget: 1_000, whenFull: 'drop-oldest' })
  await lake.refresh()
  lake.admit('a')
  lake.setStuck('a', true)
  assert.throws(() => lake.admit('a'), { code: 'unavailable' })
  lake.admit('b')
  lake.setStuck('a', false)
  lake.admit('a')
})
