import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { idempotencyKeyCharsMax } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import { parseUuid } from '../model/ids.ts'
import type { QueryVariable } from '../model/query-run.ts'
import type { RunLimits } from '../model/run-limits.ts'
import { decodeText, dropNulls, firstError, parseJson } from './body.ts'
import { Variable } from './query-runs.ts'
import { fromWireLimits, RunLimitsBody } from './run-limits.ts'
import { parseInstantText, type WindowRequest } from './time.ts'

// What starts a run: the JSON of the contract, or the SQL itself as the whole body, as the getting-started guide's
// first step shows.

const matchIdsMax = 1_000

export const RunBody = Type.Object({
  adHocQuery: Type.Optional(
    Type.Object({
      template: Type.String({ description: 'SQL, may contain $$variable$$' }),
      name: Type.Optional(Type.String()),
    }),
  ),
  savedQuery: Type.Optional(Type.Object({ queryId: Type.String(), categoryId: Type.Optional(Type.String()) })),
  variables: Type.Optional(Type.Array(Variable)),
  matchEndpoints: Type.Optional(
    Type.Object({
      filters: Type.Optional(
        Type.Array(Type.Object({ ids: Type.Array(Type.String(), { minItems: 1, maxItems: matchIdsMax }) })),
      ),
    }),
  ),
  from: Type.Optional(Type.String({ description: 'inclusive: UTC timestamp, date or ISO duration ago' })),
  to: Type.Optional(Type.String({ description: 'inclusive: UTC timestamp, date or ISO duration ago' })),
  // Members the original does not have.
  limits: Type.Optional(RunLimitsBody),
  keepUntil: Type.Optional(Type.String({ description: 'UTC timestamp up to which run and result are kept' })),
})

export const RunHeaders = Type.Object({
  'Idempotency-Key': Type.Optional(
    Type.String({
      ...{ minLength: 1, maxLength: idempotencyKeyCharsMax },
      description: 'sent again with the same body it starts nothing and gives the run of the first time',
    }),
  ),
})

const runBody = Compile(RunBody)

/** What a run is to execute. */
export type RunSource =
  | { readonly kind: 'adHoc'; readonly template: string; readonly name: string | undefined }
  | { readonly kind: 'saved'; readonly queryId: string; readonly categoryId: string | undefined }

export interface RunRequest {
  readonly source: RunSource
  readonly variables: readonly QueryVariable[] | undefined
  /** Lower-case UUIDs, without doubles; undefined: all hosts. */
  readonly hostIds: readonly string[] | undefined
  readonly window: WindowRequest
  readonly limits: RunLimits
  /** Ms since the epoch; undefined: as long as every run. */
  readonly keepUntil: number | undefined
}

export interface RunRequestBounds {
  readonly templateCharsMin: number
  readonly templateCharsMax: number
  readonly nameCharsMax: number
}

/** The request a body holds. Throws `invalid_argument` with what is wrong and, for two known slips, what to type. */
export function parseRunRequest(body: Uint8Array, bounds: RunRequestBounds): RunRequest {
  const text = decodeText(body)
  if (text.trim() === '')
    throw refuse('the body is empty: send {"adHocQuery":{"template":"SELECT …"}} or the SQL itself')
  if (isSql(text)) return rawRequest(text, bounds)
  const members = dropNulls(parseJson(text))
  if (!runBody.Check(members)) throw refuse(firstError(runBody.Errors(members)))
  const { adHocQuery, savedQuery, variables, matchEndpoints } = members
  if (adHocQuery !== undefined && savedQuery !== undefined) {
    throw refuse('adHocQuery and savedQuery are given: exactly one of them is needed')
  }
  refuseAmbiguous(variables ?? [])
  const hostIds = parseHostIds(matchEndpoints?.filters ?? [])
  const rest = {
    variables,
    hostIds: hostIds.length === 0 ? undefined : hostIds,
    window: { from: emptyAsAbsent(members.from), to: emptyAsAbsent(members.to) },
    limits: fromWireLimits(members.limits ?? {}),
    keepUntil: members.keepUntil === undefined ? undefined : parseKeepUntil('keepUntil', members.keepUntil),
  }
  if (savedQuery !== undefined) return { source: parseSavedQuery(savedQuery), ...rest }
  if (adHocQuery === undefined) throw refuse('adHocQuery or savedQuery is required')
  const name = emptyAsAbsent(adHocQuery.name)
  if (name !== undefined && name.length > bounds.nameCharsMax) {
    throw refuse(`adHocQuery.name has ${name.length} characters: at most ${bounds.nameCharsMax} are allowed`)
  }
  checkTemplate(adHocQuery.template, 'adHocQuery.template', bounds)
  return { source: { kind: 'adHoc', template: adHocQuery.template, name }, ...rest }
}

