import { parseRunRequest } from '../api/run-request.ts'
import { parseWindow, type WindowRequest } from '../api/time.ts'
import { findCategory, findSavedQuery } from '../db/saved-queries.ts'
import { findTenant } from '../db/tenants.ts'
import { runNameCharsMax, templateCharsMax } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import type { QueryVariable } from '../model/query-run.ts'
import { dayMs } from '../model/time-range.ts'
import type { StartRun } from '../query/runs.ts'
import type { AppDependencies, AppSettings } from './dependencies.ts'

/** `clock`: what relative times count from. */
export interface PlanDependencies extends Pick<AppDependencies, 'store' | 'clock'> {
  readonly settings: Pick<AppSettings, 'templateCharsMin' | 'querySpanMsMax'>
}

/**
 * The run a body asks for: its SQL, from the body or from the saved query it names, its window and hosts. Throws
 * `invalid_argument` for a body that cannot be run, a saved query or category that the tenant does not have included.
 */
export async function planRun(deps: PlanDependencies, tenantId: string, body: Uint8Array): Promise<StartRun> {
  const request = parseRunRequest(body, {
    templateCharsMin: deps.settings.templateCharsMin,
    templateCharsMax,
    nameCharsMax: runNameCharsMax,
  })
  const { hostIds, limits, keepUntil } = request
  const shared = {
    hostIds,
    window: await planWindow(deps, tenantId, request.window),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(keepUntil === undefined ? {} : { keepUntil }),
  }
  const { source } = request
  if (source.kind === 'adHoc') {
    return { template: source.template, name: source.name, variables: request.variables, ...shared }
  }
  const query = await findSavedQuery(deps.store, tenantId, source.queryId)
  if (query === undefined) throw new AppError('invalid_argument', `there is no saved query ${source.queryId}`)
  const { categoryId } = source
  if (categoryId !== undefined && (await findCategory(deps.store, tenantId, categoryId)) === undefined) {
    throw new AppError('invalid_argument', `there is no category ${categoryId}`)
  }
  return {
    template: query.template,
    name: query.name,
    variables: withDefaults(request.variables ?? [], query.variables),
    savedQueryId: query.id,
    categoryId,
    ...shared,
  }
}

/** The window of a request about the tenant's lake, no longer than its retention. Throws `invalid_argument`. */
export async function planWindow(
  deps: PlanDependencies,
  tenantId: string,
  request: WindowRequest,
): Promise<StartRun['window']> {
  const tenant = await findTenant(deps.store, tenantId)
  const spanMsMax = deps.settings.querySpanMsMax ?? (tenant?.retentionDays ?? 1) * dayMs
  const { range, isOpenEnded } = parseWindow(request, { now: deps.clock(), spanMsMax })
  // An end that nobody asked for stays open: agents' clocks run ahead, and their rows still count.
  if (!isOpenEnded) return range
  // A start that nobody asked for counts from when the run starts, not from now.
  return request.from === undefined ? {} : { start: range.start }
}

/** The variables given, and the saved query's own values for those that were not. */
export function withDefaults(
  given: readonly QueryVariable[],
  declared: readonly QueryVariable[],
): readonly QueryVariable[] | undefined {
  const supplied = new Set(given.filter(variable => variable.value !== undefined).map(variable => variable.name))
  const defaults = declared.filter(variable => variable.value !== undefined && !supplied.has(variable.name))
  const replaced = new Set(defaults.map(variable => variable.name))
  const variables = [...given.filter(variable => !replaced.has(variable.name)), ...defaults]
  return variables.length === 0 ? undefined : variables
}
