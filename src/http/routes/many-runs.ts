import { decodeText, parseJson } from '../../api/body.ts'
import {
  ManyRunBody,
  ManyRunList,
  parseManyRun,
  toWireManyRun,
  toWireManyRunSummary,
  WireManyRun,
} from '../../api/many-runs.ts'
import { keyedPages, parseKeyedPage } from '../../api/page.ts'
import type { Parameters } from '../../api/parameters.ts'
import { Canceled, RunQuery } from '../../api/query-runs.ts'
import { ResultPage, ResultQuery, renderResultPage } from '../../api/results.ts'
import { requireReachable } from '../../auth/access.ts'
import { findTenant, findTenants, listTenants } from '../../db/tenants.ts'
import { manyRunTenantsMax, pageRowsDefault, pageRowsMax } from '../../limits.ts'
import { AppError } from '../../model/errors.ts'
import { isPartEnded, type ManyRunPart } from '../../model/many-run.ts'
import type { Caller } from '../../model/principal.ts'
import type { Tenant } from '../../model/tenant.ts'
import { ownColumns } from '../../query/many-results.ts'
import { columnClash } from '../../query/many-runs.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { parseWait, untilReady } from '../long-poll.ts'
import { tenantFilterOf } from '../managed.ts'
import { callerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'
import type { RouteAccess } from '../route-access.ts'
import { runIdOf } from '../run-id.ts'
import { planRun } from '../run-plan.ts'

// One run over many tenants, for those who manage several. A tenant's own principal has one.

const path = '/lake/v1/queries/runs'
const reading: RouteAccess = { kind: 'account', action: 'runs.read' }
const writing: RouteAccess = { kind: 'account', action: 'runs.write' }

export function manyRunRoutes(app: App, deps: AppDependencies): void {
  const { manyRuns } = deps

  app.post(
    path,
    {
      config: { access: writing, audit: 'manyRuns.start' },
      schema: { summary: 'Start a run over many tenants', body: ManyRunBody, response: { 201: WireManyRun } },
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const wanted = parseManyRun(parseJson(decodeText(bodyOf(request))))
      const tenants = await tenantsOf(deps, caller, wanted.tenantIds)
      const sql = await checkFirst(deps, tenants, wanted.request)
      const { run, parts } = await manyRuns.start(caller, wanted, tenants)
      request.audited = { target: run.id, ...(sql === undefined ? {} : { sql }), details: { tenants: parts.length } }
      return reply.code(201).send(toWireManyRun(run, parts))
    },
  )

  app.get(
    path,
    {
      config: { access: reading },
      schema: { summary: 'List runs over many tenants', response: { 200: ManyRunList } },
    },
    async request => ({ items: (await manyRuns.list(callerOf(request).accountId)).map(toWireManyRunSummary) }),
  )

  app.get(
    `${path}/:runId`,
    {
      config: { access: reading },
      schema: { summary: 'Poll a run over many tenants', querystring: RunQuery, response: { 200: WireManyRun } },
    },
    async request => {
      const waitMs = parseWait(request.query as Parameters)
      const find = () => manyRuns.get(callerOf(request).accountId, runIdOf(request))
      const { run, parts } = await untilReady(
        find,
        found => found.run.isEnded,
        waitMs,
        app.stopping,
        request.raw.socket,
      )
      return toWireManyRun(run, await openParts(deps, callerOf(request), parts))
    },
  )

  app.post(
    `${path}/:runId/cancel`,
    {
      config: { access: writing, audit: 'manyRuns.cancel' },
      schema: { summary: 'Cancel a run over many tenants', response: { 200: Canceled } },
    },
    async request => {
      const runId = runIdOf(request)
      request.audited = { target: runId }
      return { canceled: await manyRuns.cancel(callerOf(request).accountId, runId) }
    },
  )

  app.get(
    `${path}/:runId/results`,
    {
      config: { access: reading },
      schema: {
        summary: 'Read a page of the results of many tenants',
        querystring: ResultQuery,
        response: { 200: ResultPage },
      },
    },
    async (request, reply) => {
      const page = parseKeyedPage(request.query as Parameters, { sizeDefault: pageRowsDefault, sizeMax: pageRowsMax })
      const rows = { firstRow: page.offset, rowCount: page.pageSize }
      const caller = callerOf(request)
      const { run, parts } = await manyRuns.get(caller.accountId, runIdOf(request))
      const result = await manyRuns.results({ run, parts: await openParts(deps, caller, parts) }, rows)
      if (page.fromKey !== undefined && page.offset > 0 && page.offset >= result.rowCount) {
        throw new AppError('invalid_argument', 'pageFromKey is not a key of this result')
      }
      const { itemsJson, columns } = result
      const pages = keyedPages(page, result.nextRow, result.rowCount)
      const text = renderResultPage({ itemsJson, columns, pages, truncated: undefined })
      // Text passes through as it is; the schema is for the reference.
      return reply.type('application/json; charset=utf-8').send(text as never)
    },
  )
}

/**
 * The parts as the caller may see them now. A tenant that was suspended or taken from the account since has no rows and
 * no run for it any more: what it could read then would otherwise stay readable as long as this run lives.
 */
async function openParts(
  { store }: AppDependencies,
  caller: Caller,
  parts: readonly ManyRunPart[],
): Promise<readonly ManyRunPart[]> {
  const hasOutcome = ({ state }: ManyRunPart) => state !== 'refused' && isPartEnded(state)
  const found = await findTenants(
    store,
    parts.filter(hasOutcome).map(({ tenantId }) => tenantId),
  )
  const tenants = new Map(found.map(tenant => [tenant.id, tenant]))
  return parts.map(part => {
    if (!hasOutcome(part)) return part
    try {
      requireReachable(caller, tenants.get(part.tenantId))
      return part
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const { code, message } = error
      const nothing = { runId: undefined, rowCount: undefined, truncated: undefined }
      return { ...part, ...nothing, state: 'refused', error: { code, message } }
    }
  })
}

/** Those named, each of which the caller must reach, or all that it reaches. */
async function tenantsOf(
  { store }: AppDependencies,
  caller: Caller,
  ids: readonly string[] | undefined,
): Promise<readonly Tenant[]> {
  if (ids !== undefined) {
    const tenants: Tenant[] = []
    for (const id of ids) tenants.push(requireReachable(caller, await findTenant(store, id)))
    return tenants
  }
  const all = await listTenants(store, tenantFilterOf(caller), 0, Number.MAX_SAFE_INTEGER)
  const reached = all.filter(({ status, billingType }) => {
    return status === 'active' && (billingType !== 'trial' || caller.accountType === 'tenant')
  })
  if (reached.length === 0) throw new AppError('invalid_argument', 'there are no tenants to run over')
  if (reached.length > manyRunTenantsMax) {
    throw new AppError('invalid_argument', `${reached.length} tenants are more than ${manyRunTenantsMax}: name them`)
  }
  return reached
}

/**
 * What cannot run at the first tenant for a reason that is no tenant's own is refused at once; its SQL. A saved query,
 * a column or a table may be there for others.
 */
async function checkFirst(
  deps: AppDependencies,
  tenants: readonly Tenant[],
  request: string,
): Promise<string | undefined> {
  const { savedQuery } = JSON.parse(request) as { savedQuery?: unknown }
  const [first] = tenants
  if (first === undefined || savedQuery !== undefined) return undefined
  const { template, variables, hostIds, window } = await planRun(deps, first.id, Buffer.from(request))
  const { error, columns } = await deps.queries.validate(first.id, {
    ...{ template, window, hostIds },
    variables: variables ?? [],
  })
  if (error !== undefined && error.details?.['unknown'] === undefined) throw error
  const clash = columns?.find(({ name }) => ownColumns.includes(name.toLowerCase()))
  if (clash !== undefined) throw new AppError('invalid_argument', columnClash(clash.name).message)
  return template
}
