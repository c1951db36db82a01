import type { Migration } from '../migration.ts'

export const management: Migration = {
  version: 2,
  name: 'management',
  statements: [
    `CREATE TABLE ingest_tokens (
      id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL REFERENCES tenants (id), name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE,
      created_at INTEGER NOT NULL, last_used_at INTEGER, revoked_at INTEGER) STRICT`,
    'CREATE INDEX ingest_tokens_by_tenant ON ingest_tokens (tenant_id, created_at)',
    `CREATE TABLE account_audit (
      id INTEGER PRIMARY KEY AUTOINCREMENT, account_id TEXT NOT NULL, at INTEGER NOT NULL, entry_json TEXT NOT NULL) STRICT`,
    'CREATE INDEX account_audit_by_account ON account_audit (account_id, id)',
    `CREATE TABLE many_runs (
      id TEXT PRIMARY KEY, account_type TEXT NOT NULL, account_id TEXT NOT NULL, principal_id TEXT NOT NULL, name TEXT,
      request TEXT NOT NULL, is_ended INTEGER NOT NULL, is_canceled INTEGER NOT NULL, created_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL, finished_at INTEGER) STRICT`,
    'CREATE INDEX many_runs_by_account ON many_runs (account_id, created_at)',
    'CREATE INDEX many_runs_live ON many_runs (created_at) WHERE is_ended = 0',
    `CREATE TABLE many_run_parts (
      many_run_id TEXT NOT NULL REFERENCES many_runs (id) ON DELETE CASCADE, position INTEGER NOT NULL,
      tenant_id TEXT NOT NULL, tenant_name TEXT NOT NULL, state TEXT NOT NULL, run_id TEXT, row_count INTEGER,
      error_json TEXT, truncated_json TEXT, PRIMARY KEY (many_run_id, position)) STRICT, WITHOUT ROWID`,
    'CREATE INDEX many_run_parts_by_state ON many_run_parts (many_run_id, state)',
  ],
}
