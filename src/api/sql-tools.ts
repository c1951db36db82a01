import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { AppError } from '../model/errors.ts'
import { wireTypes } from '../model/lake-type.ts'
import type { QueryVariable } from '../model/query-run.ts'
import { decodeText, dropNulls, firstError, parseJson } from './body.ts'
import { RunWarning, Variable } from './query-runs.ts'
import { emptyAsAbsent, parseHostIds } from './run-request.ts'
import type { WindowRequest } from './time.ts'

// What an editor asks about SQL without running it: `POST /lake/v1/sql/validate` and `GET /lake/v1/sql/functions`.

/** The statement and the frame it would run in: the same members as the body that starts an ad hoc run. */
export const ValidateBody = Type.Object({
  template: Type.String({ description: 'SQL, may contain $$variable$$' }),
  variables: Type.Optional(Type.Array(Variable)),
  matchEndpoints: Type.Optional(
    Type.Object({ filters: Type.Optional(Type.Array(Type.Object({ ids: Type.Array(Type.String()) }))) }),
  ),
  from: Type.Optional(Type.String({ description: 'inclusive: UTC timestamp, date or ISO duration ago' })),
  to: Type.Optional(Type.String({ description: 'inclusive: UTC timestamp, date or ISO duration ago' })),
})
export type ValidateBody = Static<typeof ValidateBody>

const validateBody = Compile(ValidateBody)

export interface ValidateRequest {
  readonly template: string
  readonly variables: readonly QueryVariable[]
  /** Lower-case UUIDs, without doubles; undefined: all hosts. */
  readonly hostIds: readonly string[] | undefined
  readonly window: WindowRequest
}

/** The request a body holds. Throws `invalid_argument` for a body of another shape; its SQL is not looked at. */
export function parseValidateRequest(body: Uint8Array): ValidateRequest {
  const members = dropNulls(parseJson(decodeText(body)))
  if (!validateBody.Check(members)) throw new AppError('invalid_argument', firstError(validateBody.Errors(members)))
  const { template, variables = [], matchEndpoints, from, to } = members
  const hostIds = parseHostIds(matchEndpoints?.filters ?? [])
  return {
    ...{ template, variables, hostIds: hostIds.length === 0 ? undefined : hostIds },
    window: { from: emptyAsAbsent(from), to: emptyAsAbsent(to) },
  }
}

/** A place in the template: line and column from 1, offset from 0, all in UTF-16 units. */
const place = {
  line: Type.Optional(Type.Integer()),
  column: Type.Optional(Type.Integer()),
  offset: Type.Optional(Type.Integer()),
  length: Type.Optional(Type.Integer()),
}

export const SqlError = Type.Object({
  message: Type.String(),
  ...place,
  hint: Type.Optional(Type.String({ description: 'the fix, where it is known' })),
})
export type SqlError = Static<typeof SqlError>

export const SqlWarning = RunWarning
export type SqlWarning = Static<typeof SqlWarning>

/** What a run would read: the data files left after pruning, and the tail, whose rows nobody has counted yet. */
export const SqlReads = Type.Object({
  tables: Type.Array(Type.String()),
  queryNames: Type.Optional(Type.Array(Type.String(), { description: 'absent: any' })),
  columns: Type.Optional(Type.Array(Type.String(), { description: 'absent: all' })),
  files: Type.Integer({ description: 'data files' }),
  rows: Type.Integer({ description: 'in data files' }),
  bytes: Type.Integer({ description: 'of data files and of the tail' }),
})
export type SqlReads = Static<typeof SqlReads>

/** 200 also for a statement that would be refused: then `ok` is false and `errors` says why and where. */
export const ValidateReply = Type.Object({
  ok: Type.Boolean(),
  errors: Type.Array(SqlError),
  warnings: Type.Array(SqlWarning),
  columns: Type.Optional(
    Type.Array(Type.Object({ name: Type.String(), type: Type.Optional(Type.Enum([...wireTypes])) }), {
      description: 'the result, where it is known without running',
    }),
  ),
  reads: Type.Optional(SqlReads),
})
export type ValidateReply = Static<typeof ValidateReply>

export const functionKinds = ['scalar', 'aggregate', 'window', 'table'] as const

export const SqlFunction = Type.Object({
  name: Type.String({ description: 'lower case' }),
  kind: Type.Enum([...functionKinds]),
  signatures: Type.Array(Type.String(), {
    description: 'for instance `split_part(string, delimiter, index) → varchar`',
  }),
  description: Type.Optional(Type.String()),
  isSupported: Type.Boolean(),
  reason: Type.Optional(Type.String({ description: 'why it is refused, and what to write instead' })),
})
export type SqlFunction = Static<typeof SqlFunction>

/** By name. The same for every tenant until the program changes: carries an ETag. */
export const FunctionList = Type.Object({ items: Type.Array(SqlFunction) })
export type FunctionList = Static<typeof FunctionList>
