import type { TenantSizes } from '../db/tenant-sizes.ts'
import type { LineCounts } from '../ingest/ingest.ts'
import type { BudgetStatus } from '../lake/space/budget.ts'
import type { UpkeepCount, UpkeepCountName } from '../lake/upkeep/counts.ts'

// Every figure about one tenant: what it is called, what it means, and what it is of several tenants together.

/** What is known of a tenant at one moment; absent members: nothing has happened yet. */
export interface TenantFacts {
  readonly lines: LineCounts | undefined
  readonly refusedBodies: number
  readonly upkeep: UpkeepCount | undefined
  readonly sizes: TenantSizes | undefined
  readonly openSegmentBytes: number
  /** Age of the oldest line that is in no data file, seconds; undefined: there is none. */
  readonly lagSeconds: number | undefined
  readonly budget: BudgetStatus
}

export interface TenantMetric {
  /** Counters end in `_total`, and begin at 0 with the process. */
  readonly name: string
  readonly help: string
  /** undefined: the tenant has none, and no line is written for it. */
  readonly of: (facts: TenantFacts) => number | undefined
  readonly join: 'sum' | 'max' | 'min'
}

const ofLines = (name: string, help: string, of: (lines: LineCounts) => number): TenantMetric => ({
  ...{ name: `edr_lake_lines_${name}_total`, help, join: 'sum' },
  of: ({ lines }) => (lines === undefined ? undefined : of(lines)),
})

const ofUpkeep = (name: string, help: string, count: UpkeepCountName): TenantMetric => ({
  ...{ name: `edr_lake_${name}_total`, help, join: 'sum' },
  of: ({ upkeep }) => upkeep?.[count] ?? 0,
})

const ofSizes = (name: string, help: string, of: (sizes: TenantSizes) => number): TenantMetric => ({
  ...{ name: `edr_lake_${name}`, help, join: 'sum' },
  of: ({ sizes }) => (sizes === undefined ? 0 : of(sizes)),
})

export const tenantMetrics: readonly TenantMetric[] = [
  ofLines('accepted', 'Lines acknowledged, those over a cap included', lines => lines.accepted),
  ofLines('duplicate', 'Lines that came again and were not stored again', lines => lines.duplicates),
  ofLines('rejected', 'Lines that are no lines', lines => lines.rejected),
  ofLines('over_cap', 'Lines acknowledged over an upload cap and not stored', lines => lines.overCap),
  ofLines('ingest_off', 'Lines acknowledged of hosts that are not wanted, and not stored', lines => lines.ingestOff),
  {
    ...{ name: 'edr_lake_bodies_refused_total', help: 'Bodies refused because a disk budget is used up', join: 'sum' },
    of: ({ refusedBodies }) => refusedBodies,
  },
  {
    ...{ name: 'edr_lake_last_accepted_timestamp_seconds', help: 'When lines were last accepted', join: 'max' },
    of: ({ lines }) => (lines?.acceptedAt === undefined ? undefined : lines.acceptedAt / 1000),
  },
  ofUpkeep('merges', 'Merges of data files', 'merges'),
  ofUpkeep('merges_failed', 'Merges that failed; not tried again before the next start', 'failedMerges'),
  ofUpkeep('files_expired', 'Data files dropped because their rows were past their age', 'retainedFiles'),
  ofUpkeep('budget_dropped_files', 'Data files dropped because a disk budget was used up', 'budgetFiles'),
  ofUpkeep('budget_dropped_rows', 'Rows in those files', 'budgetRows'),
  ofUpkeep('budget_dropped_bytes', 'Bytes of those files', 'budgetBytes'),
  ofUpkeep('files_collected', 'Dropped data files unlinked', 'collectedFiles'),
  ofUpkeep('segments_collected', 'Consumed segments unlinked', 'collectedSegments'),
  ofUpkeep('orphans_collected', 'Files unlinked that no catalog row named', 'orphans'),
  ofSizes('data_files', 'Live data files', sizes => sizes.files),
  ofSizes('data_rows', 'Rows in live data files', sizes => sizes.rows),
  ofSizes('data_bytes', 'Bytes of live data files', sizes => sizes.bytes),
  ofSizes('dropped_bytes', 'Bytes of dropped data files that are still on the disk', sizes => sizes.dropped_bytes),
  ofSizes('tail_segments', 'Segments that are not in data files', sizes => sizes.segments),
  ofSizes('quarantined_segments', 'Segments that could not be converted', sizes => sizes.quarantined),
  {
    ...{ name: 'edr_lake_tail_bytes', help: 'Bytes of segments that are not in data files', join: 'sum' },
    of: ({ sizes, openSegmentBytes }) => (sizes?.segment_bytes ?? 0) + openSegmentBytes,
  },
  {
    name: 'edr_lake_conversion_lag_seconds',
    help: 'Age of the oldest segment that is not in data files; 0: there is none',
    join: 'max',
    of: ({ lagSeconds }) => lagSeconds ?? 0,
  },
  {
    ...{ name: 'edr_lake_disk_used_bytes', help: 'Disk a tenant takes, as its budget counts it', join: 'sum' },
    of: ({ budget }) => budget.usedBytes,
  },
  {
    ...{ name: 'edr_lake_disk_budget_bytes', help: 'Disk a tenant may take; absent: no bound', join: 'sum' },
    of: ({ budget }) => budget.budgetBytes,
  },
  {
    name: 'edr_lake_disk_days_left',
    help: "Days until a tenant's budget is used up; absent: none, or it does not grow",
    join: 'min',
    of: ({ budget }) => budget.daysLeft,
  },
]

/** Of several tenants together. */
export function joined({ of, join }: TenantMetric, tenants: readonly TenantFacts[]): number | undefined {
  const values = tenants.map(of).filter(value => value !== undefined)
  if (values.length === 0) return undefined
  return join === 'sum' ? values.reduce((sum, value) => sum + value, 0) : Math[join](...values)
}
