import type { FastifyRequest } from 'fastify'
import { numberedPages, parseNumberedPage } from '../../api/page.ts'
import type { Parameters } from '../../api/parameters.ts'
import {
  Canceled,
  parseRunList,
  present,
  Run,
  RunList,
  RunListQuery,
  RunQuery,
  toWireNewRun,
  toWireProgress,
  toWireRun,
} from '../../api/query-runs.ts'
import { RunBody, RunHeaders } from '../../api/run-request.ts'
import { runsPageDefault, runsPageMax } from '../../limits.ts'
import type { QueryRun } from '../../model/query-run.ts'
import { formatInstant } from '../../model/time-range.ts'
import type { AppDependencies } from '../dependencies.ts'
import { openIdempotency } from '../idempotency.ts'
import type { App } from '../instance.ts'
import { parseWait, untilEnded } from '../long-poll.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import type { Audited } from '../plugins/audit.ts'
import { bodyOf } from '../plugins/bodies.ts'
import type { CallCounter } from '../plugins/call-limits.ts'
import type { RouteAccess } from '../route-access.ts'
import { runIdOf, runsPath } from '../run-id.ts'
import { planRun } from '../run-plan.ts'
import { openReferences } from '../run-references.ts'

// Runs: start, list, poll, cancel. Their results are in results.ts.

const reading: RouteAccess = { kind: 'tenant', action: 'runs.read' }
const writing: RouteAccess = { kind: 'tenant', action: 'runs.write' }

const runTypes = ['application/json']

export function runRoutes(app: App, deps: AppDependencies, calls: CallCounter): void {
  const { queries } = deps
  const idempotency = openIdempotency(deps)

  app.post(
    runsPath,
    {
      config: { access: writing, isCounted: true, audit: 'runs.start' },
      schema: {
        ...{ summary: 'Start a run', headers: RunHeaders, body: RunBody, bodyTypes: runTypes },
        response: { 201: Run },
      },
    },
    async (request, reply) => {
      const caller = tenantCallerOf(request)
      const body = bodyOf(request)
      const run = await idempotency.once(caller, request.headers['idempotency-key'], body, async withRun => {
        const plan = await planRun(deps, caller.tenantId, body)
        await calls.countRun(caller, caller.tenantId)
        return queries.start(caller, plan, withRun)
      })
      request.audited = auditedRun(run)
      return reply.code(201).send(toWireNewRun(run, await openReferences(deps.store, caller.tenantId)(run)))
    },
  )

  app.get(
    runsPath,
    {
      config: { access: reading, isCounted: true },
      schema: { summary: 'List runs', querystring: RunListQuery, response: { 200: RunList } },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const parameters = request.query as Parameters
      const page = parseNumberedPage(parameters, { sizeDefault: runsPageDefault, sizeMax: runsPageMax })
      const list = parseRunList(parameters)
      const { offset, pageSize: count, isTotalWanted } = page
      const { runs, total } = await queries.list(tenantId, { ...list, offset, count, isTotalWanted })
      const readReferences = openReferences(deps.store, tenantId)
      const items = []
      for (const run of runs) items.push(toWireRun(run, await readReferences(run)))
      return { items, pages: numberedPages(page, total) }
    },
  )

  app.get(
    `${runsPath}/:runId`,
    {
      config: { access: reading, isCounted: true },
      schema: { summary: 'Poll a run', querystring: RunQuery, response: { 200: Run } },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const runId = runIdOf(request)
      const waitMs = parseWait(request.query as Parameters)
      const find = () => queries.get(tenantId, runId)
      const watch = (listener: () => void) => queries.onEnd(runId, listener)
      const run = await untilEnded(find, waitMs, app.stopping, request.raw.socket, watch)
      return {
        ...toWireRun(run, await openReferences(deps.store, tenantId)(run)),
        ...present({ progress: toWireProgress(run.state, queries.progressOf(run.id)) }),
      }
    },
  )

  const cancel = async (request: FastifyRequest) => {
    const runId = runIdOf(request)
    request.audited = { target: runId }
    return { canceled: await queries.cancel(tenantCallerOf(request).tenantId, runId) }
  }
  const canceling = {
    config: { access: writing, isCounted: true, audit: 'runs.cancel' },
    schema: { summary: 'Cancel a run', response: { 200: Canceled } },
  }
  app.post(`${runsPath}/:runId/cancel`, canceling, cancel)
  app.delete(`${runsPath}/:runId`, canceling, cancel)
}

function auditedRun(run: QueryRun): Audited {
  const { id, name, template, variables, savedQueryId, hostIds, range } = run
  const [from, to] = [range.start, range.end].map(ms => (ms === undefined ? undefined : formatInstant(ms)))
  return { target: id, sql: template, details: present({ name, variables, savedQueryId, hostIds, from, to }) }
}
