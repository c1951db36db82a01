import Type, { type Static } from 'typebox'
import type { QueryCategory } from '../model/saved-query.ts'
import { formatInstant } from '../model/time-range.ts'
import { present } from './query-runs.ts'

export const WireCategory = Type.Object({
  id: Type.String(),
  name: Type.String(),
  code: Type.Optional(Type.String()),
  description: Type.String(),
  icon: Type.String(),
  type: Type.Enum(['canned', 'custom']),
  queryCount: Type.Integer(),
  tenant: Type.Optional(Type.Object({ id: Type.String() })),
  createdAt: Type.String(),
  updatedAt: Type.String(),
})
export type WireCategory = Static<typeof WireCategory>

/** `fields` may leave out every member but `id`. */
export const CategoryReply = Type.Partial(WireCategory)

/** The one list without `pages`. */
export const CategoryList = Type.Object({ items: Type.Array(CategoryReply) })

/** `queryCount`: the saved queries in it that the tenant sees. */
export function toWireCategory(category: QueryCategory, queryCount: number): WireCategory {
  return {
    id: category.id,
    name: category.name,
    ...present({ code: category.code }),
    description: category.description,
    icon: category.icon,
    type: category.type,
    queryCount,
    ...present({ tenant: category.tenantId === undefined ? undefined : { id: category.tenantId } }),
    createdAt: formatInstant(category.createdAt),
    updatedAt: formatInstant(category.updatedAt),
  }
}
