import type { DeclaredTable } from '../model/declared-table.ts'
import type { Db } from './db.ts'
import type { DeclaredTableRow } from './tables.ts'

/** The tenant's tables by name, also those whose rows are being dropped. */
export async function listDeclaredTables(db: Db, tenantId: string): Promise<readonly DeclaredTable[]> {
  const rows = await db
    .selectFrom('declared_tables')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .orderBy('name')
    .execute()
  return rows.map(fromRow)
}

export async function findDeclaredTable(db: Db, tenantId: string, name: string): Promise<DeclaredTable | undefined> {
  const row = await db
    .selectFrom('declared_tables')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('name', '=', name)
    .executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

/** False where the tenant has a table of that name already; nothing is changed then. */
export async function insertDeclaredTable(db: Db, tenantId: string, table: DeclaredTable): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('declared_tables')
    .values({
      ...{ tenant_id: tenantId, name: table.name, description: table.description, time_column: table.timeColumn },
      ...{ host_column: table.hostColumn ?? null, columns_json: JSON.stringify(table.columns) },
      ...{ created_at: table.createdAt, undeclared_at: table.undeclaredAt ?? null },
    })
    .onConflict(conflict => conflict.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

/** False where there is no such table, or it was undeclared before. */
export async function undeclareTable(db: Db, tenantId: string, name: string, now: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('declared_tables')
    .set({ undeclared_at: now })
    .where('tenant_id', '=', tenantId)
    .where('name', '=', name)
    .where('undeclared_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Tables of all tenants whose rows are being dropped. */
export async function listUndeclaredTables(
  db: Db,
): Promise<readonly { readonly tenantId: string; readonly name: string; readonly undeclaredAt: number }[]> {
  const rows = await db
    .selectFrom('declared_tables')
    .select(['tenant_id', 'name', 'undeclared_at'])
    .where('undeclared_at', 'is not', null)
    .orderBy('tenant_id')
    .orderBy('name')
    .execute()
  return rows.map(({ tenant_id, name, undeclared_at }) => {
    return { tenantId: tenant_id, name, undeclaredAt: undeclared_at ?? 0 }
  })
}

/** Forgets the table and the columns its rows brought: its name is free again. */
export async function deleteDeclaredTable(transaction: Db, tenantId: string, name: string): Promise<void> {
  await transaction.deleteFrom('declared_tables').where('tenant_id', '=', tenantId).where('name', '=', name).execute()
  await transaction
    .deleteFrom('grown_columns')
    .where('tenant_id', '=', tenantId)
    .where('table_name', '=', name)
    .execute()
}

function fromRow(row: DeclaredTableRow): DeclaredTable {
  return {
    name: row.name,
    description: row.description,
    columns: JSON.parse(row.columns_json),
    timeColumn: row.time_column,
    hostColumn: row.host_column ?? undefined,
    createdAt: row.created_at,
    undeclaredAt: row.undeclared_at ?? undefined,
  }
}
