import { parseLiveRunRequest } from '../api/live-run-request.ts'
import { present, type RunReferences } from '../api/query-runs.ts'
import type { StartLiveRun } from '../fleet/live-start.ts'
import { runNameCharsMax, templateCharsMax } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import type { LiveRun } from '../model/live-run.ts'
import type { AppDependencies } from './dependencies.ts'
import { withDefaults } from './run-plan.ts'

export const livePath = '/live-discover/v1/queries'

/**
 * The live run a body asks for: its SQL, from the body or from the library, and whom it asks. Throws `invalid_argument`
 * for a body that cannot be run, one that names a query or category that is not there included.
 */
export function planLiveRun(
  { liveLibrary, settings, clock }: Pick<AppDependencies, 'liveLibrary' | 'settings' | 'clock'>,
  body: Uint8Array,
): StartLiveRun {
  const bounds = { templateCharsMin: settings.templateCharsMin, templateCharsMax, nameCharsMax: runNameCharsMax }
  const request = parseLiveRunRequest(body, bounds, clock())
  const { source, match, matchGiven, durationMs = settings.liveRunMs } = request
  const shared = { match, matchGiven, durationMs }
  if (source.kind === 'adHoc') {
    return { template: source.template, name: source.name, variables: request.variables, ...shared }
  }
  const { queryId, categoryId } = source
  const query = liveLibrary.queries.find(({ id }) => id === queryId)
  if (query === undefined) throw new AppError('invalid_argument', `there is no saved query ${queryId}`)
  if (categoryId !== undefined && !liveLibrary.categories.some(({ id }) => id === categoryId)) {
    throw new AppError('invalid_argument', `there is no category ${categoryId}`)
  }
  const { template, name, platforms } = query
  const variables = withDefaults(request.variables ?? [], query.variables)
  return { template, name, variables, savedQueryId: queryId, categoryId, platforms, ...shared }
}

/** Name and code of what a run refers to. */
export function liveReferences({ liveLibrary }: Pick<AppDependencies, 'liveLibrary'>, run: LiveRun): RunReferences {
  const toReference = (found: { readonly id: string; readonly name: string; readonly code: string | undefined }) => ({
    ...{ id: found.id, name: found.name },
    ...present({ code: found.code }),
  })
  const query = liveLibrary.queries.find(({ id }) => id === run.savedQueryId)
  const category = liveLibrary.categories.find(({ id }) => id === run.categoryId)
  return present({
    query: query === undefined ? undefined : toReference(query),
    category: category === undefined ? undefined : toReference(category),
  })
}
