import type { FastifyRequest } from 'fastify'
import {
  LiveEndpointListQuery,
  LiveRunListQuery,
  parseLiveEndpointList,
  parseLiveRunList,
} from '../../api/live-run-lists.ts'
import { LiveRunBody } from '../../api/live-run-request.ts'
import {
  LiveEndpointList,
  LiveRunItem,
  LiveRunList,
  LiveRunReply,
  toLiveEndpoint,
  toWireLiveRun,
} from '../../api/live-runs.ts'
import { fieldsParameter, numberedPages, parseFields, parseNumberedPage, pickFields } from '../../api/page.ts'
import type { Parameters } from '../../api/parameters.ts'
import { Canceled, present, RunQuery } from '../../api/query-runs.ts'
import type { LiveRunView } from '../../fleet/live-queries.ts'
import { liveHostsPageMax } from '../../limits/live.ts'
import { runsPageDefault, runsPageMax } from '../../limits.ts'
import { isLiveRunOpen } from '../../model/live-run.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { livePath, liveReferences, planLiveRun } from '../live-run-plan.ts'
import { parseWait, untilReady } from '../long-poll.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'
import type { CallCounter } from '../plugins/call-limits.ts'
import type { RouteAccess } from '../route-access.ts'
import { runIdOf } from '../run-id.ts'

// Live runs: start, list, poll, their endpoints, cancel. Their results are in live-results.ts.

const reading: RouteAccess = { kind: 'tenant', action: 'runs.read' }
const writing: RouteAccess = { kind: 'tenant', action: 'runs.write' }
const runsPath = `${livePath}/runs`

export function liveRunRoutes(app: App, deps: AppDependencies, calls: CallCounter): void {
  starting(app, deps, calls)
  watching(app, deps)
  canceling(app, deps)
}

function starting(app: App, deps: AppDependencies, calls: CallCounter): void {
  const { agents, clock } = deps
  app.post(
    runsPath,
    {
      config: { access: writing, isCounted: true, audit: 'liveRuns.start' },
      schema: { summary: 'Start a live run', body: LiveRunBody, response: { 201: LiveRunReply } },
    },
    async (request, reply) => {
      const caller = tenantCallerOf(request)
      const plan = planLiveRun(deps, bodyOf(request))
      await calls.countLiveRun(caller.tenantId)
      const view = await agents.liveQueries.start(caller, plan)
      const { id, name, template, variables, savedQueryId, match } = view.run
      const details = present({ name, variables, savedQueryId, matchEndpoints: match, endpoints: view.counts.total })
      request.audited = { target: id, sql: template, details }
      // Whatever has become of it meanwhile.
      const begun: LiveRunView['run'] = { ...view.run, state: 'pending' }
      return reply.code(201).send(toWireLiveRun(begun, view.counts, clock(), liveReferences(deps, begun)))
    },
  )
}

function watching(app: App, deps: AppDependencies): void {
  const { agents, clock } = deps
  const toWire = ({ run, counts }: LiveRunView) => toWireLiveRun(run, counts, clock(), liveReferences(deps, run))

  app.get(
    runsPath,
    {
      config: { access: reading, isCounted: true },
      schema: { summary: 'List live runs', querystring: LiveRunListQuery, response: { 200: LiveRunList } },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const parameters = request.query as Parameters
      const page = parseNumberedPage(parameters, { sizeDefault: runsPageDefault, sizeMax: runsPageMax })
      const fields = parseFields(parameters)
      const { offset, pageSize: count, isTotalWanted } = page
      const filter = { ...parseLiveRunList(parameters), offset, count, isTotalWanted }
      const { runs, total } = await agents.liveQueries.list(tenantId, filter)
      return { items: runs.map(view => pickFields(toWire(view), fields)), pages: numberedPages(page, total) }
    },
  )

  app.get(
    `${runsPath}/:runId`,
    {
      config: { access: reading, isCounted: true },
      schema: {
        summary: 'Poll a live run',
        querystring: { ...RunQuery, properties: { ...RunQuery.properties, ...fieldsParameter } },
        response: { 200: LiveRunItem },
      },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const runId = runIdOf(request)
      const parameters = request.query as Parameters
      const isEnded = ({ run }: LiveRunView) => !isLiveRunOpen(run.state)
      const find = () => agents.liveQueries.get(tenantId, runId)
      const view = await untilReady(find, isEnded, parseWait(parameters), app.stopping, request.raw.socket)
      return pickFields(toWire(view), parseFields(parameters))
    },
  )

  app.get(
    `${runsPath}/:runId/endpoints`,
    {
      config: { access: reading, isCounted: true },
      schema: {
        summary: 'List the endpoints of a live run',
        querystring: LiveEndpointListQuery,
        response: { 200: LiveEndpointList },
      },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const parameters = request.query as Parameters
      const page = parseNumberedPage(parameters, { sizeDefault: runsPageDefault, sizeMax: liveHostsPageMax })
      const fields = parseFields(parameters)
      const { offset, pageSize: count, isTotalWanted } = page
      const filter = { ...parseLiveEndpointList(parameters), offset, count, isTotalWanted }
      const { hosts, total } = await agents.liveQueries.hosts(tenantId, runIdOf(request), filter)
      return { items: hosts.map(host => pickFields(toLiveEndpoint(host), fields)), pages: numberedPages(page, total) }
    },
  )
}

/** Not in the original. */
function canceling(app: App, { agents }: AppDependencies): void {
  const cancel = async (request: FastifyRequest) => {
    const runId = runIdOf(request)
    request.audited = { target: runId }
    return { canceled: await agents.liveQueries.cancel(tenantCallerOf(request).tenantId, runId) }
  }
  const options = {
    config: { access: writing, isCounted: true, audit: 'liveRuns.cancel' },
    schema: { summary: 'Cancel a live run', response: { 200: Canceled } },
  }
  app.post(`${runsPath}/:runId/cancel`, options, cancel)
  app.delete(`${runsPath}/:runId`, options, cancel)
}
