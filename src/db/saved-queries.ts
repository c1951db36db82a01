import type { ExpressionBuilder } from 'kysely'
import { AppError } from '../model/errors.ts'
import type { QueryVariable } from '../model/query-run.ts'
import type { QueryCategory, SavedQuery } from '../model/saved-query.ts'
import { type Db, inTransaction, type Store } from './db.ts'
import type { QueryCategoryRow, SavedQueryRow, Tables } from './tables.ts'

// Saved queries and their categories. A tenant sees its own and the canned ones, which belong to nobody.

/** Which of the visible queries a list is about. */
export interface SavedQueryFilter {
  readonly categoryId: string | undefined
  /** Text that one of the fields contains; letter case of ASCII letters is ignored. */
  readonly search: string | undefined
  readonly searchFields: readonly ('name' | 'description' | 'template' | 'code')[]
}

/**
 * Puts the query in place of its owner's with that id, categories included. Rejects with `conflict` when the id is
 * another owner's (canned queries have none of their own), and fails on categories that do not exist; nothing has
 * changed then.
 */
export async function putSavedQuery(store: Store, query: SavedQuery): Promise<void> {
  await inTransaction(store, async transaction => {
    const { id, ...members } = toRow(query)
    const put = await transaction
      .insertInto('saved_queries')
      .values({ id, ...members })
      .onConflict(conflict =>
        conflict
          .column('id')
          .doUpdateSet(members)
          .where('saved_queries.tenant_id', 'is not distinct from', members.tenant_id),
      )
      .executeTakeFirstOrThrow()
    if (put.numInsertedOrUpdatedRows === 0n) throw taken(id)
    await transaction.deleteFrom('saved_query_categories').where('query_id', '=', id).execute()
    for (const categoryId of query.categoryIds) {
      await transaction.insertInto('saved_query_categories').values({ query_id: id, category_id: categoryId }).execute()
    }
  })
}

/** False when the tenant has no such query of its own; canned ones cannot be deleted. */
export async function deleteSavedQuery(db: Db, tenantId: string, queryId: string): Promise<boolean> {
  const result = await db
    .deleteFrom('saved_queries')
    .where('tenant_id', '=', tenantId)
    .where('id', '=', queryId)
    .executeTakeFirst()
  return result.numDeletedRows > 0n
}

export async function findSavedQuery(db: Db, tenantId: string, queryId: string): Promise<SavedQuery | undefined> {
  const row = await db
    .selectFrom('saved_queries')
    .selectAll()
    .where('id', '=', queryId)
    .where(visibleTo(tenantId))
    .executeTakeFirst()
  return row === undefined ? undefined : (await withCategories(db, [row]))[0]
}

/** Queries `[offset, offset + count)` by name, then id. */
export async function listSavedQueries(
  db: Db,
  tenantId: string,
  filter: SavedQueryFilter,
  offset: number,
  count: number,
): Promise<SavedQuery[]> {
  const rows = await matching(db, tenantId, filter)
    .selectAll()
    .orderBy('name')
    .orderBy('id')
    .limit(count)
    .offset(offset)
    .execute()
  return withCategories(db, rows)
}

