import type { FastifyRequest } from 'fastify'
import {
  isLiveQueryMeant,
  LiveCategoryList,
  LiveCategoryReply,
  LiveQueryList,
  LiveQueryReply,
  toWireLiveCategory,
  toWireLiveQuery,
} from '../../api/live-queries.ts'
import { Fields, numberedPages, parseFields, parseNumberedPage, pickFields } from '../../api/page.ts'
import type { Parameters } from '../../api/parameters.ts'
import { parseSavedQuerySearch, SavedQueryListQuery } from '../../api/saved-queries.ts'
import { listPageDefault, savedQueriesPageMax } from '../../limits.ts'
import { AppError } from '../../model/errors.ts'
import { parseUuid } from '../../model/ids.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { livePath } from '../live-run-plan.ts'
import type { RouteAccess } from '../route-access.ts'

// Queries for hosts that ship, and their categories: the same for every tenant.

const config = { access: { kind: 'tenant', action: 'queries.read' } satisfies RouteAccess, isCounted: true } as const

export function liveQueryRoutes(app: App, { liveLibrary }: AppDependencies): void {
  app.get(
    livePath,
    {
      config,
      schema: { summary: 'List queries for hosts', querystring: SavedQueryListQuery, response: { 200: LiveQueryList } },
    },
    async request => {
      const parameters = request.query as Parameters
      const page = parseNumberedPage(parameters, { sizeDefault: listPageDefault, sizeMax: savedQueriesPageMax })
      const search = parseSavedQuerySearch(parameters)
      const fields = parseFields(parameters)
      const meant = liveLibrary.queries.filter(query => isLiveQueryMeant(query, search))
      const queries = meant.slice(page.offset, page.offset + page.pageSize)
      const items = queries.map(query => pickFields(toWireLiveQuery(query), fields))
      return { items, pages: numberedPages(page, meant.length) }
    },
  )

  app.get(
    `${livePath}/:queryId`,
    { config, schema: { summary: 'Get a query for hosts', querystring: Fields, response: { 200: LiveQueryReply } } },
    async request => {
      const query = liveLibrary.queries.find(({ id }) => id === idOf(request, 'queryId'))
      if (query === undefined) throw new AppError('not_found', 'there is no such saved query')
      return pickFields(toWireLiveQuery(query), parseFields(request.query as Parameters))
    },
  )

  const { categories } = liveLibrary
  app.get(
    `${livePath}/categories`,
    {
      config,
      schema: {
        summary: 'List categories of queries for hosts',
        querystring: Fields,
        response: { 200: LiveCategoryList },
      },
    },
    async request => {
      const fields = parseFields(request.query as Parameters)
      return { items: categories.map(each => pickFields(toWireLiveCategory(each, liveLibrary.queries), fields)) }
    },
  )

  app.get(
    `${livePath}/categories/:categoryId`,
    {
      config,
      schema: {
        summary: 'Get a category of queries for hosts',
        querystring: Fields,
        response: { 200: LiveCategoryReply },
      },
    },
    async request => {
      const category = categories.find(({ id }) => id === idOf(request, 'categoryId'))
      if (category === undefined) throw new AppError('not_found', 'there is no such category')
      return pickFields(toWireLiveCategory(category, liveLibrary.queries), parseFields(request.query as Parameters))
    },
  )
}

/** The path's id in lower case. */
function idOf(request: FastifyRequest, name: string): string {
  const text = (request.params as Record<string, string>)[name] ?? ''
  return parseUuid(text) ?? text
}