/** One name has one value: which of two is meant is not ours to choose. Throws `invalid_argument`. */
export function refuseAmbiguous(variables: readonly QueryVariable[]): void {
  const seen = new Map<string, QueryVariable>()
  for (const variable of variables) {
    const { dataType, value } = seen.get(variable.name) ?? variable
    if (dataType !== variable.dataType || value !== variable.value) {
      throw refuse(
        `variables has ${JSON.stringify(variable.name.slice(0, 100))} more than once, with different types or values`,
      )
    }
    seen.set(variable.name, variable)
  }
}

/** True for a body that is SQL: what begins as JSON, or is JSON, is never taken for it. */
function isSql(text: string): boolean {
  if (/^\s*[{["]/.test(text)) return false
  try {
    JSON.parse(text)
    return false
  } catch {
    return true
  }
}

function rawRequest(text: string, bounds: RunRequestBounds): RunRequest {
  const sql = text.trim()
  if (/^\S+\.sql$/i.test(sql)) {
    throw refuse(`the body is the file name ${sql}, not SQL: curl reads a file with --data-binary @${sql}`)
  }
  if (sql.startsWith('--') && !/[\r\n]/.test(sql)) {
    throw refuse(
      'the body is one comment: curl --data strips the line breaks of a file, so its first -- comment swallows the ' +
        'query; use --data-binary @query.sql',
    )
  }
  checkTemplate(text, 'the SQL', bounds)
  const window = { from: undefined, to: undefined }
  return {
    source: { kind: 'adHoc', template: text, name: undefined },
    variables: undefined,
    hostIds: undefined,
    window,
    limits: {},
    keepUntil: undefined,
  }
}

/** Ms since the epoch. Throws `invalid_argument` naming the member. */
export function parseKeepUntil(member: string, text: string): number {
  const at = parseInstantText(text)
  if (at !== undefined) return at
  throw refuse(
    `${member} is ${JSON.stringify(text.slice(0, 100))}: a UTC timestamp like 2026-02-03T04:05:06Z is needed`,
  )
}

function checkTemplate(template: string, member: string, bounds: RunRequestBounds): void {
  if (template.trim() === '') throw refuse(`${member} is empty`)
  const { templateCharsMin, templateCharsMax } = bounds
  if (template.length < templateCharsMin || template.length > templateCharsMax) {
    throw refuse(`${member} has ${template.length} characters: ${templateCharsMin} to ${templateCharsMax} are allowed`)
  }
}

function parseSavedQuery(savedQuery: { queryId: string; categoryId?: string }): RunSource {
  const queryId = parseUuid(savedQuery.queryId)
  if (queryId === undefined) throw refuse('savedQuery.queryId must be a UUID')
  const categoryText = emptyAsAbsent(savedQuery.categoryId)
  const categoryId = categoryText === undefined ? undefined : parseUuid(categoryText)
  if (categoryText !== undefined && categoryId === undefined) throw refuse('savedQuery.categoryId must be a UUID')
  return { kind: 'saved', queryId, categoryId }
}

/** Lower-case UUIDs without doubles; none: all hosts. Throws `invalid_argument`. */
export function parseHostIds(filters: readonly { ids: string[] }[]): readonly string[] {
  const ids = new Set<string>()
  for (const text of filters.flatMap(filter => filter.ids)) {
    const id = parseUuid(text)
    if (id === undefined) throw refuse(`matchEndpoints.filters.ids has ${JSON.stringify(text.slice(0, 100))}: no UUID`)
    ids.add(id)
  }
  if (ids.size > matchIdsMax) throw refuse(`matchEndpoints.filters.ids has ${ids.size} ids: at most ${matchIdsMax}`)
  return [...ids]
}

export function emptyAsAbsent(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

function refuse(message: string): AppError {
  return new AppError('invalid_argument', message)
}
