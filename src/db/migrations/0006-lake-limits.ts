import type { Migration } from '../migration.ts'

/** Adds the row's amounts to its tenant's sizes (`sign` 1) or takes them away (-1). `row`: OLD or NEW. */
function countFile(row: 'OLD' | 'NEW', sign: 1 | -1): string {
  const [live, gone] = [`${row}.dropped_version IS NULL`, `${row}.dropped_version IS NOT NULL`]
  const amounts = [live, `iif(${live}, ${row}.rows, 0)`, `iif(${live}, ${row}.bytes, 0)`]
  const values = [...amounts, gone, `iif(${gone}, ${row}.bytes, 0)`].map(amount => `${sign} * (${amount})`)
  return addSizes(row, ['files', 'rows', 'bytes', 'dropped_files', 'dropped_bytes'], values)
}

function countSegment(row: 'OLD' | 'NEW', sign: 1 | -1): string {
  const consumed = `${row}.state = 'consumed'`
  const bytes = `coalesce(${row}.bytes, 0)`
  const amounts = [`NOT ${consumed}`, `iif(${consumed}, 0, ${bytes})`, consumed, `iif(${consumed}, ${bytes}, 0)`]
  const values = [...amounts, `${row}.state = 'quarantined'`].map(amount => `${sign} * (${amount})`)
  const names = ['segments', 'segment_bytes', 'consumed_segments', 'consumed_bytes', 'quarantined']
  return addSizes(row, names, values)
}

function addSizes(row: string, names: readonly string[], values: readonly string[]): string {
  const added = names.map(name => `${name} = ${name} + excluded.${name}`)
  return (
    `INSERT INTO tenant_sizes (tenant_id, ${names.join(', ')}) VALUES (${row}.tenant_id, ${values.join(', ')}) ` +
    `ON CONFLICT (tenant_id) DO UPDATE SET ${added.join(', ')};`
  )
}

/** Sizes that are true after every statement, whoever makes it: counting files anew takes a second for a large lake. */
function sizeTriggers(table: string, columns: string, count: (row: 'OLD' | 'NEW', sign: 1 | -1) => string) {
  return [
    `CREATE TRIGGER ${table}_added AFTER INSERT ON ${table} BEGIN ${count('NEW', 1)} END`,
    `CREATE TRIGGER ${table}_removed AFTER DELETE ON ${table} BEGIN ${count('OLD', -1)} END`,
    `CREATE TRIGGER ${table}_changed AFTER UPDATE OF ${columns} ON ${table} BEGIN ` +
      `${count('OLD', -1)} ${count('NEW', 1)} END`,
  ]
}

