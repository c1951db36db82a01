import type { AccountType } from './principal.ts'
import type { RunLimits } from './run-limits.ts'
import type { TimeRange } from './time-range.ts'

// One execution of SQL over the lake, and the total table of its states. Terminal states are closed: every event
// leaves them as they are.

export const runStates = ['queued', 'running', 'succeeded', 'failed', 'timed_out', 'canceled'] as const
export type RunState = (typeof runStates)[number]

export const runEvents = ['claim', 'finish', 'error', 'deadline', 'lease_lost', 'lease_lost_again', 'cancel'] as const
export type RunEvent = (typeof runEvents)[number]

/** The state after an event; the same state where the event means nothing there. */
export const runTransitions: Readonly<Record<RunState, Readonly<Record<RunEvent, RunState>>>> = {
  queued: {
    claim: 'running',
    finish: 'queued',
    error: 'failed',
    deadline: 'timed_out',
    lease_lost: 'queued',
    lease_lost_again: 'failed',
    cancel: 'canceled',
  },
  running: {
    claim: 'running',
    finish: 'succeeded',
    error: 'failed',
    deadline: 'timed_out',
    lease_lost: 'queued',
    lease_lost_again: 'failed',
    cancel: 'canceled',
  },
  succeeded: closed('succeeded'),
  failed: closed('failed'),
  timed_out: closed('timed_out'),
  canceled: closed('canceled'),
}

function closed(state: RunState): Readonly<Record<RunEvent, RunState>> {
  return {
    claim: state,
    finish: state,
    error: state,
    deadline: state,
    lease_lost: state,
    lease_lost_again: state,
    cancel: state,
  }
}

export function isTerminal(state: RunState): boolean {
  return state !== 'queued' && state !== 'running'
}

export const variableTypes = ['text', 'integer', 'double', 'boolean', 'dateTime'] as const
export type VariableType = (typeof variableTypes)[number]

/** A `$$name$$` of a template. `value` is always text on the wire; undefined: not supplied. */
export interface QueryVariable {
  readonly name: string
  readonly dataType: VariableType
  readonly value?: string
  readonly pivotType?: string
}

/** Why rows are missing from a result, and the bound that cut it. */
export interface Truncation {
  readonly reason:
    | 'rowsMax'
    | 'bytesMax'
    | 'uploadCap'
    | 'ingestOff'
    | 'diskBudget'
    | 'damagedSegment'
    | 'quarantinedSegment'
  readonly limit?: number
  /** Rows the statement would have returned, where known. */
  readonly total?: number
}

/** The window a finished run really looked at, and where the tenant's data lies; ms since the epoch. */
export interface RunWindow {
  readonly from: number
  readonly to: number | undefined
  readonly dataOldest: number | undefined
  readonly dataNewest: number | undefined
  /** Rows whose event time lies in the future of the run. */
  readonly futureRows?: number
}

/** Something in a statement that was accepted and is rarely meant; the place is in the template, as in SQL errors. */
export interface RunWarning {
  readonly code: string
  readonly message: string
  readonly line?: number
  readonly column?: number
  readonly offset?: number
  readonly length?: number
}

/** Code of a run that failed over a data file which is not what was written. */
export const damagedFileCode = 'damaged_file'

export interface RunError {
  readonly code: string
  readonly message: string
  readonly line?: number
  readonly column?: number
}

export interface QueryRun {
  readonly id: string
  readonly tenantId: string
  readonly state: RunState
  readonly name: string | undefined
  /** SQL as the caller sent it, variables not yet substituted. */
  readonly template: string
  readonly variables: readonly QueryVariable[] | undefined
  readonly savedQueryId: string | undefined
  readonly categoryId: string | undefined
  /** `endpoint_id`s the run is limited to; undefined: all hosts. */
  readonly hostIds: readonly string[] | undefined
  readonly range: TimeRange
  /** True where `range.end` is "now": rows with a later event time still count. */
  readonly isOpenEnded: boolean
  readonly createdBy: { readonly principalId: string; readonly accountId: string; readonly accountType: AccountType }
  readonly createdAt: number
  readonly expiresAt: number
  readonly finishedAt: number | undefined
  /** How often a worker took it; a second lost lease fails it. */
  readonly attempts: number
  readonly error: RunError | undefined
  readonly truncated: Truncation | undefined
  readonly window: RunWindow | undefined
  /** One sentence for people, for instance why there are no rows. */
  readonly note: string | undefined
  /** undefined: none. */
  readonly warnings?: readonly RunWarning[] | undefined
  /** Rows in the result; undefined until it succeeded. */
  readonly rowCount: number | undefined
  /** Where they differ from what bounds every run. */
  readonly limits?: RunLimits | undefined
  /** True where it was asked to live longer than other runs. */
  readonly isKept?: boolean
}
