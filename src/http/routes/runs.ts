import type { FastifyRequest } from 'fastify'
import { keyedPages, numberedPages, parseKeyedPage, parseNumberedPage } from '../../api/page.ts'
import type { Parameters } from '../../api/parameters.ts'
import {
  Canceled,
  parseRunList,
  Run,
  RunList,
  RunListQuery,
  RunQuery,
  toWireNewRun,
  toWireRun,
} from '../../api/query-runs.ts'
import { ResultPage, ResultQuery, renderResultPage } from '../../api/results.ts'
import { RunBody } from '../../api/run-request.ts'
import { pageRowsDefault, pageRowsMax, runsPageDefault, runsPageMax } from '../../limits.ts'
import { AppError } from '../../model/errors.ts'
import { parseUuid } from '../../model/ids.ts'
import type { AppDependencies } from '../dependencies.ts'
import { openIdempotency } from '../idempotency.ts'
import type { App } from '../instance.ts'
import { parseWait, untilEnded } from '../long-poll.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'
import type { CallCounter } from '../plugins/call-limits.ts'
import type { RouteAccess } from '../route-access.ts'
import { planRun } from '../run-plan.ts'
import { openReferences } from '../run-references.ts'

// Runs: start, list, poll, cancel, page through the result.

const base = '/xdr-query/v1/queries/runs'
const reading: RouteAccess = { kind: 'tenant', action: 'runs.read' }
const writing: RouteAccess = { kind: 'tenant', action: 'runs.write' }

const runTypes = ['application/json']

export function runRoutes(app: App, deps: AppDependencies, calls: CallCounter): void {
  const { queries } = deps
  const idempotency = openIdempotency(deps)

  app.post(
    base,
    {
      config: { access: writing, isCounted: true },
      schema: { summary: 'Start a run', body: RunBody, bodyTypes: runTypes, response: { 201: Run } },
    },
    async (request, reply) => {
      const caller = tenantCallerOf(request)
      const body = bodyOf(request)
      const run = await idempotency.once(caller, request.headers['idempotency-key'], body, async () => {
        const plan = await planRun(deps, caller.tenantId, body)
        await calls.countRun(caller, caller.tenantId)
        return queries.start(caller, plan)
      })
      return reply.code(201).send(toWireNewRun(run, await openReferences(deps.store, caller.tenantId)(run)))
    },
  )

  app.get(
    base,
    {
      config: { access: reading, isCounted: true },
      schema: { summary: 'List runs', querystring: RunListQuery, response: { 200: RunList } },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const parameters = request.query as Parameters
      const page = parseNumberedPage(parameters, { sizeDefault: runsPageDefault, sizeMax: runsPageMax })
      const list = parseRunList(parameters)
      const { runs, total } = await queries.list(tenantId, { ...list, offset: page.offset, count: page.pageSize })
      const readReferences = openReferences(deps.store, tenantId)
      const items = []
      for (const run of runs) items.push(toWireRun(run, await readReferences(run)))
      return { items, pages: numberedPages(page, total) }
    },
  )

  app.get(
    `${base}/:runId`,
    {
      config: { access: reading, isCounted: true },
      schema: { summary: 'Poll a run', querystring: RunQuery, response: { 200: Run } },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const runId = runIdOf(request)
      const waitMs = parseWait(request.query as Parameters)
      const run = await untilEnded(() => queries.get(tenantId, runId), waitMs, app.stopping, request.raw.socket)
      return toWireRun(run, await openReferences(deps.store, tenantId)(run))
    },
  )

  const cancel = async (request: FastifyRequest) => ({
    canceled: await queries.cancel(tenantCallerOf(request).tenantId, runIdOf(request)),
  })
  const canceling = {
    config: { access: writing, isCounted: true },
    schema: { summary: 'Cancel a run', response: { 200: Canceled } },
  }
  app.post(`${base}/:runId/cancel`, canceling, cancel)
  app.delete(`${base}/:runId`, canceling, cancel)

  app.get(
    `${base}/:runId/results`,
    {
      config: { access: reading },
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

/** A run id that is no UUID is no run's. */
function runIdOf(request: FastifyRequest): string {
  const text = (request.params as { runId: string }).runId
  const runId = parseUuid(text)
  if (runId === undefined) throw new AppError('not_found', 'there is no such run')
  return runId
}