export const lakeLimits: Migration = {
  version: 6,
  name: 'lake limits',
  statements: [
    // Data directories made by the first programs of formats 1 and 2 lack these tables, and have smaller indexes.
    `CREATE TABLE IF NOT EXISTS query_retentions (
      tenant_id TEXT NOT NULL, query_name TEXT NOT NULL COLLATE NOCASE, days INTEGER NOT NULL,
      PRIMARY KEY (tenant_id, query_name)) STRICT`,
    `CREATE TABLE IF NOT EXISTS upload_days (
      tenant_id TEXT NOT NULL, day INTEGER NOT NULL, host_id TEXT NOT NULL, bytes INTEGER NOT NULL,
      dropped_lines INTEGER NOT NULL, dropped_bytes INTEGER NOT NULL,
      PRIMARY KEY (tenant_id, day, host_id)) STRICT, WITHOUT ROWID`,
    ...['tenants_by_partner', 'tenants_by_organization', 'runs_by_tenant'].map(name => `DROP INDEX ${name}`),
    'CREATE INDEX tenants_by_partner ON tenants (partner_id, created_at, id)',
    'CREATE INDEX tenants_by_organization ON tenants (organization_id, created_at, id)',
    'CREATE INDEX runs_by_tenant ON runs (tenant_id, created_at, id, state, expires_at)',
    `CREATE TABLE tenant_limits (
      tenant_id TEXT PRIMARY KEY REFERENCES tenants (id), upload_cap_host_bytes INTEGER, upload_cap_tenant_bytes INTEGER,
      disk_budget_bytes INTEGER) STRICT`,
    `CREATE TABLE tenant_sizes (
      tenant_id TEXT PRIMARY KEY, files INTEGER NOT NULL DEFAULT 0, rows INTEGER NOT NULL DEFAULT 0,
      bytes INTEGER NOT NULL DEFAULT 0, dropped_files INTEGER NOT NULL DEFAULT 0,
      dropped_bytes INTEGER NOT NULL DEFAULT 0, segments INTEGER NOT NULL DEFAULT 0,
      segment_bytes INTEGER NOT NULL DEFAULT 0, consumed_segments INTEGER NOT NULL DEFAULT 0,
      consumed_bytes INTEGER NOT NULL DEFAULT 0, quarantined INTEGER NOT NULL DEFAULT 0) STRICT`,
    ...sizeTriggers('data_files', 'rows, bytes, dropped_version', countFile),
    ...sizeTriggers('segments', 'state, bytes', countSegment),
    `INSERT INTO tenant_sizes (tenant_id, files, rows, bytes, dropped_files, dropped_bytes)
      SELECT tenant_id, sum(dropped_version IS NULL), sum(iif(dropped_version IS NULL, rows, 0)),
        sum(iif(dropped_version IS NULL, bytes, 0)), sum(dropped_version IS NOT NULL),
        sum(iif(dropped_version IS NOT NULL, bytes, 0))
      FROM data_files GROUP BY tenant_id`,
    // WHERE true: or ON CONFLICT would be read as a join's ON.
    `INSERT INTO tenant_sizes (tenant_id, segments, segment_bytes, consumed_segments, consumed_bytes, quarantined)
      SELECT tenant_id, sum(state <> 'consumed'), sum(iif(state <> 'consumed', coalesce(bytes, 0), 0)),
        sum(state = 'consumed'), sum(iif(state = 'consumed', coalesce(bytes, 0), 0)), sum(state = 'quarantined')
      FROM segments WHERE true GROUP BY tenant_id
      ON CONFLICT (tenant_id) DO UPDATE SET segments = excluded.segments, segment_bytes = excluded.segment_bytes,
        consumed_segments = excluded.consumed_segments, consumed_bytes = excluded.consumed_bytes,
        quarantined = excluded.quarantined`,
    'CREATE INDEX data_files_by_age ON data_files (tenant_id, max_ingested) WHERE dropped_version IS NULL',
    "CREATE INDEX segments_unconsumed ON segments (tenant_id, created_at) WHERE state <> 'consumed'",
    `CREATE TABLE size_samples (
      tenant_id TEXT NOT NULL, at INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (tenant_id, at)) STRICT,
      WITHOUT ROWID`,
    `CREATE TABLE budget_drops (
      id INTEGER PRIMARY KEY AUTOINCREMENT, tenant_id TEXT NOT NULL, table_name TEXT NOT NULL, query_names_json TEXT,
      min_time INTEGER, max_time INTEGER, rows INTEGER NOT NULL, bytes INTEGER NOT NULL, dropped_at INTEGER NOT NULL)
      STRICT`,
    'CREATE INDEX budget_drops_by_time ON budget_drops (tenant_id, table_name, max_time)',
    `CREATE TABLE declared_tables (
      tenant_id TEXT NOT NULL REFERENCES tenants (id), name TEXT NOT NULL, description TEXT NOT NULL,
      time_column TEXT NOT NULL, host_column TEXT, columns_json TEXT NOT NULL, created_at INTEGER NOT NULL,
      undeclared_at INTEGER, PRIMARY KEY (tenant_id, name)) STRICT`,
  ],
}
