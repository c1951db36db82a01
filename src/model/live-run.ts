import type { HostPlatform } from './host.ts'
import type { AccountType } from './principal.ts'
import type { QueryVariable } from './query-run.ts'

// A distributed query ("live query" on screen): SQL that hosts are asked now. Two tables of states, both total: where
// one host of a run is, and where the run is. Terminal states are closed: every event leaves them as they are.

export const liveHostStates = ['pending', 'started', 'succeeded', 'failed', 'timed_out', 'canceled'] as const
export type LiveHostState = (typeof liveHostStates)[number]

export const liveHostEvents = ['hand_out', 'answer', 'answer_failed', 'give_up', 'deadline', 'cancel'] as const
export type LiveHostEvent = (typeof liveHostEvents)[number]

/** The state after an event; the same state where the event means nothing there. */
export const liveHostTransitions: Readonly<Record<LiveHostState, Readonly<Record<LiveHostEvent, LiveHostState>>>> = {
  pending: {
    hand_out: 'started',
    // It was handed out, and that was forgotten with a process that ended.
    answer: 'succeeded',
    answer_failed: 'failed',
    give_up: 'pending',
    deadline: 'timed_out',
    cancel: 'canceled',
  },
  started: {
    hand_out: 'started',
    answer: 'succeeded',
    answer_failed: 'failed',
    give_up: 'failed',
    deadline: 'timed_out',
    cancel: 'canceled',
  },
  succeeded: closedHost('succeeded'),
  failed: closedHost('failed'),
  timed_out: closedHost('timed_out'),
  canceled: closedHost('canceled'),
}

function closedHost(state: LiveHostState): Readonly<Record<LiveHostEvent, LiveHostState>> {
  return { hand_out: state, answer: state, answer_failed: state, give_up: state, deadline: state, cancel: state }
}

export function isLiveHostOpen(state: LiveHostState): boolean {
  return state === 'pending' || state === 'started'
}

export const liveRunStates = [
  /** Its hosts are being written down; nobody is asked yet. */
  'preparing',
  'pending',
  'started',
  'succeeded',
  'failed',
  'timed_out',
  'canceled',
] as const
export type LiveRunState = (typeof liveRunStates)[number]

export const liveRunEvents = ['prepared', 'first_hand_out', 'all_answered', 'all_failed', 'deadline', 'cancel'] as const
export type LiveRunEvent = (typeof liveRunEvents)[number]

/**
 * `deadline` is the end of a run that not one host answered in time; where one did, the run has succeeded with what
 * came, and `all_answered` is what happens.
 */
export const liveRunTransitions: Readonly<Record<LiveRunState, Readonly<Record<LiveRunEvent, LiveRunState>>>> = {
  preparing: {
    prepared: 'pending',
    first_hand_out: 'preparing',
    all_answered: 'preparing',
    all_failed: 'preparing',
    deadline: 'timed_out',
    cancel: 'canceled',
  },
  pending: {
    prepared: 'pending',
    first_hand_out: 'started',
    all_answered: 'succeeded',
    all_failed: 'failed',
    deadline: 'timed_out',
    cancel: 'canceled',
  },
  started: {
    prepared: 'started',
    first_hand_out: 'started',
    all_answered: 'succeeded',
    all_failed: 'failed',
    deadline: 'timed_out',
    cancel: 'canceled',
  },
  succeeded: closedRun('succeeded'),
  failed: closedRun('failed'),
  timed_out: closedRun('timed_out'),
  canceled: closedRun('canceled'),
}

function closedRun(state: LiveRunState): Readonly<Record<LiveRunEvent, LiveRunState>> {
  return {
    ...{ prepared: state, first_hand_out: state, all_answered: state, all_failed: state, deadline: state },
    cancel: state,
  }
}

export function isLiveRunOpen(state: LiveRunState): boolean {
  return state === 'preparing' || state === 'pending' || state === 'started'
}

