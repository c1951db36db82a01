import Type, { type Static } from 'typebox'
import { liveAnswerBytesMax, liveRunBytesMax, liveRunRowsMax } from '../limits/live.ts'
import {
  isLiveRunOpen,
  type LiveHost,
  type LiveHostCounts,
  type LiveHostState,
  type LiveRun,
  type LiveRunState,
  type LiveTruncation,
  liveQueryName,
} from '../model/live-run.ts'
import { formatInstant } from '../model/time-range.ts'
import { KeyedPages, keyedPageParameters, NumberedPages } from './page.ts'
import {
  present,
  RunReference,
  type RunReferences,
  referred,
  runStatuses,
  Truncated,
  Variable,
  WirePrincipal,
} from './query-runs.ts'

// A live run on the wire. Counts, times and figures are the original's; `canceled` and `truncated` are ours.

export const liveResults = ['notAvailable', 'succeeded', 'failed', 'timedOut', 'canceled'] as const
export type LiveResult = (typeof liveResults)[number]

const Count = Type.Integer({ minimum: 0 })
const DataCount = Type.Object({ total: Count, withData: Count, withoutData: Count })

export const EndpointCounts = Type.Object({
  total: Count,
  types: Type.Object({ computer: Count, server: Count }),
  platforms: Type.Object({ windows: Count, macOS: Count, linux: Count }),
  statuses: Type.Object({
    pending: Type.Object({ total: Count, online: Count, offline: Count }),
    started: DataCount,
    finished: Type.Object({ succeeded: DataCount, failed: DataCount, timedOut: DataCount, canceled: DataCount }),
  }),
})

const Figures = Type.Object({ total: Count, average: Type.Number(), max: Count })

export const LivePerformance = Type.Object({
  score: Type.Enum(['excellent', 'good', 'fair', 'poor'], { description: 'by the average time of execution' }),
  dataTransferredInBytes: Figures,
  executionTimeInMillis: Figures,
})

export const LiveRunReply = Type.Object({
  id: Type.String(),
  createdAt: Type.String(),
  createdBy: WirePrincipal,
  expiresAt: Type.String(),
  finishedAt: Type.Optional(Type.String()),
  status: Type.Enum([...runStatuses]),
  result: Type.Enum([...liveResults]),
  name: Type.Optional(Type.String()),
  query: Type.Optional(RunReference),
  category: Type.Optional(RunReference),
  template: Type.String(),
  variables: Type.Optional(Type.Array(Variable)),
  matchEndpoints: Type.Unknown({ description: 'as it was sent' }),
  endpointCounts: EndpointCounts,
  maxDurationInSeconds: Type.Integer(),
  timeRemainingInSeconds: Type.Integer({ description: '0 once it has finished' }),
  resultCount: Type.Integer({ description: 'rows so far' }),
  performance: Type.Optional(LivePerformance),
  // Members the original does not have.
  queryName: Type.String({ description: '`query_name` of its rows in the lake' }),
  truncated: Type.Optional(Truncated),
})
export type LiveRunReply = Static<typeof LiveRunReply>

/** `fields` may leave out every member but `id`. */
export const LiveRunItem = Type.Partial(LiveRunReply)
export const LiveRunList = Type.Object({ items: Type.Array(LiveRunItem), pages: NumberedPages })

export const LiveEndpoint = Type.Object({
  id: Type.String({ description: 'the `endpoint_id` of its rows' }),
  hostname: Type.String(),
  type: Type.String(),
  os: Type.Object({ platform: Type.Optional(Type.String()), name: Type.Optional(Type.String()) }),
  status: Type.Enum([...runStatuses]),
  result: Type.Enum([...liveResults]),
  statusMessage: Type.Optional(Type.String({ description: "the agent's own words" })),
  resultCount: Type.Integer({ description: 'rows kept' }),
  startedAt: Type.Optional(Type.String({ description: 'when the query was first handed to it' })),
  finishedAt: Type.Optional(Type.String()),
  lastSeenAt: Type.Optional(Type.String({ description: 'before the run began' })),
  performance: Type.Optional(
    Type.Object({
      executionTimeInMillis: Type.Optional(Type.Integer()),
      userTimeInMillis: Type.Optional(Type.Integer()),
      systemTimeInMillis: Type.Optional(Type.Integer()),
      memoryInBytes: Type.Optional(Type.Integer()),
    }),
  ),
  // Members the original does not have.
  handOuts: Type.Integer({ description: 'how often the query was handed to it' }),
  truncated: Type.Optional(Truncated),
})
export type LiveEndpoint = Static<typeof LiveEndpoint>

export const LiveEndpointList = Type.Object({ items: Type.Array(Type.Partial(LiveEndpoint)), pages: NumberedPages })

export const LiveResultQuery = Type.Object(keyedPageParameters)

export const LiveResultPage = Type.Object({
  items: Type.Array(Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()])), {
    description: 'one flat object a row, with endpoint_id and meta_hostname',
  }),
  metadata: Type.Object({ columns: Type.Array(Type.Object({ name: Type.String(), type: Type.Literal('string') })) }),
  pages: KeyedPages,
  truncated: Type.Optional(Truncated),
})

