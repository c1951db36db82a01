import type { Generated, Selectable } from 'kysely'
import type { AgentConfigurationRow, HostRow, LabelRow, NodeKeyRow } from './host-tables.ts'
import type { LiveAnswerRow, LiveHostRow, LiveRunRow } from './live-tables.ts'

// The metadata store's tables as Kysely sees them: one interface a table, columns spelled as in migrations/.
// Times are ms since the epoch; booleans 0/1; `_json` columns hold JSON text.

export interface Tables {
  meta: { key: string; value: string }
  tenants: TenantRow
  principals: PrincipalRow
  client_secrets: ClientSecretRow
  refresh_tokens: { hash: string; principal_id: string; created_at: number; expires_at: number }
  signing_keys: {
    kid: string
    algorithm: string
    private_jwk_json: string
    created_at: number
    retired_at: number | null
  }
  enroll_secrets: EnrollSecretRow
  hosts: HostRow
  node_keys: NodeKeyRow
  labels: LabelRow
  host_labels: { tenant_id: string; label: string; host_id: string }
  agent_configurations: AgentConfigurationRow
  grown_columns: { tenant_id: string; table_name: string; name: string; field_id: number; created_at: number }
  query_names: QueryNameRow
  query_retentions: { tenant_id: string; query_name: string; days: number }
  upload_days: UploadDayRow
  ingest_off_days: { tenant_id: string; day: number; host_id: string; lines: number; bytes: number }
  manifests: { tenant_id: string; version: number }
  segments: SegmentRow
  data_files: DataFileRow
  leases: LeaseRow
  import_positions: { tenant_id: string; import_id: string; next_line: number; updated_at: number }
  frame_hashes: { tenant_id: string; host_id: string; hash: string; received_at: number }
  runs: RunRow
  run_counts: { tenant_id: string; runs: number }
  saved_queries: SavedQueryRow
  saved_query_categories: { query_id: string; category_id: string }
  query_categories: QueryCategoryRow
  idempotency_keys: IdempotencyKeyRow
  ingest_tokens: IngestTokenRow
  audit_intents: { id: Generated<number>; entry_json: string }
  account_audit: { id: Generated<number>; account_id: string; at: number; entry_json: string }
  many_runs: ManyRunRow
  many_run_parts: ManyRunPartRow
  live_runs: LiveRunRow
  live_hosts: LiveHostRow
  live_answers: LiveAnswerRow
  tenant_limits: TenantLimitsRow
  tenant_run_limits: TenantRunLimitsRow
  organizations: OrganizationRow
  tenant_sizes: TenantSizesRow
  size_samples: { tenant_id: string; at: number; bytes: number }
  budget_drops: BudgetDropRow
  declared_tables: DeclaredTableRow
}

export interface TenantRow {
  id: string
  name: string
  show_as: string
  data_geography: string
  data_region: string
  billing_type: string
  status: string
  partner_id: string | null
  organization_id: string | null
  retention_days: number
  created_at: number
  contact_json: string | null
}

export interface PrincipalRow {
  id: string
  client_id: string
  account_type: string
  account_id: string
  role: string
  name: string
  created_at: number
  expires_at: number | null
  disabled_at: number | null
}

export interface ClientSecretRow {
  id: string
  principal_id: string
  /** Keyed hash (HMAC-SHA-256), hex. */
  hash: string
  created_at: number
  expires_at: number | null
}

export interface EnrollSecretRow {
  id: string
  tenant_id: string
  secret: string
  name: string
  created_at: number
  disabled_at: number | null
  /** JSON array of the labels that hosts enrolled with it get. */
  labels_json: string
  /** Id in the paths of agents that come from osctrl. */
  environment: string | null
}

export interface QueryNameRow {
  tenant_id: string
  table_name: string
  /** As first seen; unique without case. */
  name: string
  columns_json: string
  first_seen: number
  last_seen: number
  rows: number
}

export interface SegmentRow {
  number: Generated<number>
  tenant_id: string
  file_name: string
  state: string
  created_at: number
  /** Set when sealed: what the file holds. */
  frames: number | null
  lines: number | null
  bytes: number | null
  sealed_at: number | null
  consumed_at: number | null
  /** The manifest version from which on its rows are in data files. */
  consumed_version: number | null
  attempts: Generated<number>
  error: string | null
}

export interface UploadDayRow {
  tenant_id: string
  /** '' for the whole tenant. */
  host_id: string
  /** Days since the epoch, by receipt. */
  day: number
  bytes: number
  dropped_lines: number
  dropped_bytes: number
}

