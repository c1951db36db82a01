import Type, { type Static } from 'typebox'
import type { LiveQueryCategory, LiveSavedQuery } from '../model/saved-query.ts'
import { NumberedPages } from './page.ts'
import { present, Variable } from './query-runs.ts'
import type { SavedQuerySearch } from './saved-queries.ts'

// Queries for hosts that ship, and their categories. What is always the same is there because clients read it
// unguarded.

export const WireLiveQuery = Type.Object({
  id: Type.String(),
  name: Type.String(),
  code: Type.Optional(Type.String()),
  description: Type.String(),
  type: Type.Literal('canned'),
  template: Type.String(),
  variables: Type.Array(Variable),
  categories: Type.Array(Type.Object({ id: Type.String() })),
  supportedOSes: Type.Array(Type.Enum(['windows', 'macOS', 'linux'])),
})
export type WireLiveQuery = Static<typeof WireLiveQuery>

/** `fields` may leave out every member but `id`. */
export const LiveQueryReply = Type.Partial(WireLiveQuery)
export const LiveQueryList = Type.Object({ items: Type.Array(LiveQueryReply), pages: NumberedPages })

export const WireLiveCategory = Type.Object({
  id: Type.String(),
  name: Type.String(),
  code: Type.Optional(Type.String()),
  description: Type.String(),
  icon: Type.String(),
  type: Type.Literal('canned'),
  queryCount: Type.Integer(),
})
export type WireLiveCategory = Static<typeof WireLiveCategory>

export const LiveCategoryReply = Type.Partial(WireLiveCategory)
/** A list without `pages`, as that of the queries over the lake. */
export const LiveCategoryList = Type.Object({ items: Type.Array(LiveCategoryReply) })

export function toWireLiveQuery(query: LiveSavedQuery): WireLiveQuery {
  return {
    ...{ id: query.id, name: query.name, ...present({ code: query.code }), description: query.description },
    ...{ type: 'canned', template: query.template, variables: query.variables.map(each => ({ ...each })) },
    categories: query.categoryIds.map(id => ({ id })),
    supportedOSes: [...query.platforms],
  }
}

export function toWireLiveCategory(category: LiveQueryCategory, queries: readonly LiveSavedQuery[]): WireLiveCategory {
  return {
    ...{ id: category.id, name: category.name, ...present({ code: category.code }) },
    ...{ description: category.description, icon: category.icon, type: 'canned' },
    queryCount: queries.filter(({ categoryIds }) => categoryIds.includes(category.id)).length,
  }
}

/** True for a query that the search means; text is compared without case. */
export function isLiveQueryMeant(
  query: LiveSavedQuery,
  { categoryId, search, searchFields }: SavedQuerySearch,
): boolean {
  if (categoryId !== undefined && !query.categoryIds.includes(categoryId)) return false
  if (search === undefined) return true
  const sought = search.toLowerCase()
  return searchFields.some(field => (query[field] ?? '').toLowerCase().includes(sought))
}
