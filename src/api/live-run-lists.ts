import Type from 'typebox'
import { AppError } from '../model/errors.ts'
import { parseUuid } from '../model/ids.ts'
import { type LiveHostState, type LiveRunState, liveHostStates, liveRunStates } from '../model/live-run.ts'
import { liveResultOf, liveResults, liveStatusOf } from './live-runs.ts'
import { fieldsParameter, numberedPageParameters } from './page.ts'
import { listParameter, type Parameters, textParameter, wordsParameter } from './parameters.ts'
import { runStatuses } from './query-runs.ts'

// What lists of live runs and of their endpoints can be asked for.

export const LiveRunListQuery = Type.Object({
  ...numberedPageParameters,
  ...fieldsParameter,
  sort: Type.Optional(
    Type.String({ description: 'comma list of createdAt, name and finishedAt, each with :asc or :desc' }),
  ),
  queryId: Type.Optional(Type.String()),
  categoryId: Type.Optional(Type.String()),
  status: Type.Optional(Type.String({ description: `any of ${runStatuses.join(', ')}` })),
  result: Type.Optional(Type.String({ description: `any of ${liveResults.join(', ')}` })),
  createdByPrincipalType: Type.Optional(Type.String({ description: 'service, user: every run is a service’s' })),
})

export const LiveEndpointListQuery = Type.Object({
  ...numberedPageParameters,
  ...fieldsParameter,
  sort: Type.Optional(
    Type.String({ description: 'comma list of hostname, status, finishedAt and resultCount, each with :asc or :desc' }),
  ),
  match: Type.Optional(
    Type.String({ description: 'status[:result[:withData|withoutData]], such as finished:succeeded:withData' }),
  ),
})

interface Sort<Field extends string> {
  readonly by: Field
  readonly order: 'asc' | 'desc'
}

const sortedRuns = ['createdAt', 'name', 'finishedAt'] as const

export interface LiveRunListRequest {
  /** undefined: any. */
  readonly states: readonly LiveRunState[] | undefined
  readonly savedQueryId: string | undefined
  readonly categoryId: string | undefined
  /** The first counts most. */
  readonly sorts: readonly Sort<(typeof sortedRuns)[number]>[]
}

/** Newest first unless asked otherwise. Throws `invalid_argument`. */
export function parseLiveRunList(parameters: Parameters): LiveRunListRequest {
  const statuses = wordsParameter(parameters, 'status', runStatuses)
  const results = wordsParameter(parameters, 'result', liveResults)
  const makers = wordsParameter(parameters, 'createdByPrincipalType', ['user', 'service'])
  const sorts = parseSorts(parameters, sortedRuns)
  const isByService = makers.length === 0 || makers.includes('service')
  const states = liveRunStates.filter(
    state =>
      isByService &&
      (statuses.length === 0 || statuses.includes(liveStatusOf(state))) &&
      (results.length === 0 || results.includes(liveResultOf[state])),
  )
  return {
    states: states.length === liveRunStates.length ? undefined : states,
    savedQueryId: idParameter(parameters, 'queryId'),
    categoryId: idParameter(parameters, 'categoryId'),
    sorts: sorts.length === 0 ? [{ by: 'createdAt', order: 'desc' }] : sorts,
  }
}

/** Hosts that are in one of the states, with rows or without; undefined: either. */
export interface LiveEndpointMatch {
  readonly states: readonly LiveHostState[]
  readonly hasData: boolean | undefined
}

const sortedHosts = ['hostname', 'status', 'finishedAt', 'resultCount'] as const

export interface LiveEndpointListRequest {
  /** One of them is enough; undefined: all. */
  readonly matches: readonly LiveEndpointMatch[] | undefined
  /** The first counts most; empty: by id. */
  readonly sorts: readonly Sort<(typeof sortedHosts)[number]>[]
}

/** Throws `invalid_argument`. */
export function parseLiveEndpointList(parameters: Parameters): LiveEndpointListRequest {
  const matches = listParameter(parameters, 'match').map(parseMatch)
  return { matches: matches.length === 0 ? undefined : matches, sorts: parseSorts(parameters, sortedHosts) }
}

function parseMatch(text: string): LiveEndpointMatch {
  const [status, result, data, ...rest] = text.split(':')
  const isKnown =
    runStatuses.some(word => word === status) &&
    (result === undefined || liveResults.some(word => word === result)) &&
    (data === undefined || data === 'withData' || data === 'withoutData')
  if (!isKnown || rest.length > 0) {
    const shown = JSON.stringify(text.slice(0, 100))
    const expected = 'status[:result[:withData|withoutData]] is expected, as in finished:succeeded:withData'
    throw new AppError('invalid_argument', `match is ${shown}: ${expected}`)
  }
  const states = liveHostStates.filter(
    state => liveStatusOf(state) === status && (result === undefined || liveResultOf[state] === result),
  )
  return { states, hasData: data === undefined ? undefined : data === 'withData' }
}

/** `field`, `field:desc`, or several of them. Throws `invalid_argument` for any that is something else. */
function parseSorts<Field extends string>(parameters: Parameters, fields: readonly Field[]): readonly Sort<Field>[] {
  return listParameter(parameters, 'sort').map(text => {
    const [name, order = 'asc', ...rest] = text.split(':')
    const by = fields.find(field => field === name)
    if (by !== undefined && rest.length === 0 && (order === 'asc' || order === 'desc')) return { by, order }
    const shown = JSON.stringify(text.slice(0, 100))
    throw new AppError(
      'invalid_argument',
      `sort is ${shown}: one of ${fields.join(', ')} is expected, with :asc or :desc`,
    )
  })
}

/** In lower case; what is no UUID matches nothing. */
function idParameter(parameters: Parameters, name: string): string | undefined {
  const text = textParameter(parameters, name)
  return text === undefined ? undefined : (parseUuid(text) ?? text)
}