export const liveResultOf: Readonly<Record<LiveRunState | LiveHostState, LiveResult>> = {
  preparing: 'notAvailable',
  pending: 'notAvailable',
  started: 'notAvailable',
  succeeded: 'succeeded',
  failed: 'failed',
  timed_out: 'timedOut',
  canceled: 'canceled',
}

export function liveStatusOf(state: LiveRunState | LiveHostState): (typeof runStatuses)[number] {
  if (state === 'preparing' || state === 'pending') return 'pending'
  return state === 'started' ? 'started' : 'finished'
}

/** The run as clients see it at `now`. */
export function toWireLiveRun(
  run: LiveRun,
  counts: LiveHostCounts,
  now: number,
  references: RunReferences = {},
): LiveRunReply {
  const { createdBy, performance } = run
  return {
    id: run.id,
    createdAt: formatInstant(run.createdAt),
    createdBy: {
      ...{ id: createdBy.principalId, type: 'service' },
      ...{ accountId: createdBy.accountId, accountType: createdBy.accountType },
    },
    expiresAt: formatInstant(run.expiresAt),
    status: liveStatusOf(run.state),
    result: liveResultOf[run.state],
    template: run.template,
    matchEndpoints: run.match,
    endpointCounts: toWireCounts(counts),
    maxDurationInSeconds: Math.round((run.deadline - run.createdAt) / 1000),
    timeRemainingInSeconds: isLiveRunOpen(run.state) ? Math.max(0, Math.ceil((run.deadline - now) / 1000)) : 0,
    resultCount: run.rowCount,
    queryName: liveQueryName(run),
    ...present({
      finishedAt: run.finishedAt === undefined ? undefined : formatInstant(run.finishedAt),
      name: run.name,
      ...referred(run, references),
      variables: run.variables?.map(variable => ({ ...variable })),
      performance: performance.answers === 0 ? undefined : toWirePerformance(performance),
      truncated: toWireTruncation(run.truncated, run.rowCount),
    }),
  }
}

function toWireCounts(counts: LiveHostCounts): LiveRunReply['endpointCounts'] {
  const { types, platforms, pending, succeeded } = counts
  const withoutData = (count: number) => ({ total: count, withData: 0, withoutData: count })
  return {
    total: counts.total,
    types: { computer: types.computer ?? 0, server: types.server ?? 0 },
    platforms: { windows: platforms.windows ?? 0, macOS: platforms.macOS ?? 0, linux: platforms.linux ?? 0 },
    statuses: {
      pending: { total: pending.online + pending.offline, ...pending },
      started: withoutData(counts.started),
      finished: {
        succeeded: { total: succeeded.withData + succeeded.withoutData, ...succeeded },
        failed: withoutData(counts.failed),
        timedOut: withoutData(counts.timedOut),
        canceled: withoutData(counts.canceled),
      },
    },
  }
}

/** Average times of execution below which a query is excellent, good or fair, ms. */
const scores = [
  ['excellent', 1_000],
  ['good', 5_000],
  ['fair', 20_000],
] as const

function toWirePerformance(figures: LiveRun['performance']): LiveRunReply['performance'] {
  const average = (total: number, count: number) => (count === 0 ? 0 : Math.round((total / count) * 10) / 10)
  const time = average(figures.wallTimeMsTotal, figures.measured)
  return {
    score: scores.find(([, below]) => time < below)?.[0] ?? 'poor',
    dataTransferredInBytes: {
      ...{ total: figures.bytesTotal, average: average(figures.bytesTotal, figures.answers), max: figures.bytesMax },
    },
    executionTimeInMillis: { total: figures.wallTimeMsTotal, average: time, max: figures.wallTimeMsMax },
  }
}

const limits = { rowsMax: liveRunRowsMax, bytesMax: liveRunBytesMax, answerMax: liveAnswerBytesMax } as const

/** `total`: rows that came, those that were kept included. */
export function toWireTruncation(
  truncated: LiveTruncation | undefined,
  kept: number,
): Static<typeof Truncated> | undefined {
  if (truncated === undefined) return undefined
  return { reason: truncated.reason, limit: limits[truncated.reason], total: kept + truncated.rows }
}

export function toLiveEndpoint(host: LiveHost): LiveEndpoint {
  const instant = (ms: number | undefined) => (ms === undefined ? undefined : formatInstant(ms))
  const performance = present({
    executionTimeInMillis: host.wallTimeMs,
    userTimeInMillis: host.userTimeMs,
    systemTimeInMillis: host.systemTimeMs,
    memoryInBytes: host.memoryBytes,
  })
  return {
    ...{ id: host.hostId, hostname: host.hostname, type: host.type },
    os: present({ platform: host.platform, name: host.osName }),
    ...{ status: liveStatusOf(host.state), result: liveResultOf[host.state], resultCount: host.rowCount },
    handOuts: host.handOuts,
    ...present({
      statusMessage: host.message,
      startedAt: instant(host.startedAt),
      finishedAt: instant(host.finishedAt),
      lastSeenAt: instant(host.lastSeenAt),
      performance: Object.keys(performance).length === 0 ? undefined : performance,
      truncated:
        host.droppedRows === 0
          ? undefined
          : toWireTruncation({ reason: 'answerMax', rows: host.droppedRows }, host.rowCount),
    }),
  }
}
