import { Counter, Gauge, type Registry } from 'prom-client'
import type { Store } from '../db/db.ts'
import { listOldestSegments, listTenantSizes } from '../db/tenant-sizes.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { BudgetStatus } from '../lake/space/budget.ts'
import type { Budgets } from '../lake/space/budgets.ts'
import type { UpkeepCounts } from '../lake/upkeep/counts.ts'
import { tenantsMeasuredMax } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import { joined, type TenantFacts, tenantMetrics } from './tenant-metrics.ts'

// The lake's figures for a scraper. So many tenants, the oldest, have a label of their own; all others are one, so
// that a lake with thousands of tenants is no burden for whoever keeps the figures.

export interface LakeMetricsDeps {
  readonly store: Store
  readonly ingest: Pick<Ingest, 'counts' | 'openSize' | 'backlog'>
  readonly budgets: Budgets
  readonly counts: UpkeepCounts
  readonly resultBytes: () => number
  readonly disk: () => Promise<{ readonly freeBytes: number } | undefined>
  readonly clock: Clock
  /** Tenants with a label of their own. */
  readonly tenantsMax?: number
}

/** The label of all tenants that have none of their own. */
const others = 'others'
/** Figures of one scrape are those of one moment, however many there are. */
const sharedMs = 500

interface Figures {
  /** By label. */
  readonly tenants: ReadonlyMap<string, readonly TenantFacts[]>
  readonly tenantCount: number
  readonly freeBytes: number | undefined
}

export function registerLakeMetrics(registry: Registry, deps: LakeMetricsDeps): void {
  let shared: { readonly at: number; readonly figures: Promise<Figures> } | undefined
  const figures = (): Promise<Figures> => {
    const now = deps.clock()
    if (shared === undefined || Math.abs(now - shared.at) >= sharedMs) shared = { at: now, figures: gather(deps) }
    return shared.figures
  }
  for (const metric of tenantMetrics) {
    const { name, help } = metric
    const Kind = name.endsWith('_total') ? Counter : Gauge
    new Kind({
      ...{ name, help, labelNames: ['tenant'], registers: [registry] },
      async collect() {
        const { tenants } = await figures()
        this.reset()
        for (const [tenant, facts] of tenants) {
          const value = joined(metric, facts)
          if (value !== undefined) this.inc({ tenant }, value)
        }
      },
    })
  }
  for (const { name, help, of } of lakeMetrics(deps)) {
    new Gauge({
      ...{ name, help, registers: [registry] },
      async collect() {
        const value = of(await figures())
        if (value === undefined) this.remove()
        else this.set(value)
      },
    })
  }
}

interface LakeMetric {
  readonly name: string
  readonly help: string
  /** undefined: not known. */
  readonly of: (figures: Figures) => number | undefined
}

function lakeMetrics({ ingest, budgets, resultBytes }: LakeMetricsDeps): readonly LakeMetric[] {
  const total = (of: (status: BudgetStatus) => number | undefined) => () => of(budgets.total())
  return [
    { name: 'edr_lake_tenants', help: 'Tenants', of: ({ tenantCount }) => tenantCount },
    {
      name: 'edr_lake_conversion_backlog_segments',
      help: 'Sealed segments that wait for their conversion',
      of: () => ingest.backlog(),
    },
    { name: 'edr_lake_result_bytes', help: 'Bytes of results of runs', of: resultBytes },
    { name: 'edr_lake_free_bytes', help: 'Free bytes of the disk', of: ({ freeBytes }) => freeBytes },
    {
      name: 'edr_lake_total_used_bytes',
      help: 'Disk the whole lake takes, as its budget counts it',
      of: total(status => status.usedBytes),
    },
    {
      name: 'edr_lake_total_budget_bytes',
      help: 'Disk the whole lake may take',
      of: total(status => status.budgetBytes),
    },
    {
      name: 'edr_lake_total_days_left',
      help: "Days until the lake's budget is used up; absent: it does not grow",
      of: total(status => status.daysLeft),
    },
    {
      name: 'edr_lake_refuses_all',
      help: "1 while everybody's lines are refused for want of disk",
      of: () => Number(budgets.refusesAll()),
    },
  ]
}

async function gather(deps: LakeMetricsDeps): Promise<Figures> {
  const { store, ingest, budgets, counts, clock } = deps
  const ids = await store.selectFrom('tenants').select('id').orderBy('created_at').orderBy('id').execute()
  const sizes = new Map((await listTenantSizes(store)).map(size => [size.tenantId, size]))
  const oldest = await listOldestSegments(store)
  const now = clock()
  const factsOf = (tenantId: string): TenantFacts => {
    const since = oldest.get(tenantId)
    return {
      lines: ingest.counts().get(tenantId),
      refusedBodies: budgets.refused().get(tenantId) ?? 0,
      upkeep: counts.all().get(tenantId),
      sizes: sizes.get(tenantId),
      openSegmentBytes: ingest.openSize(tenantId).bytes,
      lagSeconds: since === undefined ? undefined : Math.max(0, now - since) / 1000,
      budget: budgets.statusOf(tenantId),
    }
  }
  const own = ids.slice(0, deps.tenantsMax ?? tenantsMeasuredMax).map(({ id }) => id)
  const rest = ids.slice(own.length).map(({ id }) => factsOf(id))
  const tenants = new Map<string, readonly TenantFacts[]>(own.map(id => [id, [factsOf(id)]]))
  if (rest.length > 0) tenants.set(others, rest)
  return { tenants, tenantCount: ids.length, freeBytes: (await deps.disk())?.freeBytes }
}
