import type { Migration } from '../migration.ts'

export const liveQueries: Migration = {
  version: 5,
  name: 'live queries',
  statements: [
    `CREATE TABLE live_runs (
      number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, tenant_id TEXT NOT NULL, state TEXT NOT NULL,
      name TEXT, template TEXT NOT NULL, variables_json TEXT, sql TEXT NOT NULL, saved_query_id TEXT, category_id TEXT,
      match_json TEXT NOT NULL, created_by_json TEXT NOT NULL, created_at INTEGER NOT NULL, deadline INTEGER NOT NULL,
      finished_at INTEGER, expires_at INTEGER NOT NULL, row_count INTEGER NOT NULL, row_bytes INTEGER NOT NULL,
      stored_bytes INTEGER NOT NULL, truncated_json TEXT, columns_json TEXT NOT NULL, performance_json TEXT NOT NULL,
      counts_json TEXT) STRICT`,
    // With what the list filters by, so that rows that do not match are never read.
    'CREATE INDEX live_runs_by_tenant ON live_runs (tenant_id, created_at, number, state, expires_at)',
    "CREATE INDEX live_runs_open ON live_runs (state) WHERE state IN ('preparing', 'pending', 'started')",
    'CREATE INDEX live_runs_by_expiry ON live_runs (expires_at)',
    // Neither refers to hosts: what a host answered is kept until its run expires, also where the host is deleted.
    `CREATE TABLE live_hosts (
      run_number INTEGER NOT NULL, host_id TEXT NOT NULL, hostname TEXT NOT NULL, platform TEXT, type TEXT NOT NULL,
      os_name TEXT, state TEXT NOT NULL, hand_outs INTEGER NOT NULL, started_at INTEGER, finished_at INTEGER,
      message TEXT, row_count INTEGER NOT NULL, dropped_rows INTEGER NOT NULL, wall_time_ms INTEGER,
      user_time_ms INTEGER, system_time_ms INTEGER, memory_bytes INTEGER, last_seen_at INTEGER,
      PRIMARY KEY (run_number, host_id)) STRICT, WITHOUT ROWID`,
    `CREATE TABLE live_answers (
      run_number INTEGER NOT NULL, position INTEGER NOT NULL, host_id TEXT NOT NULL, first_row INTEGER NOT NULL,
      row_count INTEGER NOT NULL, line BLOB NOT NULL, in_lake INTEGER NOT NULL,
      PRIMARY KEY (run_number, position)) STRICT, WITHOUT ROWID`,
    'CREATE INDEX live_answers_by_row ON live_answers (run_number, first_row, position) WHERE row_count > 0',
    'CREATE INDEX live_answers_due ON live_answers (run_number, position) WHERE in_lake = 0',
  ],
}
