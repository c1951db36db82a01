import type { Db } from './db.ts'

// How far each imported file has got. The frames hold the same positions and are first: a row here may be behind its
// segment, never ahead of it, and recovery catches it up.

/** Number of the first line not yet accepted, from 1; undefined when nothing of the file is known. */
export async function findImportPosition(db: Db, tenantId: string, importId: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('import_positions')
    .select('next_line')
    .where('tenant_id', '=', tenantId)
    .where('import_id', '=', importId)
    .executeTakeFirst()
  return row?.next_line
}

/** Those of the files of which something is known, by import id; at most `importIdsAskedMax` ids. */
export async function findImportPositions(
  db: Db,
  tenantId: string,
  importIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('import_positions')
    .select(['import_id', 'next_line'])
    .where('tenant_id', '=', tenantId)
    .where('import_id', 'in', importIds)
    .execute()
  return new Map(rows.map(row => [row.import_id, row.next_line]))
}

export interface ImportPosition {
  readonly tenantId: string
  readonly importId: string
  readonly nextLine: number
}

/** Moves positions forward; one that is already further stays. */
export async function putImportPositions(db: Db, positions: readonly ImportPosition[], now: number): Promise<void> {
  for (const { tenantId, importId, nextLine } of positions) {
    await db
      .insertInto('import_positions')
      .values({ tenant_id: tenantId, import_id: importId, next_line: nextLine, updated_at: now })
      .onConflict(conflict =>
        conflict
          .columns(['tenant_id', 'import_id'])
          .doUpdateSet({ next_line: nextLine, updated_at: now })
          .where('import_positions.next_line', '<', nextLine),
      )
      .execute()
  }
}
