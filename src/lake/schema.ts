import { type Db, inTransaction, type Store } from '../db/db.ts'
import { listDeclaredTables } from '../db/declared-tables.ts'
import { grownColumnsMax, grownFieldIdMin, queryNamesMax } from '../limits.ts'
import { asLakeTable, type DeclaredTable } from '../model/declared-table.ts'
import { AppError } from '../model/errors.ts'
import type { LakeColumn, LakeSchema, LakeTable, QueryName } from '../model/lake-table.ts'
import { isDecoration, isReserved } from '../row-sql/columns.ts'
import { resultTable } from '../row-sql/tail.ts'
import { envelopeNames } from './shipped-columns.ts'
import { shippedTables, storedTableOf, withGrownColumns } from './tables.ts'

// The registry of columns and query names. Shipped columns are code; those that a tenant's agents brought are rows, one
// field id each for ever. No tenant sees another's.

/** Letters a column's name may have at most: longer keys stay in `raw_values`. */
const columnNameCharsMax = 128

/** A query name as a conversion found it. */
export interface SeenQueryName {
  readonly name: string
  /** Lower-case columns its rows carry beside the envelope. */
  readonly columns: readonly string[]
  readonly rows: number
  /** Times of receipt of the first and the last of these rows, ms. */
  readonly firstSeen: number
  readonly lastSeen: number
}

/** What one tenant can name: tables with shipped and grown columns, and the query names that have had rows. */
export function schemaOf(store: Db, tenantId: string): Promise<LakeSchema> {
  return schemaWith(store, tenantId, undefined)
}

/** The same with no other query names than those of `relations`, in lower case: most of a schema is their columns. */
export function schemaFor(store: Db, tenantId: string, relations: readonly string[]): Promise<LakeSchema> {
  return schemaWith(store, tenantId, relations)
}

async function schemaWith(store: Db, tenantId: string, relations: readonly string[] | undefined): Promise<LakeSchema> {
  const declared = await listDeclaredTables(store, tenantId)
  const named = declared.filter(({ undeclaredAt }) => undeclaredAt === undefined)
  const tables = await withGrown(store, tenantId, named)
  // A decoration may stand on any query's rows, so those that agents brought are part of every query name's view.
  const grown = tables
    .find(({ name }) => name === resultTable)
    ?.columns.filter(({ fieldId }) => fieldId >= grownFieldIdMin)
  const decorations = (grown ?? []).map(({ name }) => name).filter(isDecoration)
  const envelope = [...envelopeNames, ...decorations]
  const isTable = (name: string) => tables.some(table => table.name === name)
  const wanted = relations?.filter(name => !isTable(name))
  const queryNames = wanted?.length === 0 ? [] : await queryNamesOf(store, tenantId, wanted)
  return { tables, queryNames, envelope }
}

/** Every table that may have rows: those one can name, and undeclared ones as long as they are being emptied. */
export async function tablesOf(store: Db, tenantId: string): Promise<readonly LakeTable[]> {
  return withGrown(store, tenantId, await listDeclaredTables(store, tenantId))
}

/** Shipped and declared tables, each with the columns that rows brought after those it has by itself. */
async function withGrown(
  store: Db,
  tenantId: string,
  declared: readonly DeclaredTable[],
): Promise<readonly LakeTable[]> {
  const grown = await store
    .selectFrom('grown_columns')
    .select(['table_name', 'name', 'field_id'])
    .where('tenant_id', '=', tenantId)
    .orderBy('field_id')
    .execute()
  return [...shippedTables, ...declared.map(asLakeTable)].map(table => {
    const stored = storedTableOf(table.name)
    const own = grown.filter(column => column.table_name === stored).map(grownColumn)
    return withGrownColumns(table, own)
  })
}

function grownColumn(row: { name: string; field_id: number }): LakeColumn {
  return { name: row.name, type: 'string', fieldId: row.field_id, description: 'Brought by an agent' }
}

/** The tenant's query names of the wide table, by name: all, or those that are one of `wanted` in lower case. */
export async function queryNamesOf(
  store: Db,
  tenantId: string,
  wanted?: readonly string[],
): Promise<readonly QueryName[]> {
  const rows = await store
    .selectFrom('query_names')
    .$if(wanted !== undefined, query => query.where(({ eb, fn }) => eb(fn('lower', ['name']), 'in', wanted ?? [])))
    .select(['name', 'columns_json'])
    .where('tenant_id', '=', tenantId)
    .where('table_name', '=', 'xdr_data')
    .orderBy('name')
    .execute()
  return rows.map(({ name, columns_json }) => ({ name, columns: JSON.parse(columns_json) }))
}

