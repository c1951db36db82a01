import type { Migration } from '../migration.ts'

export const initial: Migration = {
  version: 1,
  name: 'initial',
  statements: [
    'CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT',
    `CREATE TABLE tenants (
      id TEXT PRIMARY KEY, name TEXT NOT NULL, show_as TEXT NOT NULL, data_geography TEXT NOT NULL,
      data_region TEXT NOT NULL, billing_type TEXT NOT NULL, status TEXT NOT NULL, partner_id TEXT, organization_id TEXT,
      retention_days INTEGER NOT NULL, created_at INTEGER NOT NULL, contact_json TEXT) STRICT`,
    'CREATE INDEX tenants_by_partner ON tenants (partner_id, created_at, id)',
    'CREATE INDEX tenants_by_organization ON tenants (organization_id, created_at, id)',
    `CREATE TABLE principals (
      id TEXT PRIMARY KEY, client_id TEXT NOT NULL UNIQUE, account_type TEXT NOT NULL, account_id TEXT NOT NULL,
      role TEXT NOT NULL, name TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER, disabled_at INTEGER) STRICT`,
    'CREATE INDEX principals_by_account ON principals (account_id, created_at)',
    `CREATE TABLE client_secrets (
      id TEXT PRIMARY KEY, principal_id TEXT NOT NULL REFERENCES principals (id), hash TEXT NOT NULL,
      created_at INTEGER NOT NULL, expires_at INTEGER) STRICT`,
    'CREATE INDEX client_secrets_by_principal ON client_secrets (principal_id)',
    `CREATE TABLE refresh_tokens (
      hash TEXT PRIMARY KEY, principal_id TEXT NOT NULL REFERENCES principals (id), created_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL) STRICT`,
    'CREATE INDEX refresh_tokens_by_principal ON refresh_tokens (principal_id, created_at)',
    'CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at)',
    `CREATE TABLE signing_keys (
      kid TEXT PRIMARY KEY, algorithm TEXT NOT NULL, private_jwk_json TEXT NOT NULL, created_at INTEGER NOT NULL,
      retired_at INTEGER) STRICT`,
    `CREATE TABLE enroll_secrets (
      id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL REFERENCES tenants (id), secret TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
      created_at INTEGER NOT NULL, disabled_at INTEGER) STRICT`,
    `CREATE TABLE hosts (
      id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL REFERENCES tenants (id), host_identifier TEXT NOT NULL,
      hardware_uuid TEXT, created_at INTEGER NOT NULL, last_seen_at INTEGER,
      UNIQUE (tenant_id, host_identifier)) STRICT`,
    'CREATE INDEX hosts_by_hardware ON hosts (tenant_id, hardware_uuid) WHERE hardware_uuid IS NOT NULL',
    `CREATE TABLE grown_columns (
      tenant_id TEXT NOT NULL, table_name TEXT NOT NULL, name TEXT NOT NULL, field_id INTEGER NOT NULL,
      created_at INTEGER NOT NULL, PRIMARY KEY (tenant_id, table_name, name), UNIQUE (tenant_id, table_name, field_id)) STRICT`,
    `CREATE TABLE query_names (
      tenant_id TEXT NOT NULL, table_name TEXT NOT NULL, name TEXT NOT NULL COLLATE NOCASE, columns_json TEXT NOT NULL,
      first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, rows INTEGER NOT NULL,
      PRIMARY KEY (tenant_id, table_name, name)) STRICT`,
    `CREATE TABLE query_retentions (
      tenant_id TEXT NOT NULL, query_name TEXT NOT NULL COLLATE NOCASE, days INTEGER NOT NULL,
      PRIMARY KEY (tenant_id, query_name)) STRICT`,
    `CREATE TABLE upload_days (
      tenant_id TEXT NOT NULL, day INTEGER NOT NULL, host_id TEXT NOT NULL, bytes INTEGER NOT NULL,
      dropped_lines INTEGER NOT NULL, dropped_bytes INTEGER NOT NULL,
      PRIMARY KEY (tenant_id, day, host_id)) STRICT, WITHOUT ROWID`,
    'CREATE TABLE manifests (tenant_id TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT',
    `CREATE TABLE segments (
      number INTEGER PRIMARY KEY AUTOINCREMENT, tenant_id TEXT NOT NULL, file_name TEXT NOT NULL UNIQUE, state TEXT NOT NULL,
      created_at INTEGER NOT NULL, frames INTEGER, lines INTEGER, bytes INTEGER, sealed_at INTEGER, consumed_at INTEGER,
      consumed_version INTEGER, attempts INTEGER NOT NULL DEFAULT 0, error TEXT) STRICT`,
    'CREATE INDEX segments_by_tenant ON segments (tenant_id, state)',
    `CREATE TABLE data_files (
      id INTEGER PRIMARY KEY AUTOINCREMENT, tenant_id TEXT NOT NULL, table_name TEXT NOT NULL, path TEXT NOT NULL UNIQUE,
      query_names_json TEXT, level INTEGER NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL, min_time INTEGER,
      max_time INTEGER, min_ingested INTEGER NOT NULL, max_ingested INTEGER NOT NULL, stats_json TEXT NOT NULL,
      sha256 TEXT NOT NULL, added_version INTEGER NOT NULL, dropped_version INTEGER, created_at INTEGER NOT NULL) STRICT`,
    'CREATE INDEX data_files_by_tenant ON data_files (tenant_id, table_name, dropped_version, max_time)',
    `CREATE TABLE leases (
      id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, version INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT`,
    'CREATE INDEX leases_by_tenant ON leases (tenant_id, version)',
    `CREATE TABLE import_positions (
      tenant_id TEXT NOT NULL, import_id TEXT NOT NULL, next_line INTEGER NOT NULL, updated_at INTEGER NOT NULL,
      PRIMARY KEY (tenant_id, import_id)) STRICT`,
    `CREATE TABLE frame_hashes (
      tenant_id TEXT NOT NULL, host_id TEXT NOT NULL, hash TEXT NOT NULL, received_at INTEGER NOT NULL,
      PRIMARY KEY (tenant_id, host_id, hash)) STRICT, WITHOUT ROWID`,
    'CREATE INDEX frame_hashes_by_age ON frame_hashes (received_at)',
    `CREATE TABLE runs (
      id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, state TEXT NOT NULL, name TEXT, template TEXT NOT NULL,
      variables_json TEXT, saved_query_id TEXT, category_id TEXT, host_ids_json TEXT, range_start INTEGER NOT NULL,
      range_end INTEGER, is_open_ended INTEGER NOT NULL, created_by_json TEXT NOT NULL, created_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL, finished_at INTEGER, attempts INTEGER NOT NULL, lease_expires_at INTEGER,
      statement_json TEXT NOT NULL, columns_json TEXT, row_count INTEGER, error_json TEXT, truncated_json TEXT,
      window_json TEXT, note TEXT, warnings_json TEXT) STRICT`,
    // With what the list filters by, so that rows that do not match are never read.
    'CREATE INDEX runs_by_tenant ON runs (tenant_id, created_at, id, state, expires_at)',
    "CREATE INDEX runs_live ON runs (state, created_at) WHERE state IN ('queued', 'running')",
    'CREATE INDEX runs_by_expiry ON runs (expires_at)',
    `CREATE TABLE saved_queries (
      id TEXT PRIMARY KEY, tenant_id TEXT REFERENCES tenants (id), name TEXT NOT NULL, code TEXT, description TEXT NOT NULL,
      template TEXT NOT NULL, variables_json TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) STRICT`,
    'CREATE INDEX saved_queries_by_tenant ON saved_queries (tenant_id, name)',
    `CREATE TABLE query_categories (
      id TEXT PRIMARY KEY, tenant_id TEXT REFERENCES tenants (id), name TEXT NOT NULL, code TEXT, description TEXT NOT NULL,
      icon TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) STRICT`,
    'CREATE INDEX query_categories_by_tenant ON query_categories (tenant_id, name)',
    `CREATE TABLE saved_query_categories (
      query_id TEXT NOT NULL REFERENCES saved_queries (id) ON DELETE CASCADE,
      category_id TEXT NOT NULL REFERENCES query_categories (id) ON DELETE CASCADE,
      PRIMARY KEY (query_id, category_id)) STRICT, WITHOUT ROWID`,
    'CREATE INDEX saved_query_categories_by_category ON saved_query_categories (category_id)',
    `CREATE TABLE idempotency_keys (
      tenant_id TEXT NOT NULL, principal_id TEXT NOT NULL, key TEXT NOT NULL, request_hash TEXT NOT NULL,
      run_id TEXT NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY (tenant_id, principal_id, key)) STRICT`,
    'CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at)',
  ],
}
