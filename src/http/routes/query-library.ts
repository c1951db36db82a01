import { decodeText, parseJson } from '../../api/body.ts'
import { CategoryBody, parseCategoryBody, toWireCategory, WireCategory } from '../../api/categories.ts'
import { parseSavedQueryBody, SavedQueryBody, toWireSavedQuery, WireSavedQuery } from '../../api/saved-queries.ts'
import {
  deleteCategory,
  deleteSavedQuery,
  findCategory,
  findSavedQuery,
  putCategory,
  putSavedQuery,
} from '../../db/saved-queries.ts'
import { AppError } from '../../model/errors.ts'
import { parseUuid } from '../../model/ids.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'
import type { RouteAccess } from '../route-access.ts'

// A tenant's own saved queries and categories: put and delete by id, so that a folder of files under version control
// can be put again and again. Canned ones are not a tenant's to change. Reading is on the vendor's paths.

const access: RouteAccess = { kind: 'tenant', action: 'queries.write' }

export function queryLibraryRoutes(app: App, deps: AppDependencies): void {
  savedQueries(app, deps)
  categories(app, deps)
}

function savedQueries(app: App, { store, clock }: AppDependencies): void {
  const path = '/lake/v1/saved-queries/:id'

  app.put(
    path,
    {
      config: { access, audit: 'savedQueries.put' },
      schema: { summary: 'Put a saved query', body: SavedQueryBody, response: { 200: WireSavedQuery } },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const id = idOf(request.params)
      const content = parseSavedQueryBody(parseJson(decodeText(bodyOf(request))))
      for (const categoryId of content.categoryIds) {
        if ((await findCategory(store, tenantId, categoryId)) === undefined) {
          throw new AppError('invalid_argument', `there is no category ${categoryId.slice(0, 100)}`)
        }
      }
      const known = await findSavedQuery(store, tenantId, id)
      const now = clock()
      const query = {
        ...content,
        id,
        type: 'custom',
        tenantId,
        createdAt: known?.createdAt ?? now,
        updatedAt: now,
      } as const
      await putSavedQuery(store, query)
      request.audited = { target: id, sql: query.template, details: { name: query.name } }
      return toWireSavedQuery(query)
    },
  )

  const deleting = { access, audit: 'savedQueries.delete' }
  app.delete(path, { config: deleting, schema: { summary: 'Delete a saved query' } }, async (request, reply) => {
    const { tenantId } = tenantCallerOf(request)
    const isDeleted = await deleteSavedQuery(store, tenantId, idOf(request.params))
    if (!isDeleted) throw new AppError('not_found', 'this tenant has no such saved query of its own')
    request.audited = { target: idOf(request.params) }
    return reply.code(204).send()
  })
}

function categories(app: App, { store, clock }: AppDependencies): void {
  const path = '/lake/v1/query-categories/:id'

  app.put(
    path,
    {
      config: { access, audit: 'categories.put' },
      schema: { summary: 'Put a category', body: CategoryBody, response: { 200: WireCategory } },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const id = idOf(request.params)
      const content = parseCategoryBody(parseJson(decodeText(bodyOf(request))))
      const known = await findCategory(store, tenantId, id)
      const now = clock()
      const createdAt = known?.category.createdAt ?? now
      const category = { ...content, id, type: 'custom', tenantId, createdAt, updatedAt: now } as const
      await putCategory(store, category)
      request.audited = { target: id, details: { name: category.name } }
      return toWireCategory(category, known?.queryCount ?? 0)
    },
  )

  const deleting = { access, audit: 'categories.delete' }
  app.delete(path, { config: deleting, schema: { summary: 'Delete a category' } }, async (request, reply) => {
    const { tenantId } = tenantCallerOf(request)
    const isDeleted = await deleteCategory(store, tenantId, idOf(request.params))
    if (!isDeleted) throw new AppError('not_found', 'this tenant has no such category of its own')
    request.audited = { target: idOf(request.params) }
    return reply.code(204).send()
  })
}

/** Clients choose the ids of what they put: version-4 UUIDs, since clients of the original validate them. */
function idOf(parameters: unknown): string {
  const id = parseUuid((parameters as { id: string }).id)
  if (id === undefined || !/^.{14}4.{4}[89ab]/.test(id)) {
    throw new AppError('invalid_argument', 'the id in the path must be a version-4 UUID')
  }
  return id
}
