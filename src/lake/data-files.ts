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
  /** Of the file's bytes, hex: what tells a damaged file. */
  readonly sha256: string
}

/** A committed file with what pruning needs first. */
export interface LiveFile extends Omit<DataFile, 'stats' | 'queryName'> {
  readonly queryNames: readonly string[] | undefined
  readonly minTime: number | undefined
  readonly maxTime: number | undefined
  readonly minIngested: number
  readonly maxIngested: number
  readonly addedVersion: number
  readonly createdAt: number
  /** Bounds of its columns; undefined: not loaded (see `withStats`), nothing is known. */
  readonly stats: Readonly<Record<string, ColumnStats>> | undefined
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
        sha256: file.sha256,
        added_version: version,
        dropped_version: null,
        created_at: now,
      })
      .execute()
  }
}

/** All but `stats_json`, which is by far the longest and seldom needed. */
const liveColumns = [
  ...(['id', 'tenant_id', 'table_name', 'path', 'query_names_json', 'level', 'rows', 'bytes'] as const),
  ...(['min_time', 'max_time', 'min_ingested', 'max_ingested', 'added_version', 'created_at'] as const),
] as const

/**
 * Live files of a table, oldest first, without their statistics; with `start`, only those that may hold a row at or
 * after it.
 */
export async function listLiveFiles(
  store: Db,
  tenantId: string,
  table: string,
  start?: number,
): Promise<readonly LiveFile[]> {
  let query = store
    .selectFrom('data_files')
    .select(liveColumns)
    .where('tenant_id', '=', tenantId)
    .where('table_name', '=', table)
    .where('dropped_version', 'is', null)
    .orderBy('id')
  if (start !== undefined) query = query.where('max_time', '>=', start)
  return (await query.execute()).map(asLiveFile)
}

/** Live files of all tables whose every row was received before `time` (ms), oldest first, without their statistics. */
export async function listFilesReceivedBefore(store: Db, tenantId: string, time: number): Promise<readonly LiveFile[]> {
  const rows = await store
    .selectFrom('data_files')
    .select(liveColumns)
    .where('tenant_id', '=', tenantId)
    .where('dropped_version', 'is', null)
    .where('max_ingested', '<', time)
    .orderBy('id')
    .execute()
  return rows.map(asLiveFile)
}

/** Tables of the tenant that have live files, by name. */
export async function listLiveTables(store: Db, tenantId: string): Promise<readonly string[]> {
  const rows = await store
    .selectFrom('data_files')
    .select('table_name')
    .distinct()
    .where('tenant_id', '=', tenantId)
    .where('dropped_version', 'is', null)
    .orderBy('table_name')
    .execute()
  return rows.map(({ table_name: name }) => name)
}

/** The oldest live files of all tables but one whose every row was received before `time` (ms), oldest first. */
export async function listOldestFiles(
  store: Db,
  tenantId: string,
  exceptTable: string,
  time: number,
  filesMax: number,
): Promise<readonly LiveFile[]> {
  const rows = await store
    .selectFrom('data_files')
    .select(liveColumns)
    .where('tenant_id', '=', tenantId)
    .where('dropped_version', 'is', null)
    .where('table_name', '<>', exceptTable)
    .where('max_ingested', '<', time)
    .orderBy('max_ingested')
    .orderBy('id')
    .limit(filesMax)
    .execute()
  return rows.map(asLiveFile)
}

/** Files looked up by one statement. */
const idsPerStatement = 500

/** The same files with their statistics, as long as the store has their rows. */
export async function withStats(store: Db, files: readonly LiveFile[]): Promise<readonly LiveFile[]> {
  const stats = new Map<number, string>()
  for (let first = 0; first < files.length; first += idsPerStatement) {
    const ids = files.slice(first, first + idsPerStatement).map(({ id }) => id)
    const rows = await store.selectFrom('data_files').select(['id', 'stats_json']).where('id', 'in', ids).execute()
    for (const row of rows) stats.set(row.id, row.stats_json)
  }
  return files.map(file => {
    const json = stats.get(file.id)
    return json === undefined ? file : { ...file, stats: JSON.parse(json) }
  })
}

function asLiveFile(row: Pick<DataFileRecord, (typeof liveColumns)[number]>): LiveFile {
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
    stats: undefined,
  }
}