export async function countSavedQueries(db: Db, tenantId: string, filter: SavedQueryFilter): Promise<number> {
  const row = await matching(db, tenantId, filter)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/** Puts the category in place of its owner's with that id. Rejects with `conflict` when the id is another owner's. */
export async function putCategory(db: Db, category: QueryCategory): Promise<void> {
  const { id, ...members } = {
    id: category.id,
    tenant_id: category.tenantId ?? null,
    name: category.name,
    code: category.code ?? null,
    description: category.description,
    icon: category.icon,
    created_at: category.createdAt,
    updated_at: category.updatedAt,
  }
  const put = await db
    .insertInto('query_categories')
    .values({ id, ...members })
    .onConflict(conflict =>
      conflict
        .column('id')
        .doUpdateSet(members)
        .where('query_categories.tenant_id', 'is not distinct from', members.tenant_id),
    )
    .executeTakeFirstOrThrow()
  if (put.numInsertedOrUpdatedRows === 0n) throw taken(id)
}

function taken(id: string): AppError {
  return new AppError('conflict', `id ${id} is taken: choose another`)
}

/** False when the tenant has no such category of its own; canned ones cannot be deleted. Its queries stay. */
export async function deleteCategory(db: Db, tenantId: string, categoryId: string): Promise<boolean> {
  const result = await db
    .deleteFrom('query_categories')
    .where('tenant_id', '=', tenantId)
    .where('id', '=', categoryId)
    .executeTakeFirst()
  return result.numDeletedRows > 0n
}

/** A category with the number of queries in it that the tenant sees. */
export interface CountedCategory {
  readonly category: QueryCategory
  readonly queryCount: number
}

/** All categories the tenant sees, by name, then id. */
export async function listCategories(db: Db, tenantId: string): Promise<CountedCategory[]> {
  const rows = await countedCategories(db, tenantId).orderBy('name').orderBy('id').execute()
  return rows.map(toCounted)
}

export async function findCategory(db: Db, tenantId: string, categoryId: string): Promise<CountedCategory | undefined> {
  const row = await countedCategories(db, tenantId).where('id', '=', categoryId).executeTakeFirst()
  return row === undefined ? undefined : toCounted(row)
}

/** What ships with the product and belongs to nobody. */
export interface CannedLibrary {
  readonly queries: readonly SavedQuery[]
  readonly categories: readonly QueryCategory[]
}

/** Every canned query and category, of all versions that were ever installed and not deleted. */
export async function listCanned(db: Db): Promise<CannedLibrary> {
  const queries = await db.selectFrom('saved_queries').selectAll().where('tenant_id', 'is', null).execute()
  const categories = await db.selectFrom('query_categories').selectAll().where('tenant_id', 'is', null).execute()
  return {
    queries: await withCategories(db, queries),
    categories: categories.map(row => toCounted({ ...row, query_count: null }).category),
  }
}

/** Tenants' own queries and the runs of this one stay. */
export async function deleteCannedQuery(db: Db, queryId: string): Promise<void> {
  await db.deleteFrom('saved_queries').where('tenant_id', 'is', null).where('id', '=', queryId).execute()
}

/** Its queries stay, without it. */
export async function deleteCannedCategory(db: Db, categoryId: string): Promise<void> {
  await db.deleteFrom('query_categories').where('tenant_id', 'is', null).where('id', '=', categoryId).execute()
}

function countedCategories(db: Db, tenantId: string) {
  return db
    .selectFrom('query_categories')
    .selectAll()
    .select(({ selectFrom }) =>
      selectFrom('saved_query_categories')
        .innerJoin('saved_queries', 'saved_queries.id', 'saved_query_categories.query_id')
        .whereRef('saved_query_categories.category_id', '=', 'query_categories.id')
        .where(({ eb, or }) =>
          or([eb('saved_queries.tenant_id', 'is', null), eb('saved_queries.tenant_id', '=', tenantId)]),
        )
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .as('query_count'),
    )
    .where(({ eb, or }) => or([eb('tenant_id', 'is', null), eb('tenant_id', '=', tenantId)]))
}

function visibleTo(tenantId: string) {
  return ({ eb, or }: ExpressionBuilder<Tables, 'saved_queries'>) =>
    or([eb('tenant_id', 'is', null), eb('tenant_id', '=', tenantId)])
}

function matching(db: Db, tenantId: string, filter: SavedQueryFilter) {
  let query = db.selectFrom('saved_queries').where(visibleTo(tenantId))
  const { categoryId, search } = filter
  if (categoryId !== undefined) {
    query = query.where('id', 'in', inner =>
      inner.selectFrom('saved_query_categories').select('query_id').where('category_id', '=', categoryId),
    )
  }
  if (search !== undefined) {
    // SQLite's lower() knows ASCII only: fold both sides alike, or `Ü` would not find itself.
    const sought = search.replace(/[A-Z]/g, letter => letter.toLowerCase())
    query = query.where(({ eb, fn, val, or }) =>
      or(filter.searchFields.map(field => eb(fn<number>('instr', [fn('lower', [field]), val(sought)]), '>', 0))),
    )
  }
  return query
}

/** One more query for all rows of a page, not one each. */
async function withCategories(db: Db, rows: readonly SavedQueryRow[]): Promise<SavedQuery[]> {
  if (rows.length === 0) return []
  const links = await db
    .selectFrom('saved_query_categories')
    .selectAll()
    .where(
      'query_id',
      'in',
      rows.map(row => row.id),
    )
    .orderBy('category_id')
    .execute()
  const byQuery = Map.groupBy(links, link => link.query_id)
  return rows.map(row =>
    fromRow(
      row,
      (byQuery.get(row.id) ?? []).map(link => link.category_id),
    ),
  )
}

function toRow(query: SavedQuery): SavedQueryRow {
  return {
    id: query.id,
    tenant_id: query.tenantId ?? null,
    name: query.name,
    code: query.code ?? null,
    description: query.description,
    template: query.template,
    variables_json: JSON.stringify(query.variables),
    created_at: query.createdAt,
    updated_at: query.updatedAt,
  }
}

function fromRow(row: SavedQueryRow, categoryIds: readonly string[]): SavedQuery {
  return {
    id: row.id,
    type: row.tenant_id === null ? 'canned' : 'custom',
    tenantId: row.tenant_id ?? undefined,
    name: row.name,
    code: row.code ?? undefined,
    description: row.description,
    template: row.template,
    variables: JSON.parse(row.variables_json) as QueryVariable[],
    categoryIds,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

function toCounted(row: QueryCategoryRow & { query_count: number | null }): CountedCategory {
  return {
    category: {
      id: row.id,
      type: row.tenant_id === null ? 'canned' : 'custom',
      tenantId: row.tenant_id ?? undefined,
      name: row.name,
      code: row.code ?? undefined,
      description: row.description,
      icon: row.icon,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    },
    queryCount: row.query_count ?? 0,
  }
}
