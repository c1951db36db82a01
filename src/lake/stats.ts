import type { Db } from '../db/db.ts'
import { listUnconsumedSegments } from './catalog.ts'

// How much of one tenant is where. Read from the catalog alone: no file is opened.

export interface TableStats {
  readonly name: string
  readonly rows: number
  readonly bytes: number
  readonly files: number
  /** Bounds of the table's time column, ms. */
  readonly oldest: number | undefined
  readonly newest: number | undefined
}

export interface QueryNameStats {
  /** As first seen. */
  readonly name: string
  /** Lower-case columns its rows carry beside the envelope. */
  readonly columns: readonly string[]
  /** Rows converted so far, those that retention dropped included. */
  readonly rows: number
  /** Times of receipt, ms. */
  readonly firstSeen: number
  readonly lastSeen: number
}

export interface TailStats {
  readonly segments: number
  /** Lines and bytes of sealed segments; an open one's are known to ingest only. */
  readonly lines: number
  readonly bytes: number
  /** Creation of the oldest segment, ms. */
  readonly oldestAt: number | undefined
  /** Numbers of segments that could not be converted, with why. */
  readonly quarantined: readonly { readonly number: number; readonly error: string | undefined }[]
}

/** Tables that have data files, by name. */
export async function tableStats(store: Db, tenantId: string): Promise<readonly TableStats[]> {
  const rows = await store
    .selectFrom('data_files')
    .select(({ fn }) => [
      'table_name',
      fn.sum<number>('rows').as('rows'),
      fn.sum<number>('bytes').as('bytes'),
      fn.countAll<number>().as('files'),
      fn.min('min_time').as('oldest'),
      fn.max('max_time').as('newest'),
    ])
    .where('tenant_id', '=', tenantId)
    .where('dropped_version', 'is', null)
    .groupBy('table_name')
    .orderBy('table_name')
    .execute()
  return rows.map(({ table_name: name, rows: count, bytes, files, oldest, newest }) => ({
    ...{ name, rows: count, bytes, files, oldest: oldest ?? undefined, newest: newest ?? undefined },
  }))
}

/** Every query name of the table that had rows, in data files or noted in the tail, by name. */
export async function queryNameStats(store: Db, tenantId: string, table: string): Promise<readonly QueryNameStats[]> {
  const rows = await store
    .selectFrom('query_names')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('table_name', '=', table)
    .orderBy('name')
    .execute()
  return rows.map(row => ({
    ...{ name: row.name, columns: JSON.parse(row.columns_json), rows: row.rows },
    ...{ firstSeen: row.first_seen, lastSeen: row.last_seen },
  }))
}

/** What waits to be converted. */
export async function tailStats(store: Db, tenantId: string): Promise<TailStats> {
  const segments = await listUnconsumedSegments(store, tenantId)
  return {
    segments: segments.length,
    lines: segments.reduce((total, { lines }) => total + (lines ?? 0), 0),
    bytes: segments.reduce((total, { bytes }) => total + (bytes ?? 0), 0),
    oldestAt: segments[0]?.createdAt,
    quarantined: segments
      .filter(({ state }) => state === 'quarantined')
      .map(({ number, error }) => ({ number, error })),
  }
}
