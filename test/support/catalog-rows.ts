import type { Store } from '../../src/db/db.ts'
import type { DataFileRecord } from '../../src/db/tables.ts'
import type { SegmentState } from '../../src/model/segment.ts'

// Rows of the catalog without the files they speak of, for what only reads the catalog.

let count = 0

export async function putFile(store: Store, tenantId: string, more: Partial<DataFileRecord> = {}): Promise<number> {
  count += 1
  const { id } = await store
    .insertInto('data_files')
    .values({
      ...{ tenant_id: tenantId, table_name: 'xdr_data', path: `file-${count}`, query_names_json: null, level: 1 },
      ...{
        rows: 1,
        bytes: 1,
        min_time: 0,
        max_time: 0,
        min_ingested: 0,
        max_ingested: 0,
        stats_json: '{}',
        sha256: '',
      },
      ...{ added_version: 1, dropped_version: null, created_at: 0, ...more },
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

export async function putSegment(store: Store, tenantId: string, state: SegmentState, bytes: number): Promise<void> {
  count += 1
  await store
    .insertInto('segments')
    .values({ tenant_id: tenantId, file_name: `segment-${count}`, state, created_at: 0, bytes })
    .execute()
}
