import type { Db } from './db.ts'

/** A query name that has had rows, as a tenant's users are shown it. */
export interface SeenName {
  /** As first seen. */
  readonly name: string
  readonly table: string
  /** Lower-case columns its rows carry beside the envelope. */
  readonly columns: readonly string[]
  /** Times of receipt of its first and its last row, ms. */
  readonly firstSeen: number
  readonly lastSeen: number
  readonly rows: number
}

/** The tenant's query names by table, then name. */
export async function listQueryNames(db: Db, tenantId: string): Promise<SeenName[]> {
  const rows = await db
    .selectFrom('query_names')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .orderBy('table_name')
    .orderBy('name')
    .execute()
  return rows.map(row => ({
    name: row.name,
    table: row.table_name,
    columns: JSON.parse(row.columns_json) as string[],
    firstSeen: row.first_seen,
    lastSeen: row.last_seen,
    rows: row.rows,
  }))
}
