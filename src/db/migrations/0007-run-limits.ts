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
    // Counting a tenant's runs anew costs milliseconds once it has tens of thousands.
    'CREATE TABLE run_counts (tenant_id TEXT PRIMARY KEY, runs INTEGER NOT NULL) STRICT',
    'INSERT INTO run_counts (tenant_id, runs) SELECT tenant_id, count(*) FROM runs GROUP BY tenant_id',
    `CREATE TRIGGER runs_counted AFTER INSERT ON runs BEGIN
      INSERT INTO run_counts (tenant_id, runs) VALUES (NEW.tenant_id, 1)
        ON CONFLICT (tenant_id) DO UPDATE SET runs = runs + 1;
    END`,
    `CREATE TRIGGER runs_uncounted AFTER DELETE ON runs BEGIN
      UPDATE run_counts SET runs = runs - 1 WHERE tenant_id = OLD.tenant_id;
    END`,
  ],
}
