import { keyedPages, parseKeyedPage } from '../../api/page.ts'
import type { Parameters } from '../../api/parameters.ts'
import { ResultPage, ResultQuery, renderResultPage } from '../../api/results.ts'
import { pageRowsDefault, pageRowsMax } from '../../limits.ts'
import { AppError } from '../../model/errors.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import type { CallCounter } from '../plugins/call-limits.ts'
import type { RouteAccess } from '../route-access.ts'
import { runIdOf, runsPath } from '../run-id.ts'

// Pages of a finished run. The same page can be read any number of times while the run lives.

const access: RouteAccess = { kind: 'tenant', action: 'runs.read' }

export function resultRoutes(app: App, { queries }: AppDependencies, calls: CallCounter): void {
  app.get(
    `${runsPath}/:runId/results`,
    {
      config: { access },
      schema: { summary: 'Read a page of the result', querystring: ResultQuery, response: { 200: ResultPage } },
    },
    async (request, reply) => {
      const caller = tenantCallerOf(request)
      try {
        const page = parseKeyedPage(request.query as Parameters, { sizeDefault: pageRowsDefault, sizeMax: pageRowsMax })
        const rows = { firstRow: page.offset, rowCount: page.pageSize }
        const result = await queries.results(caller.tenantId, runIdOf(request), rows)
        if (page.fromKey !== undefined && page.offset > 0 && page.offset >= result.rowCount) {
          throw new AppError('invalid_argument', 'pageFromKey is not a key of this result')
        }
        const { itemsJson, columns, run } = result
        const pages = keyedPages(page, result.nextRow, result.rowCount)
        const text = renderResultPage({ itemsJson, columns, pages, truncated: run.truncated })
        // Text passes through as it is; the schema is for the reference.
        return reply.type('application/json; charset=utf-8').send(text as never)
      } catch (error) {
        // Pages of a result that is there are free; everything else here is a call like any other.
        await calls.count(caller, caller.tenantId)
        throw error
      }
    },
  )
}
