import type { Generated } from 'kysely'

// The tables of live queries as Kysely sees them, as in tables.ts.

export interface LiveRunRow {
  number: Generated<number>
  id: string
  tenant_id: string
  state: string
  name: string | null
  template: string
  variables_json: string | null
  /** As hosts get it. */
  sql: string
  saved_query_id: string | null
  category_id: string | null
  match_json: string
  created_by_json: string
  created_at: number
  deadline: number
  finished_at: number | null
  expires_at: number
  row_count: number
  /** Of the rows, as JSON. */
  row_bytes: number
  /** Of the answers, as stored. */
  stored_bytes: number
  truncated_json: string | null
  columns_json: string
  performance_json: string
  /** Set when it ended. */
  counts_json: string | null
}

export interface LiveHostRow {
  run_number: number
  host_id: string
  hostname: string
  platform: string | null
  type: string
  os_name: string | null
  state: string
  hand_outs: number
  started_at: number | null
  finished_at: number | null
  message: string | null
  row_count: number
  dropped_rows: number
  wall_time_ms: number | null
  user_time_ms: number | null
  system_time_ms: number | null
  memory_bytes: number | null
  last_seen_at: number | null
}

/** A part of a host's answer: one line of the lake. */
export interface LiveAnswerRow {
  run_number: number
  /** Dense from 0, in the order in which answers came. */
  position: number
  host_id: string
  /** Place of its first row in the run's result. */
  first_row: number
  row_count: number
  /** The line's text, deflated. */
  line: Uint8Array
  in_lake: number
}