/**
 * What a host of a run is, given what is stored of it and of the run: a run that ended ends its open hosts with it, and
 * no row of theirs is written for that.
 */
export function hostStateIn(run: LiveRunState, host: LiveHostState): LiveHostState {
  if (!isLiveHostOpen(host) || isLiveRunOpen(run)) return host
  return liveHostTransitions[host][run === 'canceled' ? 'cancel' : 'deadline']
}

export const endpointTypes = ['computer', 'server'] as const
export type EndpointType = (typeof endpointTypes)[number]

/** How many hosts of a run are where; what is counted is what `hostStateIn` says. */
export interface LiveHostCounts {
  readonly total: number
  readonly types: Readonly<Partial<Record<EndpointType, number>>>
  readonly platforms: Readonly<Partial<Record<HostPlatform, number>>>
  readonly pending: { readonly online: number; readonly offline: number }
  readonly started: number
  readonly succeeded: { readonly withData: number; readonly withoutData: number }
  readonly failed: number
  readonly timedOut: number
  readonly canceled: number
}

/** Sums over the hosts that answered; an agent that measured nothing adds nothing. */
export interface LivePerformance {
  readonly answers: number
  readonly measured: number
  readonly wallTimeMsTotal: number
  readonly wallTimeMsMax: number
  /** Of the rows, as JSON. */
  readonly bytesTotal: number
  readonly bytesMax: number
}

/** Why rows that hosts sent are not in the result. */
export interface LiveTruncation {
  /** The bound met first: rows or bytes of the whole result, or what one host may answer. */
  readonly reason: 'rowsMax' | 'bytesMax' | 'answerMax'
  /** Rows left out, whichever bound it was. */
  readonly rows: number
}

export interface LiveRun {
  readonly id: string
  /** Small and unique in the store: what its rows of hosts and answers are kept by. */
  readonly number: number
  readonly tenantId: string
  readonly state: LiveRunState
  readonly name: string | undefined
  /** SQL as the caller sent it … */
  readonly template: string
  readonly variables: readonly QueryVariable[] | undefined
  /** … and as hosts get it. */
  readonly sql: string
  readonly savedQueryId: string | undefined
  readonly categoryId: string | undefined
  /** `matchEndpoints` as it was sent. */
  readonly match: unknown
  readonly createdBy: { readonly principalId: string; readonly accountId: string; readonly accountType: AccountType }
  readonly createdAt: number
  /** When hosts that have not answered are given up. */
  readonly deadline: number
  readonly finishedAt: number | undefined
  /** Until when it and its result are kept. */
  readonly expiresAt: number
  /** Rows and bytes (as JSON) of the result so far. */
  readonly rowCount: number
  readonly rowBytes: number
  readonly truncated: LiveTruncation | undefined
  /** Columns of the rows so far, in the order in which they came. */
  readonly columns: readonly string[]
  readonly performance: LivePerformance
  /** Of a finished run. */
  readonly counts: LiveHostCounts | undefined
}

/** The `query_name` of a run's rows in the lake. */
export function liveQueryName({ id, name }: Pick<LiveRun, 'id' | 'name'>): string {
  return `live/${name ?? id}`
}

/** What one host has to do with a run. */
export interface LiveHost {
  readonly hostId: string
  readonly hostname: string
  readonly platform: HostPlatform | undefined
  readonly type: EndpointType
  readonly osName: string | undefined
  readonly state: LiveHostState
  /** How often the query was handed to it. */
  readonly handOuts: number
  readonly startedAt: number | undefined
  readonly finishedAt: number | undefined
  /** The agent's own words, or ours where it never answered. */
  readonly message: string | undefined
  readonly rowCount: number
  /** Rows it sent that are not kept. */
  readonly droppedRows: number
  readonly wallTimeMs: number | undefined
  readonly userTimeMs: number | undefined
  readonly systemTimeMs: number | undefined
  readonly memoryBytes: number | undefined
  /** When it was last heard of before the run began. */
  readonly lastSeenAt: number | undefined
}