export interface DataFileRow {
  id: Generated<number>
  tenant_id: string
  table_name: string
  path: string
  /** JSON array of the query names in the file, lower case; null for a table without query names. */
  query_names_json: string | null
  level: number
  rows: number
  bytes: number
  /** Bounds of the table's time column; null where every value is null. */
  min_time: number | null
  max_time: number | null
  min_ingested: number
  max_ingested: number
  stats_json: string
  /** Of the file's bytes, hex. */
  sha256: string
  added_version: number
  dropped_version: number | null
  created_at: number
}

export interface LeaseRow {
  id: string
  tenant_id: string
  /** The manifest version it pins; files dropped later stay on disk. */
  version: number
  expires_at: number
}

export interface RunRow {
  id: string
  tenant_id: string
  state: string
  name: string | null
  template: string
  variables_json: string | null
  saved_query_id: string | null
  category_id: string | null
  host_ids_json: string | null
  range_start: number
  range_end: number | null
  is_open_ended: number
  created_by_json: string
  created_at: number
  expires_at: number
  finished_at: number | null
  attempts: number
  lease_expires_at: number | null
  /** The checked statement, as query/ keeps it between POST and execution. */
  statement_json: string
  columns_json: string | null
  row_count: number | null
  error_json: string | null
  truncated_json: string | null
  window_json: string | null
  note: string | null
  warnings_json: string | null
  limits_json: string | null
  is_kept: number
}

export interface OrganizationRow {
  id: string
  partner_id: string
  name: string
  created_at: number
}

export interface TenantRunLimitsRow {
  tenant_id: string
  rows: number | null
  bytes: number | null
  timeout_ms: number | null
}

export interface SavedQueryRow {
  id: string
  /** null: canned, the same for every tenant. */
  tenant_id: string | null
  name: string
  code: string | null
  description: string
  template: string
  variables_json: string
  created_at: number
  updated_at: number
}

export interface QueryCategoryRow {
  id: string
  /** null: canned, the same for every tenant. */
  tenant_id: string | null
  name: string
  code: string | null
  description: string
  icon: string
  created_at: number
  updated_at: number
}

export interface IdempotencyKeyRow {
  tenant_id: string
  principal_id: string
  key: string
  /** SHA-256 of the request, hex. */
  request_hash: string
  run_id: string
  /** When the run expires. */
  expires_at: number
}

export interface IngestTokenRow {
  id: string
  tenant_id: string
  name: string
  /** Keyed hash (HMAC-SHA-256), hex. */
  hash: string
  created_at: number
  last_used_at: number | null
  revoked_at: number | null
}

export interface ManyRunRow {
  id: string
  account_type: string
  account_id: string
  principal_id: string
  name: string | null
  /** The body that started it, less its list of tenants. */
  request: string
  is_ended: number
  is_canceled: number
  created_at: number
  expires_at: number
  finished_at: number | null
}

export interface ManyRunPartRow {
  many_run_id: string
  /** Dense from 0: the order of the rows of the result. */
  position: number
  tenant_id: string
  tenant_name: string
  state: string
  run_id: string | null
  row_count: number | null
  error_json: string | null
  truncated_json: string | null
}

/** Bytes; null: as the server's settings say. */
export interface TenantLimitsRow {
  tenant_id: string
  upload_cap_host_bytes: number | null
  upload_cap_tenant_bytes: number | null
  disk_budget_bytes: number | null
}

/** Kept by triggers on data_files and segments. */
export interface TenantSizesRow {
  tenant_id: string
  /** Live data files. */
  files: number
  rows: number
  bytes: number
  /** Dropped from the catalog, still on the disk. */
  dropped_files: number
  dropped_bytes: number
  /** Sealed, quarantined and open ones; an open one's bytes are not known here. */
  segments: number
  segment_bytes: number
  consumed_segments: number
  consumed_bytes: number
  quarantined: number
}

/** A data file that went because its tenant's disk budget, or the lake's, was used up. */
export interface BudgetDropRow {
  id: Generated<number>
  tenant_id: string
  table_name: string
  query_names_json: string | null
  min_time: number | null
  max_time: number | null
  rows: number
  bytes: number
  dropped_at: number
}

export interface DeclaredTableRow {
  tenant_id: string
  name: string
  description: string
  time_column: string
  host_column: string | null
  /** The columns it was declared with: name, type, field id, description. */
  columns_json: string
  created_at: number
  /** Set while the rows it had are being dropped. */
  undeclared_at: number | null
}

/** Rows as they are read. */
export type SegmentRecord = Selectable<SegmentRow>
export type DataFileRecord = Selectable<DataFileRow>
