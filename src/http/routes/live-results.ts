import { LiveResultPage, LiveResultQuery, toWireTruncation } from '../../api/live-runs.ts'
import { keyedPages, parseKeyedPage } from '../../api/page.ts'
import { type Parameters, textParameter } from '../../api/parameters.ts'
import { present } from '../../api/query-runs.ts'
import { livePageRowsMax } from '../../limits/live.ts'
import { AppError } from '../../model/errors.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { livePath } from '../live-run-plan.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import type { CallCounter } from '../plugins/call-limits.ts'
import type { RouteAccess } from '../route-access.ts'
import { runIdOf } from '../run-id.ts'

// Pages of a live run, also while answers arrive: rows stand in the order in which they came, so a key keeps its page.
// The last page has no `nextKey`; while the run goes on, asking for that page again shows what has come since.

const access: RouteAccess = { kind: 'tenant', action: 'runs.read' }

export function liveResultRoutes(app: App, { agents }: AppDependencies, calls: CallCounter): void {
  app.get(
    `${livePath}/runs/:runId/results`,
    {
      config: { access },
      schema: {
        summary: 'Read a page of the result of a live run',
        querystring: LiveResultQuery,
        response: { 200: LiveResultPage },
      },
    },
    async request => {
      const caller = tenantCallerOf(request)
      try {
        const parameters = request.query as Parameters
        if (textParameter(parameters, 'sort') !== undefined) {
          throw new AppError('invalid_argument', 'rows are in the order in which they came: sort is not supported')
        }
        const page = parseKeyedPage(parameters, { sizeDefault: livePageRowsMax, sizeMax: livePageRowsMax })
        const range = { firstRow: page.offset, rowCount: page.pageSize }
        const { run, items, columns, nextRow } = await agents.liveQueries.results(
          caller.tenantId,
          runIdOf(request),
          range,
        )
        if (page.fromKey !== undefined && page.offset > run.rowCount) {
          throw new AppError('invalid_argument', 'pageFromKey is not a key of this result')
        }
        return {
          items: items.map(item => ({ ...item })),
          metadata: { columns: columns.map(name => ({ name, type: 'string' as const })) },
          pages: keyedPages(page, nextRow, run.rowCount),
          ...present({ truncated: toWireTruncation(run.truncated, run.rowCount) }),
        }
      } catch (error) {
        // Pages of a result that is there are free; everything else here is a call like any other.
        await calls.count(caller, caller.tenantId)
        throw error
      }
    },
  )
}
