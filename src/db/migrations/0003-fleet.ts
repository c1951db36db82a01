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
    `CREATE TABLE node_keys (
      hash TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, host_id TEXT NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
      created_at INTEGER NOT NULL, replaced_at INTEGER) STRICT`,
    'CREATE INDEX node_keys_by_host ON node_keys (host_id, created_at)',
    `CREATE TABLE labels (
      tenant_id TEXT NOT NULL REFERENCES tenants (id), name TEXT NOT NULL, description TEXT NOT NULL,
      is_ingest_off INTEGER NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY (tenant_id, name)) STRICT`,
    `CREATE TABLE host_labels (
      tenant_id TEXT NOT NULL, label TEXT NOT NULL, host_id TEXT NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
      PRIMARY KEY (tenant_id, label, host_id),
      FOREIGN KEY (tenant_id, label) REFERENCES labels (tenant_id, name) ON DELETE CASCADE) STRICT, WITHOUT ROWID`,
    'CREATE INDEX host_labels_by_host ON host_labels (host_id)',
  ],
}