/** One table as the tenant has it. Rejects with `internal` where it has none of that name. */
export async function tableOf(store: Db, tenantId: string, table: string): Promise<LakeTable> {
  const found = (await tablesOf(store, tenantId)).find(({ name }) => name === table)
  if (found === undefined) throw new AppError('internal', `there is no table ${table}`)
  return found
}

/** All columns of one table as the tenant has it. */
export async function columnsOf(store: Db, tenantId: string, table: string): Promise<readonly LakeColumn[]> {
  return (await tableOf(store, tenantId, table)).columns
}

/**
 * Makes the names columns of the tenant's table where they are none yet; one transaction allots the field ids, so two
 * callers at once never give two columns one id, nor one column two. Names that cannot be columns are left out, and so
 * are those past `grownColumnsMax`: their values stay in `raw_values`.
 */
export async function growColumns(
  store: Store,
  tenantId: string,
  table: string,
  names: readonly string[],
  now: number,
): Promise<void> {
  const before = new Set((await columnsOf(store, tenantId, table)).map(({ name }) => name))
  const wanted = [...new Set(names)].filter(name => !before.has(name) && canBeColumn(name))
  if (wanted.length === 0) return
  await inTransaction(store, async transaction => {
    const grown = await transaction
      .selectFrom('grown_columns')
      .select(['name', 'field_id'])
      .where('tenant_id', '=', tenantId)
      .where('table_name', '=', table)
      .execute()
    // Another caller may have been quicker.
    const known = new Set(grown.map(({ name }) => name))
    const fresh = wanted.filter(name => !known.has(name)).slice(0, Math.max(0, grownColumnsMax - grown.length))
    if (fresh.length === 0) return
    const firstId = Math.max(grownFieldIdMin - 1, ...grown.map(({ field_id }) => field_id)) + 1
    await transaction
      .insertInto('grown_columns')
      .values(
        fresh.map((name, index) => ({
          tenant_id: tenantId,
          table_name: table,
          name,
          field_id: firstId + index,
          created_at: now,
        })),
      )
      .execute()
  })
}

/** True for a lower-case key that may become a column; `meta_…` names are decorations and may too. */
function canBeColumn(name: string): boolean {
  const isDecoration = name.startsWith('meta_')
  const isClean = name !== '' && name.length <= columnNameCharsMax && !/[\u0000-\u001f\u007f]/.test(name)
  return isClean && name === name.toLowerCase() && (isDecoration || !isReserved(name))
}

/**
 * False for live runs: each has a name of its own, nearly, and a thousand of them would leave no room for others. Their
 * rows are found by `query_name` as any others; only a view of each there is not.
 */
export function isNotedName(name: string): boolean {
  return !name.toLowerCase().startsWith('live/')
}

/**
 * Adds to what is known of query names; part of the transaction of a commit. A name keeps the letters it was first seen
 * in.
 */
export async function noteQueryNames(
  transaction: Db,
  tenantId: string,
  table: string,
  names: readonly SeenQueryName[],
): Promise<void> {
  const { count } = await transaction
    .selectFrom('query_names')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('tenant_id', '=', tenantId)
    .where('table_name', '=', table)
    .executeTakeFirstOrThrow()
  let free = queryNamesMax - count
  for (const seen of names.filter(({ name }) => isNotedName(name)).slice(0, queryNamesMax)) {
    const known = await transaction
      .selectFrom('query_names')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('table_name', '=', table)
      .where('name', '=', seen.name)
      .executeTakeFirst()
    const before: string[] = known === undefined ? [] : JSON.parse(known.columns_json)
    const columns = JSON.stringify([...new Set([...before, ...seen.columns])].sort())
    if (known === undefined) {
      if (free <= 0) continue
      free -= 1
      const { name, rows, firstSeen, lastSeen } = seen
      await transaction
        .insertInto('query_names')
        .values({
          tenant_id: tenantId,
          table_name: table,
          name,
          columns_json: columns,
          first_seen: firstSeen,
          last_seen: lastSeen,
          rows,
        })
        .execute()
      continue
    }
    await transaction
      .updateTable('query_names')
      .set({
        columns_json: columns,
        first_seen: Math.min(known.first_seen, seen.firstSeen),
        last_seen: Math.max(known.last_seen, seen.lastSeen),
        rows: known.rows + seen.rows,
      })
      .where('tenant_id', '=', tenantId)
      .where('table_name', '=', table)
      .where('name', '=', known.name)
      .execute()
  }
}
