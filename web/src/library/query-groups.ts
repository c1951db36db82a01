import type { WireCategory } from '../../../src/api/categories.ts'
import type { WireSavedQuery } from '../../../src/api/saved-queries.ts'
import type { TabDraft } from '../tabs/tabs.ts'

/** The tab a saved query opens in; one of the tenant's own can be saved over from there. */
export function draftOf(query: WireSavedQuery): TabDraft {
  const { id, name, type, template, variables } = query
  return { title: name, template, variables, ...(type === 'custom' ? { savedQueryId: id } : {}) }
}

export interface Library {
  readonly queries: readonly WireSavedQuery[]
  readonly categories: readonly WireCategory[]
}

export interface QueryGroup {
  readonly id: string
  readonly name: string
  readonly queries: readonly WireSavedQuery[]
}

/** By category in the server's order; a query of several stands in each; those of none come last. */
export function groupQueries({ queries, categories }: Library, search: string): readonly QueryGroup[] {
  const wanted = search.trim().toLowerCase()
  const fits = ({ name, description, template }: WireSavedQuery): boolean =>
    wanted === '' || [name, description, template].some(text => text.toLowerCase().includes(wanted))
  const found = queries.filter(fits)
  const known = new Set(categories.map(({ id }) => id))
  const grouped = categories.map(({ id, name }) => ({
    id,
    name,
    queries: found.filter(query => query.categories.some(each => each.id === id)),
  }))
  const rest = found.filter(query => !query.categories.some(each => known.has(each.id)))
  return [...grouped, { id: 'none', name: 'Without a category', queries: rest }].filter(
    group => group.queries.length > 0,
  )
}
