import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { Registry } from 'prom-client'
import { type LakeMetricsDeps, registerLakeMetrics } from '../../src/bin/lake-metrics.ts'
import { tenantMetrics } from '../../src/bin/tenant-metrics.ts'
import { openStore, type Store } from '../../src/db/db.ts'
import type { LineCounts } from '../../src/ingest/ingest.ts'
import { openBudgets } from '../../src/lake/space/budgets.ts'
import { openUpkeepCounts, type UpkeepCounts, upkeepCountNames } from '../../src/lake/upkeep/counts.ts'
import { silentLog } from '../../src/model/log.ts'
import { putFile, putSegment } from '../support/catalog-rows.ts'
import { putTenant } from '../support/ingest.ts'

const now = Date.UTC(2026, 10, 20)
let store: Store
let counts: UpkeepCounts
let lines: Map<string, LineCounts>

beforeEach(() => {
  store = openStore(':memory:')
  counts = openUpkeepCounts()
  lines = new Map()
})
afterEach(() => store.destroy())

async function scrape(more: Partial<LakeMetricsDeps> = {}): Promise<ReadonlyMap<string, number>> {
  const registry = new Registry()
  const clock = () => now
  const caps = { uploadCapHostBytes: undefined, uploadCapTenantBytes: undefined }
  const budgets = openBudgets({
    ...{ store, clock, log: silentLog, budgetBytes: undefined, reserveBytes: 10, whenFull: 'refuse' },
    limitsOf: tenantId => ({ ...caps, diskBudgetBytes: tenantId === 'a' ? 1_000 : undefined }),
    disk: async () => ({ freeBytes: 400 }),
    use: { openSegment: () => 0, rejectedLines: () => new Map(), queries: async () => 0, store: () => 0 },
  })
  await budgets.refresh()
  registerLakeMetrics(registry, {
    ...{ store, budgets, counts, clock, resultBytes: () => 77, disk: async () => ({ freeBytes: 400 }) },
    ingest: {
      counts: () => lines,
      openSize: tenantId => ({ lines: 0, bytes: tenantId === 'a' ? 5 : 0 }),
      backlog: () => 3,
    },
    ...more,
  })
  const text = await registry.metrics()
  const figures = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return new Map(
    figures.map(line => {
      const [name = '', value] = line.split(' ')
      return [name.replace('edr_lake_', '').replace('tenant=', '').replaceAll('"', ''), Number(value)]
    }),
  )
}

test('every figure of a tenant, of the lake, and of no other tenant', async () => {
  for (const id of ['a', 'b']) await putTenant(store, id)
  await putFile(store, 'a', { rows: 7, bytes: 90 })
  await putFile(store, 'a', { rows: 1, bytes: 10, dropped_version: 2 })
  await putSegment(store, 'a', 'sealed', 60)
  await putSegment(store, 'a', 'quarantined', 30)
  await putSegment(store, 'a', 'consumed', 200)
  await store
    .updateTable('segments')
    .set({ created_at: now - 90_000 })
    .execute()
  lines.set('a', { accepted: 9, duplicates: 2, rejected: 1, overCap: 4, ingestOff: 3, acceptedAt: now - 5_000 })
  for (const [at, name] of upkeepCountNames.entries()) counts.add('a', name, at + 1)
  const figures = await scrape()
  const expected: Readonly<Record<string, number>> = {
    ...{ lines_accepted_total: 9, lines_duplicate_total: 2, lines_rejected_total: 1, lines_over_cap_total: 4 },
    ...{ lines_ingest_off_total: 3, bodies_refused_total: 0, last_accepted_timestamp_seconds: now / 1000 - 5 },
    ...{ merges_total: 1, merges_failed_total: 2, files_expired_total: 3, budget_dropped_files_total: 4 },
    ...{ budget_dropped_rows_total: 5, budget_dropped_bytes_total: 6, files_collected_total: 7 },
    ...{ segments_collected_total: 8, orphans_collected_total: 9 },
    ...{ data_files: 1, data_rows: 7, data_bytes: 90, dropped_bytes: 10, tail_segments: 2, quarantined_segments: 1 },
    ...{ tail_bytes: 95, conversion_lag_seconds: 90, disk_used_bytes: 390, disk_budget_bytes: 1_000 },
  }
  for (const [name, value] of Object.entries(expected)) assert.equal(figures.get(`${name}{a}`), value, name)
  const lake = { tenants: 2, conversion_backlog_segments: 3, result_bytes: 77, free_bytes: 400, refuses_all: 0 }
  for (const [name, value] of Object.entries(lake)) assert.equal(figures.get(name), value, name)
  assert.deepEqual([figures.get('total_used_bytes'), figures.get('total_budget_bytes')], [390, 390 + 400 - 20])
  assert.equal(figures.has('total_days_left'), false, 'what is not known is no line')
  assert.equal(figures.has('disk_budget_bytes{b}'), false)
  assert.equal(figures.has('lines_accepted_total{b}'), false)
  assert.equal(figures.get('data_files{b}'), 0)
  assert.equal(Object.keys(expected).length, tenantMetrics.length - 1, 'all but the days left are looked at')
})

test('past so many tenants all others are one, and its figures are theirs together', async () => {
  const ids = ['a', 'b', 'c', 'd']
  for (const id of ids) await putTenant(store, id)
  for (const [at, id] of ids.entries()) {
    await putFile(store, id, { bytes: 10 ** at })
    counts.add(id, 'merges')
    lines.set(id, { accepted: 1, duplicates: 0, rejected: 0, overCap: 0, ingestOff: 0, acceptedAt: now - at * 1000 })
  }
  const figures = await scrape({ tenantsMax: 2 })
  const of = (name: string) => [...figures].filter(([each]) => each.startsWith(`${name}{`))
  assert.deepEqual(of('data_bytes'), [
    ['data_bytes{a}', 1],
    ['data_bytes{b}', 10],
    ['data_bytes{others}', 1_100],
  ])
  assert.deepEqual(of('merges_total').at(-1), ['merges_total{others}', 2])
  assert.deepEqual(of('last_accepted_timestamp_seconds').at(-1)?.[1], now / 1000 - 2)
})

test('a scrape of a lake with five thousand tenants is bounded', async () => {
  const rows = Array.from({ length: 5_000 }, (_, at) => `t${String(at).padStart(5, '0')}`)
  const words = { name: 'n', show_as: 'n', data_geography: 'IE', data_region: 'eu01', billing_type: 'term' }
  const tenant = (id: string) => ({ ...words, id, status: 'active', retention_days: 90, created_at: 0 })
  for (let at = 0; at < rows.length; at += 1_000) {
    const part = rows.slice(at, at + 1_000)
    await store
      .insertInto('tenants')
      .values(part.map(id => ({ ...tenant(id), partner_id: null, organization_id: null, contact_json: null })))
      .execute()
    for (const id of part) await putFile(store, id)
  }
  const figures = await scrape()
  assert.equal(figures.get('data_files{others}'), 4_500)
  assert.ok(figures.size < 501 * tenantMetrics.length + 20, `${figures.size} lines`)
})
