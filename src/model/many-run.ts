import type { AccountType } from './principal.ts'
import type { RunError, Truncation } from './query-run.ts'

// One request to many tenants: an ordinary run for each, started a few at a time, under one id. A part fails alone.

export const partStates = [
  'waiting',
  'started',
  'succeeded',
  'failed',
  'timed_out',
  'canceled',
  /** Its run was never started: the statement cannot run there, or the caller may not. */
  'refused',
] as const
export type PartState = (typeof partStates)[number]

export interface ManyRunPart {
  /** Dense from 0: the order of the rows of the result. */
  readonly position: number
  readonly tenantId: string
  /** As it was when the request came. */
  readonly tenantName: string
  readonly state: PartState
  readonly runId: string | undefined
  readonly rowCount: number | undefined
  readonly error: RunError | undefined
  readonly truncated: Truncation | undefined
}

export interface ManyRun {
  readonly id: string
  readonly accountType: AccountType
  readonly accountId: string
  readonly principalId: string
  readonly name: string | undefined
  /** The JSON that started it, as `POST /queries/runs` takes it. */
  readonly request: string
  readonly isEnded: boolean
  readonly isCanceled: boolean
  readonly createdAt: number
  readonly expiresAt: number
  readonly finishedAt: number | undefined
}

export function isPartEnded(state: PartState): boolean {
  return state !== 'waiting' && state !== 'started'
}
