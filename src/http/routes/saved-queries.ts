import type { FastifyRequest } from 'fastify'
import { CategoryList, CategoryReply, toWireCategory } from '../../api/categories.ts'
import { Fields, numberedPages, parseFields, parseNumberedPage, pickFields } from '../../api/page.ts'
import type { Parameters } from '../../api/parameters.ts'
import {
  parseSavedQuerySearch,
  SavedQueryList,
  SavedQueryListQuery,
  SavedQueryReply,
  toWireSavedQuery,
} from '../../api/saved-queries.ts'
import {
  countSavedQueries,
  findCategory,
  findSavedQuery,
  listCategories,
  listSavedQueries,
} from '../../db/saved-queries.ts'
import { listPageDefault, savedQueriesPageMax } from '../../limits.ts'
import { AppError } from '../../model/errors.ts'
import { parseUuid } from '../../model/ids.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import type { RouteAccess } from '../route-access.ts'

// Saved queries and their categories: read-only on the vendor's paths.

const base = '/xdr-query/v1/queries'
const config = { access: { kind: 'tenant', action: 'queries.read' } satisfies RouteAccess, isCounted: true } as const

export function savedQueryRoutes(app: App, deps: AppDependencies): void {
  const { store } = deps

  app.get(
    base,
    {
      config,
      schema: { summary: 'List saved queries', querystring: SavedQueryListQuery, response: { 200: SavedQueryList } },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const parameters = request.query as Parameters
      const page = parseNumberedPage(parameters, { sizeDefault: listPageDefault, sizeMax: savedQueriesPageMax })
      const search = parseSavedQuerySearch(parameters)
      const fields = parseFields(parameters)
      const queries = await listSavedQueries(store, tenantId, search, page.offset, page.pageSize)
      const total = page.isTotalWanted ? await countSavedQueries(store, tenantId, search) : 0
      const items = queries.map(query => pickFields(toWireSavedQuery(query), fields))
      return { items, pages: numberedPages(page, total) }
    },
  )

  app.get(
    `${base}/:queryId`,
    { config, schema: { summary: 'Get a saved query', querystring: Fields, response: { 200: SavedQueryReply } } },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const query = await findSavedQuery(store, tenantId, idOf(request, 'queryId'))
      if (query === undefined) throw new AppError('not_found', 'there is no such saved query')
      return pickFields(toWireSavedQuery(query), parseFields(request.query as Parameters))
    },
  )

  app.get(
    `${base}/categories`,
    { config, schema: { summary: 'List categories', querystring: Fields, response: { 200: CategoryList } } },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const fields = parseFields(request.query as Parameters)
      const found = await listCategories(store, tenantId)
      return {
        items: found.map(({ category, queryCount }) => pickFields(toWireCategory(category, queryCount), fields)),
      }
    },
  )

  app.get(
    `${base}/categories/:categoryId`,
    { config, schema: { summary: 'Get a category', querystring: Fields, response: { 200: CategoryReply } } },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const found = await findCategory(store, tenantId, idOf(request, 'categoryId'))
      if (found === undefined) throw new AppError('not_found', 'there is no such category')
      const { category, queryCount } = found
      return pickFields(toWireCategory(category, queryCount), parseFields(request.query as Parameters))
    },
  )
}

/** The path's id in lower case; what is no UUID is no item's id, so it is looked up and not found. */
function idOf(request: FastifyRequest, name: string): string {
  const text = (request.params as Record<string, string>)[name] ?? ''
  return parseUuid(text) ?? text
}
