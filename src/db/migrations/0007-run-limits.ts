import type { Migration } from '../migration.ts'

/** What bounds one run, and what a tenant's runs get where that differs from the lake's. */
export const runLimits: Migration = {
  version: 7,
  name: 'run limits',
  statements: [
    'ALTER TABLE runs ADD COLUMN limits_json TEXT',
    'ALTER TABLE runs ADD COLUMN is_kept INTEGER NOT NULL DEFAULT 0',
    `CREATE TABLE tenant_run_limits (
      tenant_id TEXT PRIMARY KEY REFERENCES tenants (id), rows INTEGER, bytes INTEGER, timeout_ms INTEGER) STRICT`,
    'CREATE INDEX runs_kept ON runs (tenant_id) WHERE is_kept = 1',
  ],
}
