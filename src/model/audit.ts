import type { AccountType } from './principal.ts'

// Who did what. An entry is kept before the caller is answered; refused calls are summed up and kept a little later, or
// an attacker would write the log.

export interface AuditEntry {
  /** Whose log it is in; undefined: of the actor's partner or organization. */
  readonly tenantId: string | undefined
  readonly at: number
  /** `<what>.<verb>`, for instance `runs.start`. */
  readonly action: string
  /** `interrupted`: the server ended before it was known whether it was done. */
  readonly outcome: 'done' | 'refused' | 'interrupted'
  /** undefined: nobody we know. */
  readonly actor: AuditActor | undefined
  readonly address: string
  readonly requestId: string
  /** Id of what it was done to. */
  readonly target: string | undefined
  /** SQL, as it was sent. */
  readonly sql?: string | undefined
  /** JSON values; never a secret. */
  readonly details?: Readonly<Record<string, unknown>> | undefined
  /** Of refused calls: how many alike, since `at`. */
  readonly count?: number
}

export interface AuditActor {
  readonly principalId: string
  readonly accountType: AccountType
  readonly accountId: string
  readonly role: string
}

/** A call that was refused, as far as such calls are told apart. */
export type Refusal = Omit<AuditEntry, 'outcome' | 'target' | 'sql' | 'count'>

export interface AuditLog {
  /** Resolves when the entry is durable. Rejects with `unavailable` where it cannot be kept. */
  record(entry: AuditEntry): Promise<void>
  /** Counts a refused call; calls alike within a minute become one entry. */
  refused(refusal: Refusal): void
}
