import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { budgetDropsOf, forgetBudgetDrops, hasBudgetDrops } from '../../../src/db/budget-drops.ts'
import { openStore, type Store } from '../../../src/db/db.ts'
import { openBudgets, type WhenFull } from '../../../src/lake/space/budgets.ts'
import { dropOverBudget } from '../../../src/lake/space/drop-oldest.ts'
import { consumedSegmentAgeMsMin } from '../../../src/limits.ts'
import { silentLog } from '../../../src/model/log.ts'
import { dayMs } from '../../../src/model/time-range.ts'
import { putFile, putSegment } from '../../support/catalog-rows.ts'

const now = Date.UTC(2026, 10, 20)
let store: Store

beforeEach(() => {
  store = openStore(':memory:')
})
afterEach(() => store.destroy())

interface Bounds {
  readonly tenants?: Readonly<Record<string, number>>
  readonly lake?: number
  readonly whenFull?: WhenFull
}

function bounded({ tenants = {}, lake, whenFull = 'drop-oldest' }: Bounds) {
  const caps = { uploadCapHostBytes: undefined, uploadCapTenantBytes: undefined }
  const clock = () => now
  const budgets = openBudgets({
    ...{ store, clock, log: silentLog, budgetBytes: lake, reserveBytes: 0, whenFull },
    limitsOf: tenantId => ({ ...caps, diskBudgetBytes: tenants[tenantId] }),
    disk: async () => undefined,
    use: { openSegment: () => 0, rejectedLines: () => new Map(), queries: async () => 0, store: () => 0 },
  })
  return { budgets, drop: (filesMax = 100) => dropOverBudget({ store, budgets, clock, log: silentLog }, filesMax) }
}

async function livePaths(): Promise<string[]> {
  const rows = await store.selectFrom('data_files').select('path').where('dropped_version', 'is', null).execute()
  return rows.map(({ path }) => path).sort()
}

test('the oldest files of a tenant over its budget go, just as many as are too much', async () => {
  for (const day of [3, 1, 4, 2]) {
    await putFile(store, 'a', { path: `a${day}`, bytes: 100, rows: 10, max_ingested: now - 10 * dayMs + day * dayMs })
  }
  await putFile(store, 'a', { path: 'gone', bytes: 1_000, dropped_version: 1 })
  await putFile(store, 'b', { path: 'b', bytes: 5_000 })
  const { drop, budgets } = bounded({ tenants: { a: 250 } })
  assert.deepEqual([...(await drop())], [['a', { files: 2, rows: 20, bytes: 200 }]])
  assert.deepEqual(await livePaths(), ['a3', 'a4', 'b'])
  assert.deepEqual([...(await drop())], [])
  budgets.admit('a')
  assert.deepEqual(await budgetDropsOf(store, 'a'), { files: 2, rows: 20, bytes: 200 })
})

test('the audit log and what came just now stay, and a tenant with nothing else is refused until it has', async () => {
  await putFile(store, 'a', { path: 'audit', table_name: 'lake_audit', bytes: 10 })
  await putFile(store, 'a', { path: 'new', bytes: 10, max_ingested: now - consumedSegmentAgeMsMin })
  await putSegment(store, 'a', 'consumed', 500)
  const { drop, budgets } = bounded({ tenants: { a: 100 } })
  assert.deepEqual([...(await drop())], [])
  assert.deepEqual(await livePaths(), ['audit', 'new'])
  const message =
    "the tenant's disk budget of 0.0000954 MiB is used up by what came within two hours: nothing was stored"
  assert.throws(() => budgets.admit('a'), { code: 'unavailable', message })
  await store.deleteFrom('segments').execute()
  await drop()
  budgets.admit('a')
})

test('a lake over its budget drops from the largest tenants, so that a quiet one keeps its rows', async () => {
  for (let n = 0; n < 10; n++) await putFile(store, 'loud', { path: `loud${n}`, bytes: 100, max_ingested: 1_000 + n })
  for (let n = 0; n < 4; n++) await putFile(store, 'other', { path: `other${n}`, bytes: 100, max_ingested: n })
  await putFile(store, 'quiet', { path: 'quiet', bytes: 50, max_ingested: 0 })
  const dropped = await bounded({ lake: 650 }).drop()
  assert.deepEqual(
    [...dropped].map(([tenantId, { files }]) => [tenantId, files]),
    [
      ['loud', 7],
      ['other', 1],
    ],
  )
  assert.deepEqual(await livePaths(), ['loud7', 'loud8', 'loud9', 'other1', 'other2', 'other3', 'quiet'])
})

test('no more files at once than asked for, and none where lines are refused instead', async () => {
  for (let n = 0; n < 6; n++) await putFile(store, 'a', { bytes: 100, max_ingested: n })
  assert.deepEqual([...(await bounded({ tenants: { a: 100 }, whenFull: 'refuse' }).drop())], [])
  assert.equal((await livePaths()).length, 6)
  const { drop } = bounded({ tenants: { a: 100 }, lake: 100 })
  await drop(2)
  assert.equal((await livePaths()).length, 4)
  await drop(100)
  assert.equal((await livePaths()).length, 1)
})

test('what went is known by table, query name and event time, as long as it would have been kept', async () => {
  const bounds = { min_time: 1_000, max_time: 2_000, max_ingested: 1 }
  await putFile(store, 'a', { bytes: 100, query_names_json: '["ports"]', ...bounds })
  await putFile(store, 'a', { bytes: 10, max_ingested: 9 })
  await bounded({ tenants: { a: 10 } }).drop()
  const asked = (table: string, queryNames: readonly string[] | undefined, start: number, end?: number) =>
    hasBudgetDrops(store, 'a', [{ table, queryNames }], { start, end })
  assert.equal(await asked('xdr_data', undefined, 0), true)
  assert.equal(await asked('xdr_data', ['ports', 'other'], 2_000), true)
  assert.equal(await asked('xdr_data', undefined, 2_001), false)
  assert.equal(await asked('xdr_data', undefined, 0, 1_000), false)
  assert.equal(await asked('xdr_data', undefined, 0, 1_001), true)
  assert.equal(await asked('xdr_data', ['other'], 0), false)
  assert.equal(await asked('lake_reports', undefined, 0), false)
  assert.equal(
    await hasBudgetDrops(store, 'b', [{ table: 'xdr_data', queryNames: undefined }], { start: 0, end: undefined }),
    false,
  )
  await forgetBudgetDrops(store, 'a', 30, now + 30 * dayMs)
  assert.equal(await asked('xdr_data', undefined, 0), true)
  await forgetBudgetDrops(store, 'a', 30, now + 30 * dayMs + 1)
  assert.equal(await asked('xdr_data', undefined, 0), false)
})
