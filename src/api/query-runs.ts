import Type, { type Static } from 'typebox'
import { accountTypes } from '../model/principal.ts'
import { isTerminal, type QueryRun, type RunState, variableTypes } from '../model/query-run.ts'
import { formatInstant } from '../model/time-range.ts'
import { NumberedPages, numberedPageParameters } from './page.ts'
import { type Parameters, wordParameter, wordsParameter } from './parameters.ts'
import { present } from './present.ts'
import { RunLimitsBody, toWireLimits } from './run-limits.ts'

export { present } from './present.ts'

// A run on the wire: what goes out, and the filters of the list. What comes in to start one is in run-request.ts.

export const runStatuses = ['pending', 'started', 'finished'] as const
export type RunStatus = (typeof runStatuses)[number]

export const runResults = ['notAvailable', 'succeeded', 'failed', 'canceled', 'timedOut'] as const
export type RunResult = (typeof runResults)[number]

export const Variable = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 300 }),
  dataType: Type.Enum([...variableTypes]),
  value: Type.Optional(Type.String({ maxLength: 5000 })),
  pivotType: Type.Optional(Type.String({ maxLength: 100 })),
})
export type Variable = Static<typeof Variable>

/** The principal that made something. */
export const WirePrincipal = Type.Object({
  id: Type.String(),
  type: Type.Enum(['service', 'user']),
  accountId: Type.String(),
  accountType: Type.Enum([...accountTypes]),
})

/** Saved query or category a run refers to. */
export const RunReference = Type.Object({
  id: Type.String(),
  name: Type.Optional(Type.String()),
  code: Type.Optional(Type.String()),
})
export type RunReference = Static<typeof RunReference>

export const Truncated = Type.Object({
  reason: Type.String(),
  limit: Type.Optional(Type.Integer()),
  total: Type.Optional(Type.Integer()),
})

/** Something that was accepted and is rarely meant. Line and column from 1, offset from 0, in UTF-16 units. */
export const RunWarning = Type.Object({
  code: Type.String(),
  message: Type.String(),
  line: Type.Optional(Type.Integer()),
  column: Type.Optional(Type.Integer()),
  offset: Type.Optional(Type.Integer()),
  length: Type.Optional(Type.Integer()),
})

export const runPhases = ['queued', 'opening', 'executing', 'writing'] as const

export const RunProgress = Type.Object({
  phase: Type.Enum([...runPhases]),
  percent: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description: 'where the engine knows' })),
  rowsRead: Type.Optional(Type.Integer({ description: 'where the engine knows' })),
  bytesRead: Type.Optional(Type.Integer({ description: 'read from files so far, where the system says' })),
})
export type RunProgress = Static<typeof RunProgress>

export const Run = Type.Object({
  id: Type.String(),
  createdAt: Type.String(),
  createdBy: WirePrincipal,
  expiresAt: Type.String(),
  finishedAt: Type.Optional(Type.String()),
  status: Type.Enum([...runStatuses]),
  result: Type.Enum([...runResults]),
  name: Type.Optional(Type.String()),
  query: Type.Optional(RunReference),
  category: Type.Optional(RunReference),
  template: Type.String(),
  variables: Type.Optional(Type.Array(Variable)),
  matchEndpoints: Type.Optional(Type.Object({ filters: Type.Array(Type.Object({ ids: Type.Array(Type.String()) })) })),
  from: Type.String(),
  to: Type.String({ description: 'inclusive' }),
  // Members the original does not have.
  warnings: Type.Optional(Type.Array(RunWarning)),
  progress: Type.Optional(RunProgress),
  limits: Type.Optional(RunLimitsBody),
  // The rest only on a finished run.
  error: Type.Optional(
    Type.Object({
      code: Type.String(),
      message: Type.String(),
      line: Type.Optional(Type.Integer()),
      column: Type.Optional(Type.Integer()),
    }),
  ),
  truncated: Type.Optional(Truncated),
  window: Type.Optional(
    Type.Object({
      from: Type.String(),
      to: Type.Optional(Type.String()),
      dataOldest: Type.Optional(Type.String()),
      dataNewest: Type.Optional(Type.String()),
      futureRows: Type.Optional(Type.Integer()),
    }),
  ),
  note: Type.Optional(Type.String({ description: 'one sentence for people, for instance why there are no rows' })),
})
export type Run = Static<typeof Run>

export const RunList = Type.Object({ items: Type.Array(Run), pages: NumberedPages })

export const RunListQuery = Type.Object({
  ...numberedPageParameters,
  statuses: Type.Optional(
    Type.String({ description: `any of ${runStatuses.join(', ')}; comma separated or repeated` }),
  ),
  order: Type.Optional(Type.Enum(['asc', 'desc'], { description: 'by creation; newest first by default' })),
})

export const RunQuery = Type.Object({
  wait: Type.Optional(Type.Integer({ minimum: 0, description: 'seconds to wait for the end of the run, at most 60' })),
})

