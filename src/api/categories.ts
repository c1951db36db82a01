import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { AppError } from '../model/errors.ts'
import type { QueryCategory } from '../model/saved-query.ts'
import { formatInstant } from '../model/time-range.ts'
import { dropNulls, firstError } from './body.ts'
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

/** The body of `PUT /lake/v1/query-categories/{id}`. */
export const CategoryBody = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 300 }),
  code: Type.Optional(Type.String({ maxLength: 100 })),
  description: Type.Optional(Type.String({ maxLength: 10_000 })),
  icon: Type.Optional(Type.String({ maxLength: 100 })),
})

const categoryBody = Compile(CategoryBody)

export type CategoryContent = Pick<QueryCategory, 'name' | 'code' | 'description' | 'icon'>

export function parseCategoryBody(body: unknown): CategoryContent {
  const members = dropNulls(body)
  if (!categoryBody.Check(members)) throw new AppError('invalid_argument', firstError(categoryBody.Errors(members)))
  const { name, code, description, icon } = members
  return { name, code, description: description ?? '', icon: icon ?? '' }
}
