import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { manyRunTenantsMax } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import { parseUuid } from '../model/ids.ts'
import { isPartEnded, type ManyRun, type ManyRunPart, type PartState } from '../model/many-run.ts'
import { formatInstant } from '../model/time-range.ts'
import { dropNulls, firstError } from './body.ts'
import { present } from './query-runs.ts'
import { RunBody } from './run-request.ts'

// `/lake/v1/queries/runs`: one request to many tenants. What is asked has the form of an ordinary run's body; a part of
// it is an ordinary run of its tenant.

const tenantsText = `"all" the caller manages, or 1 to ${manyRunTenantsMax} ids`

export const ManyRunBody = Type.Interface([RunBody], {
  tenants: Type.Union([Type.Literal('all'), Type.Array(Type.String(), { minItems: 1, maxItems: manyRunTenantsMax })], {
    description: tenantsText,
  }),
})

const partResults = ['notAvailable', 'succeeded', 'failed', 'timedOut', 'canceled', 'refused'] as const

export const WireManyRunPart = Type.Object({
  id: Type.String({ description: "the tenant's id" }),
  name: Type.String(),
  status: Type.Enum(['waiting', 'pending', 'finished']),
  result: Type.Enum([...partResults], { description: 'refused: it cannot run there, `error` says why' }),
  runId: Type.Optional(Type.String({ description: "its run, in that tenant's list" })),
  rowCount: Type.Optional(Type.Integer()),
  error: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  truncated: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
})
export type WireManyRunPart = Static<typeof WireManyRunPart>

const manyResults = ['notAvailable', 'succeeded', 'partial', 'failed', 'canceled'] as const

const summaryMembers = {
  id: Type.String(),
  name: Type.Optional(Type.String()),
  createdAt: Type.String(),
  expiresAt: Type.String(),
  finishedAt: Type.Optional(Type.String()),
  status: Type.Enum(['pending', 'finished']),
}

export const WireManyRun = Type.Object({
  ...summaryMembers,
  result: Type.Enum([...manyResults], { description: 'partial: of some tenants there are rows, of others not' }),
  rowCount: Type.Optional(Type.Integer({ description: 'rows of all tenants that succeeded, once finished' })),
  counts: Type.Record(Type.String(), Type.Integer(), { description: 'tenants by status and result' }),
  tenants: Type.Array(WireManyRunPart),
})
export type WireManyRun = Static<typeof WireManyRun>

const WireManyRunSummary = Type.Object(summaryMembers)

export const ManyRunList = Type.Object({ items: Type.Array(WireManyRunSummary) })

const manyRunBody = Compile(Type.Object({ tenants: ManyRunBody.properties.tenants }))

export interface ManyRunRequest {
  /** undefined: all. */
  readonly tenantIds: readonly string[] | undefined
  readonly name: string | undefined
  /** The body of each tenant's run. */
  readonly request: string
}

/** Only what is about many tenants is checked here. Throws `invalid_argument`. */
export function parseManyRun(body: unknown): ManyRunRequest {
  const members = dropNulls(body)
  if (!manyRunBody.Check(members)) {
    const isObject = typeof members === 'object' && members !== null && !Array.isArray(members)
    if (!isObject) throw new AppError('invalid_argument', firstError(manyRunBody.Errors(members)))
    const verb = 'tenants' in members ? 'must be' : 'is required:'
    throw new AppError('invalid_argument', `tenants ${verb} ${tenantsText}`)
  }
  const { tenants, ...request } = members as { tenants: 'all' | string[]; adHocQuery?: { name?: unknown } }
  const name = request.adHocQuery?.name
  return {
    tenantIds: tenants === 'all' ? undefined : [...new Set(tenants.map(parseTenantId))],
    name: typeof name === 'string' && name !== '' ? name : undefined,
    request: JSON.stringify(request),
  }
}

function parseTenantId(text: string): string {
  const id = parseUuid(text)
  if (id === undefined)
    throw new AppError('invalid_argument', `tenants has ${JSON.stringify(text.slice(0, 100))}: no UUID`)
  return id
}

const wireStates: Readonly<Record<PartState, Pick<WireManyRunPart, 'status' | 'result'>>> = {
  waiting: { status: 'waiting', result: 'notAvailable' },
  started: { status: 'pending', result: 'notAvailable' },
  succeeded: { status: 'finished', result: 'succeeded' },
  failed: { status: 'finished', result: 'failed' },
  timed_out: { status: 'finished', result: 'timedOut' },
  canceled: { status: 'finished', result: 'canceled' },
  refused: { status: 'finished', result: 'refused' },
}

export function toWireManyRun(run: ManyRun, parts: readonly ManyRunPart[]): WireManyRun {
  const counts: Record<string, number> = { tenants: parts.length }
  for (const { state } of parts) {
    const { status, result } = wireStates[state]
    const word = status === 'finished' ? result : status
    counts[word] = (counts[word] ?? 0) + 1
  }
  const rowCount = run.isEnded ? parts.reduce((sum, part) => sum + (part.rowCount ?? 0), 0) : undefined
  return {
    ...toWireManyRunSummary(run),
    result: resultOf(run, parts),
    ...present({ rowCount }),
    counts,
    tenants: parts.map(toWirePart),
  }
}

export function toWireManyRunSummary(run: ManyRun): Static<typeof WireManyRunSummary> {
  const finishedAt = run.finishedAt === undefined ? undefined : formatInstant(run.finishedAt)
  return {
    id: run.id,
    ...present({ name: run.name }),
    createdAt: formatInstant(run.createdAt),
    expiresAt: formatInstant(run.expiresAt),
    ...present({ finishedAt }),
    status: run.isEnded ? 'finished' : 'pending',
  }
}

function resultOf(run: ManyRun, parts: readonly ManyRunPart[]): WireManyRun['result'] {
  if (!run.isEnded || !parts.every(({ state }) => isPartEnded(state))) return 'notAvailable'
  if (run.isCanceled) return 'canceled'
  const succeeded = parts.filter(({ state }) => state === 'succeeded').length
  if (succeeded === parts.length) return 'succeeded'
  return succeeded > 0 ? 'partial' : 'failed'
}

function toWirePart({ tenantId, tenantName, state, runId, rowCount, error, truncated }: ManyRunPart): WireManyRunPart {
  return {
    ...{ id: tenantId, name: tenantName, ...wireStates[state] },
    ...present({
      ...{ runId, rowCount },
      error: error === undefined ? undefined : { ...error },
      truncated: truncated === undefined ? undefined : { ...truncated },
    }),
  }
}
