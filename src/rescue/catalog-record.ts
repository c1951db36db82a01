import { type Db, inTransaction, type Store } from '../db/db.ts'
import { lastSegmentNumber } from '../db/segments.ts'
import { tablesOf } from '../lake/schema.ts'
import { shippedTables } from '../lake/tables.ts'
import type { LakeColumn, LakeTable } from '../model/lake-table.ts'
import { identityColumns } from '../row-sql/identity.ts'

// What the catalog has of each tenant, as fsck compares it with the disk.

export interface RecordedFile {
  readonly id: number
  readonly path: string
  readonly table: string
  readonly level: number
  readonly rows: number
  readonly bytes: number
  readonly sha256: string
  readonly queryNames: readonly string[] | undefined
  readonly addedVersion: number
  readonly droppedVersion: number | undefined
  readonly isLive: boolean
}

export interface RecordedSegment {
  readonly number: number
  readonly state: string
  readonly frames: number | undefined
  readonly consumedVersion: number | undefined
}

export type NamedColumn = Pick<LakeColumn, 'name' | 'fieldId'>

export interface RecordedTenant {
  readonly files: readonly RecordedFile[]
  readonly segments: readonly RecordedSegment[]
  /** Of every stored table: shipped ones and the tenant's own. */
  readonly columns: readonly (NamedColumn & { readonly table: string })[]
  /** Names of those tables. */
  readonly tables: readonly string[]
  readonly version: number
}

export interface CatalogRecord {
  readonly tenants: ReadonlyMap<string, RecordedTenant>
  /** The greatest segment number ever given. */
  readonly lastNumber: number
}

/** One transaction sees all of it. */
export function readCatalog(store: Store): Promise<CatalogRecord> {
  return inTransaction(store, async transaction => {
    const tenants = await transaction.selectFrom('tenants').select('id').execute()
    const records = new Map<string, RecordedTenant>()
    for (const { id } of tenants) records.set(id, await readTenant(transaction, id))
    return { tenants: records, lastNumber: await lastSegmentNumber(transaction) }
  })
}

async function readTenant(db: Db, tenantId: string): Promise<RecordedTenant> {
  const files = await db
    .selectFrom('data_files')
    .select(['id', 'path', 'table_name', 'level', 'rows', 'bytes', 'sha256', 'query_names_json'])
    .select(['added_version', 'dropped_version'])
    .where('tenant_id', '=', tenantId)
    .orderBy('id')
    .execute()
  const segments = await db.selectFrom('segments').selectAll().where('tenant_id', '=', tenantId).execute()
  const manifest = await db
    .selectFrom('manifests')
    .select('version')
    .where('tenant_id', '=', tenantId)
    .executeTakeFirst()
  const tables = await tablesOf(db, tenantId)
  return {
    files: files.map(row => ({
      ...{ id: row.id, path: row.path, table: row.table_name, level: row.level, rows: row.rows, bytes: row.bytes },
      ...{ sha256: row.sha256, addedVersion: row.added_version, droppedVersion: row.dropped_version ?? undefined },
      queryNames: row.query_names_json === null ? undefined : (JSON.parse(row.query_names_json) as string[]),
      isLive: row.dropped_version === null,
    })),
    segments: segments.map(row => ({
      ...{ number: row.number, state: row.state, frames: row.frames ?? undefined },
      consumedVersion: row.consumed_version ?? undefined,
    })),
    columns: namedColumns(tables),
    tables: tables.map(({ name }) => name),
    version: manifest?.version ?? 0,
  }
}

/** Every column of the tables, with the row's identity. */
export function namedColumns(tables: readonly LakeTable[]): RecordedTenant['columns'] {
  return tables.flatMap(({ name: table, columns }) =>
    [...identityColumns, ...columns].map(({ name, fieldId }) => ({ table, name, fieldId })),
  )
}

/** A tenant of whom the catalog has no word: only what every lake has. */
export const nothingRecorded: RecordedTenant = {
  ...{ files: [], segments: [], version: 0 },
  columns: namedColumns(shippedTables),
  tables: shippedTables.map(({ name }) => name),
}
