import type { Variable } from '../../../src/api/query-runs.ts'

export interface WireWindow {
  readonly from: string
  readonly to?: string
}

/** What a run is started with, and what a statement is checked with: the same, so that the two agree. */
export interface RunSpec {
  readonly template: string
  readonly variables: readonly Variable[]
  readonly window: WireWindow
}
