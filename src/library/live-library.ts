import type { LiveLibrary, LiveSavedQuery } from '../model/saved-query.ts'
import { shippedCategories } from './categories.ts'
import { type QueryFile, readQueryFolder } from './query-file.ts'

// Queries for hosts that ship, one SQL file each, as those over the lake do. They are held in memory: nobody adds to
// them, and a store that has them would only have to be kept equal to these files.

const folder = new URL('./live-queries/', import.meta.url)

/** Throws a RangeError for a file that is malformed: the files ship with the program. */
export function openLiveLibrary(): LiveLibrary {
  const queries = readQueryFolder(folder).map(toQuery)
  const used = new Set(queries.flatMap(query => query.categoryIds))
  const categories = shippedCategories.filter(({ id }) => used.has(id))
  return { queries: queries.toSorted(byName), categories: categories.toSorted(byName) }
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1
}

function toQuery(file: QueryFile): LiveSavedQuery {
  const { id, code, name, description, template, variables, platforms } = file
  if (platforms.length === 0) throw new RangeError(`${code}.sql: its systems are expected`)
  const categoryIds = file.categoryCodes.map(each => {
    const found = shippedCategories.find(category => category.code === each)
    if (found === undefined) throw new RangeError(`${code}.sql: there is no category ${each}`)
    return found.id
  })
  return { id, code, name, description, template, variables, platforms, categoryIds: categoryIds.sort() }
}
