import type { LakeSchema } from '../model/lake-table.ts'
import type { Truncation } from '../model/query-run.ts'
import type { RunView } from '../model/run-view.ts'
import type { ScanScope } from '../model/scan-scope.ts'
import type { TimeRange } from '../model/time-range.ts'

// What runs need of the lake, as one value that bin/ fills from lake/: a run is tested over any lake.

export interface LakeAccess {
  schemaOf(tenantId: string): Promise<LakeSchema>

  /**
   * Reads the keys of the tenant's open tail once, so that a column or query name that arrived a second ago is known.
   * True when something new was learnt.
   */
  refreshSchema(tenantId: string): Promise<boolean>

  /** Pins one version of the tenant's lake: what the view names stays on disk while the lease is held. */
  pinView(tenantId: string, request: PinRequest): Promise<PinnedView>

  /** Idempotent; a lease that has ended is success. */
  releaseLease(leaseId: string): Promise<void>

  /** Moves the lease's end; false when it had ended already: its files may be gone, the run must stop. */
  renewLease(leaseId: string, now: number, leaseMs: number): Promise<boolean>

  /** Which file of the view is damaged, in one sentence for people; undefined: none. Reads all of them. */
  describeDamage?(view: RunView): Promise<string | undefined>

  /** Event times of the tenant's oldest and newest row, tail included; undefined where it has none. */
  dataSpan(tenantId: string): Promise<DataSpan | undefined>
}

export interface PinRequest {
  readonly scope: ScanScope
  readonly range: TimeRange
  readonly hostIds: readonly string[] | undefined
  readonly now: number
  readonly leaseMs: number
}

export interface PinnedView {
  readonly view: RunView
  readonly leaseId: string
  /** Rows of its time that were never stored; undefined: none are missing. */
  readonly truncated?: Truncation | undefined
}

/** Milliseconds since the epoch, both inclusive. */
export interface DataSpan {
  /** True: there may be older or newer rows, the tail was too long to be read to its end. */
  readonly isPartial?: boolean
  readonly oldest: number
  readonly newest: number
}
