import type { Db } from '../db/db.ts'
import type { DataFileRecord } from '../db/tables.ts'
import type { ColumnStats, DataFile } from '../model/data-file.ts'

// Data files as the metadata store has them. A file is live from the version that added it to the one that dropped it.

/** A data file that is written and stored, but not yet committed. */
export interface NewDataFile {
  readonly table: string
  readonly path: string
  /** Query names (lower case) its rows have; undefined for a table without them. */
  readonly queryNames: readonly string[] | undefined
  readonly level: number
  readonly rows: number
  readonly bytes: number
  /** Bounds of the table's time column, ms; undefined where every value is null. */
  readonly minTime: number | undefined
  readonly maxTime: number | undefined
  readonly minIngested: number
  readonly maxIngested: number
  readonly stats: Readonly<Record<string, ColumnStats>>
}

/** A committed file with what pruning needs; the statistics are parsed only when asked for. */
export interface LiveFile extends Omit<DataFile, 'stats' | 'queryName'> {
  readonly queryNames: readonly string[] | undefined
  readonly minTime: number | undefined
  readonly maxTime: number | undefined
  readonly minIngested: number
  readonly maxIngested: number
  readonly addedVersion: number
  readonly createdAt: number
  stats(): Readonly<Record<string, ColumnStats>>
}

/** Inserts files as part of a commit at `version`. */
export async function insertDataFiles(
  transaction: Db,
  tenantId: string,
  files: readonly NewDataFile[],
  version: number,
  now: number,
): Promise<void> {
  for (const file of files) {
    await transaction
      .insertInto('data_files')
      .values({
        tenant_id: tenantId,
        table_name: file.table,
        path: file.path,
        query_names_json: file.queryNames === undefined ? null : JSON.stringify(file.queryNames),
        level: file.level,
        rows: file.rows,
        bytes: file.bytes,
        min_time: file.minTime ?? null,
        max_time: file.maxTime ?? null,
        min_ingested: file.minIngested,
        max_ingested: file.maxIngested,
        stats_json: JSON.stringify(file.stats),
        added_version: version,
        dropped_version: null,
        created_at: now,
      })
      .execute()
  }
}

/** Live files of a table, oldest first; with `start`, only those that may hold a row at or after it. */
export async function listLiveFiles(
  store: Db,
  tenantId: string,
  table: string,
  start?: number,
): Promise<readonly LiveFile[]> {
  let query = store
    .selectFrom('data_files')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('table_name', '=', table)
    .where('dropped_version', 'is', null)
    .orderBy('id')
  if (start !== undefined) query = query.where('max_time', '>=', start)
  return (await query.execute()).map(asLiveFile)
}

export function asLiveFile(row: DataFileRecord): LiveFile {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    table: row.table_name,
    path: row.path,
    queryNames: row.query_names_json === null ? undefined : JSON.parse(row.query_names_json),
    level: row.level,
    rows: row.rows,
    bytes: row.bytes,
    minTime: row.min_time ?? undefined,
    maxTime: row.max_time ?? undefined,
    minIngested: row.min_ingested,
    maxIngested: row.max_ingested,
    addedVersion: row.added_version,
    createdAt: row.created_at,
    stats: () => JSON.parse(row.stats_json),
  }
}
