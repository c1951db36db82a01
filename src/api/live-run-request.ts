import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { liveFiltersMax, liveRunMsMax, liveRunMsMin } from '../limits/live.ts'
import { matchEndpointIdsMax } from '../limits.ts'
import { type EndpointFilter, type EndpointMatch, type SearchField, searchFields } from '../model/endpoint-filter.ts'
import { AppError } from '../model/errors.ts'
import { parseUuid } from '../model/ids.ts'
import type { QueryVariable } from '../model/query-run.ts'
import { decodeText, dropNulls, firstError, parseJson } from './body.ts'
import { Variable } from './query-runs.ts'
import { emptyAsAbsent, type RunRequestBounds, refuseAmbiguous } from './run-request.ts'
import { parseBound } from './time.ts'

// What starts a live run. Filters say which hosts are asked; PowerShell makes a list of one a plain value, so every
// list may be one.

const OneOrMany = (description: string) =>
  Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1, maxItems: matchEndpointIdsMax })], {
    description,
  })

const Os = Type.Object({
  platform: Type.Enum(['windows', 'macOS', 'linux']),
  version: Type.Optional(Type.Unknown({ description: 'refused: versions are not compared' })),
})

export const EndpointFilterBody = Type.Object({
  ids: Type.Optional(OneOrMany('at most 1,000')),
  healthStatus: Type.Optional(OneOrMany('every host is unknown')),
  type: Type.Optional(OneOrMany('computer, server; no host is a securityVm')),
  tamperProtectionEnabled: Type.Optional(Type.Boolean({ description: 'no host has it' })),
  lockdownStatus: Type.Optional(OneOrMany('every host is notInstalled')),
  lastSeenBefore: Type.Optional(Type.String({ description: 'inclusive: UTC timestamp, date or ISO duration ago' })),
  lastSeenAfter: Type.Optional(Type.String({ description: 'inclusive: UTC timestamp, date or ISO duration ago' })),
  hostnameContains: Type.Optional(Type.String()),
  associatedPersonContains: Type.Optional(Type.String()),
  groupNameContains: Type.Optional(Type.String({ description: 'groups are labels' })),
  os: Type.Optional(Type.Union([Os, Type.Array(Os, { minItems: 1, maxItems: 10 })])),
  ipAddresses: Type.Optional(OneOrMany('one of them is enough')),
  search: Type.Optional(Type.String({ description: 'text that one of searchFields contains' })),
  searchFields: Type.Optional(
    OneOrMany('of hostname, groupName, associatedPersonName, ipAddresses, osName; all by default'),
  ),
  labels: Type.Optional(OneOrMany('whole names; one of them is enough')),
})

export const LiveRunBody = Type.Object({
  adHocQuery: Type.Optional(
    Type.Object({
      template: Type.String({ description: "one SELECT of osquery's SQL, may contain $$variable$$" }),
      name: Type.Optional(Type.String()),
    }),
  ),
  savedQuery: Type.Optional(Type.Object({ queryId: Type.String(), categoryId: Type.Optional(Type.String()) })),
  variables: Type.Optional(Type.Array(Variable)),
  matchEndpoints: Type.Object({
    all: Type.Optional(Type.Boolean()),
    filters: Type.Optional(
      Type.Array(EndpointFilterBody, { maxItems: liveFiltersMax, description: 'one of them is enough' }),
    ),
  }),
  maxDurationInSeconds: Type.Optional(
    Type.Integer({
      ...{ minimum: liveRunMsMin / 1000, maximum: liveRunMsMax / 1000 },
      description: 'how long hosts are waited for',
    }),
  ),
})

const liveRunBody = Compile(LiveRunBody)

export interface LiveRunRequest {
  readonly source:
    | { readonly kind: 'adHoc'; readonly template: string; readonly name: string | undefined }
    | { readonly kind: 'saved'; readonly queryId: string; readonly categoryId: string | undefined }
  readonly variables: readonly QueryVariable[] | undefined
  readonly match: EndpointMatch
  /** As it came. */
  readonly matchGiven: unknown
  /** undefined: the lake's own. */
  readonly durationMs: number | undefined
}

const words = {
  healthStatus: ['good', 'suspicious', 'bad', 'unknown'],
  type: ['computer', 'server', 'securityVm'],
  lockdownStatus: [
    ...['creatingWhitelist', 'installing', 'locked', 'notInstalled', 'registering', 'starting', 'stopping'],
    ...['unavailable', 'uninstalled', 'unlocked'],
  ],
  searchFields,
} as const

/** The request a body holds. Throws `invalid_argument` with what is wrong. */
export function parseLiveRunRequest(body: Uint8Array, bounds: RunRequestBounds, now: number): LiveRunRequest {
  const text = decodeText(body)
  if (text.trim() === '') {
    throw refuse('the body is empty: send {"adHocQuery":{"template":"SELECT …"},"matchEndpoints":{"all":true}}')
  }
  const members = dropNulls(parseJson(text))
  if (!liveRunBody.Check(members)) throw refuse(firstError(liveRunBody.Errors(members)))
  const { variables, matchEndpoints, maxDurationInSeconds } = members
  refuseAmbiguous(variables ?? [])
  return {
    source: parseSource(members, bounds),
    variables: variables?.length === 0 ? undefined : variables,
    match: parseMatch(matchEndpoints, now),
    matchGiven: matchEndpoints,
    durationMs: maxDurationInSeconds === undefined ? undefined : maxDurationInSeconds * 1000,
  }
}