export const Canceled = Type.Object({ canceled: Type.Boolean({ description: 'false: it had finished before' }) })

/** What a run's `query` and `category` members say; whoever renders looks them up. */
export interface RunReferences {
  readonly query?: RunReference
  readonly category?: RunReference
}

const wireResults: Readonly<Record<RunState, RunResult>> = {
  queued: 'notAvailable',
  running: 'notAvailable',
  succeeded: 'succeeded',
  failed: 'failed',
  timed_out: 'timedOut',
  canceled: 'canceled',
}

/**
 * The saved query and the category of a run, an ordinary or a live one; of those that have been deleted since what the
 * run itself knows.
 */
export function referred(
  { savedQueryId, categoryId, name }: Pick<QueryRun, 'savedQueryId' | 'categoryId' | 'name'>,
  references: RunReferences,
): { query: RunReference | undefined; category: RunReference | undefined } {
  return {
    query: savedQueryId === undefined ? undefined : (references.query ?? { id: savedQueryId, ...present({ name }) }),
    category: categoryId === undefined ? undefined : (references.category ?? { id: categoryId }),
  }
}

/**
 * The run as clients see it. Working runs are `pending`, never `started`: a client takes any other word for the end.
 */
export function toWireRun(run: QueryRun, references: RunReferences = {}): Run {
  return {
    id: run.id,
    createdAt: formatInstant(run.createdAt),
    createdBy: {
      id: run.createdBy.principalId,
      type: 'service',
      accountId: run.createdBy.accountId,
      accountType: run.createdBy.accountType,
    },
    expiresAt: formatInstant(run.expiresAt),
    status: isTerminal(run.state) ? 'finished' : 'pending',
    result: wireResults[run.state],
    template: run.template,
    from: formatInstant(run.range.start),
    to: formatInstant(inclusiveEnd(run.range.end) ?? run.createdAt),
    ...present({
      finishedAt: instant(run.finishedAt),
      name: run.name,
      ...referred(run, references),
      variables: run.variables?.map(variable => ({ ...variable })),
      matchEndpoints: run.hostIds === undefined ? undefined : { filters: [{ ids: [...run.hostIds] }] },
      warnings: run.warnings?.map(warning => ({ ...warning })),
      limits: run.limits === undefined ? undefined : toWireLimits(run.limits),
    }),
    ...(isTerminal(run.state) ? toOutcome(run) : {}),
  }
}

/**
 * How far a run is, for the members of a poll; undefined once it has ended. `known`: what its runner says, undefined
 * while it waits, or before it has said anything.
 */
export function toWireProgress(state: RunState, known: KnownProgress | undefined): RunProgress | undefined {
  if (isTerminal(state)) return undefined
  if (state === 'queued') return { phase: 'queued' }
  const { phase = 'opening', percent, rowsRead, bytesRead } = known ?? {}
  return { phase, ...present({ percent, rowsRead, bytesRead }) }
}

interface KnownProgress {
  readonly phase: RunProgress['phase']
  readonly percent: number | undefined
  readonly rowsRead?: number | undefined
  readonly bytesRead?: number | undefined
}

/** A run right after it was started: `pending`, whatever has become of it meanwhile. */
export function toWireNewRun(run: QueryRun, references: RunReferences = {}): Run {
  return toWireRun({ ...run, state: 'queued', finishedAt: undefined }, references)
}

function toOutcome(run: QueryRun): Pick<Run, 'error' | 'truncated' | 'window' | 'note'> {
  const { window } = run
  return present({
    error: run.error === undefined ? undefined : { ...run.error },
    truncated: run.truncated === undefined ? undefined : { ...run.truncated },
    window:
      window === undefined
        ? undefined
        : {
            from: formatInstant(window.from),
            ...present({
              to: instant(inclusiveEnd(window.to)),
              dataOldest: instant(window.dataOldest),
              dataNewest: instant(window.dataNewest),
              futureRows: window.futureRows,
            }),
          },
    note: run.note,
  })
}

export interface RunListRequest {
  /** undefined: all. */
  readonly states: readonly RunState[] | undefined
  readonly order: 'asc' | 'desc'
}

/** `statuses` (repeated or comma separated) and `order`; newest first unless asked otherwise. */
export function parseRunList(parameters: Parameters): RunListRequest {
  const statuses = wordsParameter(parameters, 'statuses', runStatuses)
  const order = wordParameter(parameters, 'order', ['asc', 'desc']) ?? 'desc'
  return { states: statuses.length === 0 ? undefined : statuses.flatMap(statesOf), order }
}

/** No run is ever `started`: working runs are reported `pending`. */
function statesOf(status: RunStatus): readonly RunState[] {
  if (status === 'pending') return ['queued', 'running']
  if (status === 'started') return []
  return ['succeeded', 'failed', 'timed_out', 'canceled']
}

function instant(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : formatInstant(ms)
}

function inclusiveEnd(end: number | undefined): number | undefined {
  return end === undefined ? undefined : end - 1
}
