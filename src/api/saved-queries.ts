import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { AppError } from '../model/errors.ts'
import { parseUuid } from '../model/ids.ts'
import type { SavedQuery } from '../model/saved-query.ts'
import { formatInstant } from '../model/time-range.ts'
import { dropNulls, firstError } from './body.ts'
import { fieldsParameter, NumberedPages, numberedPageParameters } from './page.ts'
import { listParameter, type Parameters, textParameter } from './parameters.ts'
import { present, Variable } from './query-runs.ts'
import { refuseAmbiguous } from './run-request.ts'

/** `description` and `variables` are always there: a client reads them unguarded. */
export const WireSavedQuery = Type.Object({
  id: Type.String(),
  name: Type.String(),
  code: Type.Optional(Type.String()),
  description: Type.String(),
  type: Type.Enum(['canned', 'custom']),
  template: Type.String(),
  variables: Type.Array(Variable),
  categories: Type.Array(Type.Object({ id: Type.String() })),
  tenant: Type.Optional(Type.Object({ id: Type.String() })),
  createdAt: Type.String(),
  updatedAt: Type.String(),
})
export type WireSavedQuery = Static<typeof WireSavedQuery>

/** `fields` may leave out every member but `id`. */
export const SavedQueryReply = Type.Partial(WireSavedQuery)

export const SavedQueryList = Type.Object({ items: Type.Array(SavedQueryReply), pages: NumberedPages })

export function toWireSavedQuery(query: SavedQuery): WireSavedQuery {
  return {
    id: query.id,
    name: query.name,
    ...present({ code: query.code }),
    description: query.description,
    type: query.type,
    template: query.template,
    variables: query.variables.map(variable => ({ ...variable })),
    categories: query.categoryIds.map(id => ({ id })),
    ...present({ tenant: query.tenantId === undefined ? undefined : { id: query.tenantId } }),
    createdAt: formatInstant(query.createdAt),
    updatedAt: formatInstant(query.updatedAt),
  }
}

export const SavedQueryListQuery = Type.Object({
  ...numberedPageParameters,
  ...fieldsParameter,
  categoryId: Type.Optional(Type.String()),
  search: Type.Optional(Type.String({ description: 'text to find, without case' })),
  searchFields: Type.Optional(Type.String({ description: 'where: name, description, template, code' })),
})

export const searchableFields = ['name', 'description', 'template', 'code'] as const
export type SearchableField = (typeof searchableFields)[number]

export interface SavedQuerySearch {
  /** undefined: any; a text that is no UUID matches nothing. */
  readonly categoryId: string | undefined
  /** Searched for without case; undefined: everything matches. */
  readonly search: string | undefined
  readonly searchFields: readonly SearchableField[]
}

/** Unknown names in `searchFields` are ignored; when none is left the usual three are searched. */
export function parseSavedQuerySearch(parameters: Parameters): SavedQuerySearch {
  const category = textParameter(parameters, 'categoryId')
  const wanted = listParameter(parameters, 'searchFields')
  const fields = searchableFields.filter(field => wanted.includes(field))
  return {
    categoryId: category === undefined ? undefined : (parseUuid(category) ?? category),
    search: textParameter(parameters, 'search'),
    searchFields: fields.length === 0 ? ['name', 'description', 'template'] : fields,
  }
}

/** The body of `PUT /lake/v1/saved-queries/{id}`: what a client got from the list can be put back as it is. */
export const SavedQueryBody = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 300 }),
  code: Type.Optional(Type.String({ maxLength: 100 })),
  description: Type.Optional(Type.String({ maxLength: 10_000 })),
  template: Type.String({ minLength: 1, maxLength: 50_000 }),
  variables: Type.Optional(Type.Array(Variable, { maxItems: 100 })),
  categories: Type.Optional(Type.Array(Type.Object({ id: Type.String() }), { maxItems: 100 })),
})

const savedQueryBody = Compile(SavedQueryBody)

export type SavedQueryContent = Pick<
  SavedQuery,
  'name' | 'code' | 'description' | 'template' | 'variables' | 'categoryIds'
>

export function parseSavedQueryBody(body: unknown): SavedQueryContent {
  const members = dropNulls(body)
  if (!savedQueryBody.Check(members)) {
    throw new AppError('invalid_argument', firstError(savedQueryBody.Errors(members)))
  }
  const { name, code, description, template, variables, categories } = members
  refuseAmbiguous(variables ?? [])
  const categoryIds = new Set((categories ?? []).map(({ id }) => parseUuid(id) ?? id))
  return {
    ...{ name, code, template },
    description: description ?? '',
    variables: (variables ?? []).map(toVariable),
    categoryIds: [...categoryIds],
  }
}

/** Only the members of the contract: others a client sent are not kept. */
function toVariable({ name, dataType, value, pivotType }: Variable): Variable {
  return { name, dataType, ...present({ value, pivotType }) }
}
