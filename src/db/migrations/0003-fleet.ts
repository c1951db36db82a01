import type { Migration } from '../migration.ts'

export const fleet: Migration = {
  version: 3,
  name: 'fleet',
  statements: [
    'ALTER TABLE hosts ADD COLUMN enrolled_at INTEGER',
    'ALTER TABLE hosts ADD COLUMN last_log_at INTEGER',
    'ALTER TABLE hosts ADD COLUMN last_config_at INTEGER',
    'ALTER TABLE hosts ADD COLUMN config_version TEXT',
    'ALTER TABLE hosts ADD COLUMN hostname TEXT',
    'ALTER TABLE hosts ADD COLUMN platform TEXT',
    'ALTER TABLE hosts ADD COLUMN os_name TEXT',
    'ALTER TABLE hosts ADD COLUMN os_version TEXT',
    'ALTER TABLE hosts ADD COLUMN osquery_version TEXT',
    'ALTER TABLE hosts ADD COLUMN hardware_serial TEXT',
    'ALTER TABLE hosts ADD COLUMN public_ip TEXT',
    'ALTER TABLE hosts ADD COLUMN decorations_json TEXT',
    'ALTER TABLE hosts ADD COLUMN duplicate_of TEXT',
    'ALTER TABLE hosts ADD COLUMN instance_id TEXT',
    'ALTER TABLE hosts ADD COLUMN endpoint_type TEXT',
    'CREATE INDEX hosts_by_duplicate ON hosts (duplicate_of) WHERE duplicate_of IS NOT NULL',
    "ALTER TABLE enroll_secrets ADD COLUMN labels_json TEXT NOT NULL DEFAULT '[]'",
    'ALTER TABLE enroll_secrets ADD COLUMN environment TEXT',
    'CREATE INDEX enroll_secrets_by_environment ON enroll_secrets (environment) WHERE environment IS NOT NULL',
    `CREATE TABLE node_keys (
      hash TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, host_id TEXT NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
      created_at INTEGER NOT NULL, replaced_at INTEGER, used_at INTEGER, ended_at INTEGER) STRICT`,
    'CREATE INDEX node_keys_replaced ON node_keys (replaced_at) WHERE replaced_at IS NOT NULL',
    'CREATE INDEX node_keys_by_host ON node_keys (host_id, created_at)',
    `CREATE TABLE labels (
      tenant_id TEXT NOT NULL REFERENCES tenants (id), name TEXT NOT NULL COLLATE NOCASE, description TEXT NOT NULL,
      is_ingest_off INTEGER NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY (tenant_id, name)) STRICT`,
    `CREATE TABLE host_labels (
      tenant_id TEXT NOT NULL, label TEXT NOT NULL COLLATE NOCASE, host_id TEXT NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
      PRIMARY KEY (tenant_id, label, host_id),
      FOREIGN KEY (tenant_id, label) REFERENCES labels (tenant_id, name) ON DELETE CASCADE) STRICT, WITHOUT ROWID`,
    'CREATE INDEX host_labels_by_host ON host_labels (host_id)',
    `CREATE TABLE ingest_off_days (
      tenant_id TEXT NOT NULL, day INTEGER NOT NULL, host_id TEXT NOT NULL, lines INTEGER NOT NULL, bytes INTEGER NOT NULL,
      PRIMARY KEY (tenant_id, day, host_id)) STRICT, WITHOUT ROWID`,
  ],
}
