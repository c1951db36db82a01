import type { Migration } from '../migration.ts'

export const agentConfigurations: Migration = {
  version: 4,
  name: 'agent configurations',
  statements: [
    `CREATE TABLE agent_configurations (
      tenant_id TEXT NOT NULL REFERENCES tenants (id), label TEXT NOT NULL COLLATE NOCASE, version INTEGER NOT NULL,
      layer_json TEXT NOT NULL, comment TEXT NOT NULL, created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
      restored_version INTEGER, PRIMARY KEY (tenant_id, label, version)) STRICT`,
    // History is not rewritten, whoever asks.
    `CREATE TRIGGER agent_configurations_stay BEFORE UPDATE ON agent_configurations
      BEGIN SELECT RAISE(ABORT, 'a version of a configuration never changes'); END`,
  ],
}
