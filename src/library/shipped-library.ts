import type { QueryCategory, SavedQuery } from '../model/saved-query.ts'
import { type ShippedCategory, shippedCategories } from './categories.ts'
import { type QueryFile, readQueryFolder } from './query-file.ts'

// What ships, as the store keeps it. The statements stand in files of their own: they are read, compared and copied
// into other tools as SQL, and the build copies them beside the compiled code as they are.

const folder = new URL('./queries/', import.meta.url)

/** Canned queries and categories; their times are the store's business. */
export interface ShippedLibrary {
  readonly categories: readonly ShippedQueryCategory[]
  readonly queries: readonly ShippedQuery[]
}

export type ShippedQueryCategory = Omit<QueryCategory, 'createdAt' | 'updatedAt'>
export type ShippedQuery = Omit<SavedQuery, 'createdAt' | 'updatedAt'>

/** Every query file, by code. Throws a RangeError for one that is malformed. */
export function readQueryFiles(): readonly QueryFile[] {
  return readQueryFolder(folder)
}

export function shippedLibrary(): ShippedLibrary {
  return {
    categories: shippedCategories.map(category => ({ ...category, type: 'canned', tenantId: undefined })),
    queries: readQueryFiles().map(toQuery),
  }
}

function toQuery(file: QueryFile): ShippedQuery {
  const { id, code, name, description, template, variables } = file
  const categoryIds = file.categoryCodes.map(each => categoryOf(code, each).id).sort()
  return { id, type: 'canned', tenantId: undefined, code, name, description, template, variables, categoryIds }
}

function categoryOf(queryCode: string, code: string): ShippedCategory {
  const found = shippedCategories.find(category => category.code === code)
  if (found === undefined) throw new RangeError(`${queryCode}.sql: there is no category ${code}`)
  return found
}