type Body = Static<typeof LiveRunBody>

function parseSource({ adHocQuery, savedQuery }: Body, bounds: RunRequestBounds): LiveRunRequest['source'] {
  if (adHocQuery !== undefined && savedQuery !== undefined) {
    throw refuse('adHocQuery and savedQuery are given: exactly one of them is needed')
  }
  if (savedQuery !== undefined) {
    const queryId = parseUuid(savedQuery.queryId)
    if (queryId === undefined) throw refuse('savedQuery.queryId must be a UUID')
    const category = emptyAsAbsent(savedQuery.categoryId)
    const categoryId = category === undefined ? undefined : parseUuid(category)
    if (category !== undefined && categoryId === undefined) throw refuse('savedQuery.categoryId must be a UUID')
    return { kind: 'saved', queryId, categoryId }
  }
  if (adHocQuery === undefined) throw refuse('adHocQuery or savedQuery is required')
  const { template } = adHocQuery
  const { templateCharsMin: min, templateCharsMax: max, nameCharsMax } = bounds
  if (template.trim() === '') throw refuse('adHocQuery.template is empty')
  if (template.length < min || template.length > max) {
    throw refuse(`adHocQuery.template has ${template.length} characters: ${min} to ${max} are allowed`)
  }
  const name = emptyAsAbsent(adHocQuery.name)
  if (name !== undefined && name.length > nameCharsMax) {
    throw refuse(`adHocQuery.name has ${name.length} characters: at most ${nameCharsMax} are allowed`)
  }
  return { kind: 'adHoc', template, name }
}

function parseMatch({ all, filters = [] }: Body['matchEndpoints'], now: number): EndpointMatch {
  if (all === true && filters.length > 0) {
    throw refuse('matchEndpoints has all and filters: give one of them')
  }
  if (all === true) return { all: true }
  if (filters.length === 0) throw refuse('matchEndpoints needs all: true or at least one filter')
  return { filters: filters.map((filter, index) => parseFilter(filter, `matchEndpoints.filters.${index}`, now)) }
}

type FilterBody = Static<typeof EndpointFilterBody>

function parseFilter(filter: FilterBody, path: string, now: number): EndpointFilter {
  if (Object.keys(filter).length === 0) throw refuse(`${path} is empty: all hosts are meant by all: true`)
  const { ids, os, lastSeenBefore, lastSeenAfter } = filter
  const { hostnameContains, associatedPersonContains, groupNameContains, search, tamperProtectionEnabled } = filter
  const systems = os === undefined ? undefined : [os].flat()
  if (systems?.some(({ version }) => version !== undefined)) {
    throw refuse(`${path}.os.version: versions are not compared here, filter by platform or hostname`)
  }
  const texts = { hostnameContains, associatedPersonContains, groupNameContains, search }
  const before = emptyAsAbsent(lastSeenBefore)
  const after = emptyAsAbsent(lastSeenAfter)
  return {
    ...given({ tamperProtectionEnabled, ipAddresses: listOf(filter.ipAddresses), labels: listOf(filter.labels) }),
    ...given(Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, emptyAsAbsent(text)]))),
    ...given({
      ids: listOf(ids)?.map(text => uuidOf(text, path)),
      healthStatus: wordsOf(filter, 'healthStatus', path),
      type: wordsOf(filter, 'type', path),
      lockdownStatus: wordsOf(filter, 'lockdownStatus', path),
      searchFields: wordsOf(filter, 'searchFields', path) as readonly SearchField[] | undefined,
      os: systems?.map(({ platform }) => ({ platform })),
      lastSeenBefore: before === undefined ? undefined : parseBound('lastSeenBefore', before, now, 'upper'),
      lastSeenAfter: after === undefined ? undefined : parseBound('lastSeenAfter', after, now, 'lower'),
    }),
  }
}

type Given<Members> = { [Name in keyof Members]?: Exclude<Members[Name], undefined> }

function given<Members extends object>(members: Members): Given<Members> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Given<Members>
}

function listOf(value: string | readonly string[] | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : typeof value === 'string' ? [value] : value
}

function uuidOf(text: string, path: string): string {
  const id = parseUuid(text)
  if (id === undefined) throw refuse(`${path}.ids has ${JSON.stringify(text.slice(0, 100))}: no UUID`)
  return id
}

function wordsOf(filter: FilterBody, name: keyof typeof words, path: string): readonly string[] | undefined {
  const list = listOf(filter[name])
  const known: readonly string[] = words[name]
  const unknown = list?.find(word => !known.includes(word))
  if (unknown === undefined) return list
  throw refuse(`${path}.${name} has ${JSON.stringify(unknown.slice(0, 100))}: must be one of ${known.join(', ')}`)
}

function refuse(message: string): AppError {
  return new AppError('invalid_argument', message)
}
