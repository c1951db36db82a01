import type { Readable } from 'node:stream'
import type { FastifyBaseLogger } from 'fastify'
import type { Registry } from 'prom-client'
import type { SigningKeys } from '../auth/signing-keys.ts'
import type { Store } from '../db/db.ts'
import type { Clock } from '../model/clock.ts'
import type { ResultColumn } from '../model/lake-type.ts'
import type { TenantCaller } from '../model/principal.ts'
import type { QueryRun, QueryVariable, RunState, Truncation } from '../model/query-run.ts'
import type { TimeRange } from '../model/time-range.ts'

// What the routes need of the rest of the program. The subsystems are interfaces of the size used here.

export interface AppDependencies {
  readonly store: Store
  readonly signingKeys: SigningKeys
  /** Bytes that key the hashes of client secrets. */
  readonly secretKey: Uint8Array
  readonly queries: RunQueries
  readonly ingest: RowIngest
  readonly clock: Clock
  readonly log: FastifyBaseLogger
  /** Metrics are registered here and served from here; one registry an app. */
  readonly metrics: Registry
  /** Whether each part works right now; asked at every `/readyz`. */
  readonly health: () => Promise<readonly HealthCheck[]>
  readonly version: string
  readonly settings: AppSettings
}

export interface AppSettings {
  /** Origin told to clients; undefined: the scheme and host of each request. */
  readonly publicUrl: string | undefined
  /** Networks whose forwarding headers are believed. */
  readonly trustProxy: readonly string[] | undefined
  /** Bearer token for `/metrics`; undefined: only from this machine. */
  readonly metricsToken: string | undefined
  readonly bodyBytesMax: number
  readonly templateCharsMin: number
  /** Longest span of one query in ms; undefined: the tenant's retention. */
  readonly querySpanMsMax: number | undefined
  /** undefined: calls are not counted. */
  readonly callLimits: CallLimits | undefined
}

/** Windows over the calls of one principal about one tenant. A window left out is not kept. */
export interface CallLimits {
  readonly perMinute?: number
  /** Calls beyond `perMinute` that pass within five minutes. */
  readonly burst?: number
  readonly perSecond?: number
  readonly perHour?: number
  readonly perDay?: number
  readonly runsPerMinute?: number
  readonly runsPerDay?: number
}

export interface HealthCheck {
  readonly name: string
  readonly isOk: boolean
  /** What is wrong, in words for an operator. */
  readonly detail?: string
}

/** A run to start, everything resolved but the SQL. */
export interface StartRun {
  readonly template: string
  readonly name: string | undefined
  readonly variables: readonly QueryVariable[] | undefined
  readonly savedQueryId: string | undefined
  readonly categoryId: string | undefined
  readonly hostIds: readonly string[] | undefined
  readonly range: TimeRange
  readonly isOpenEnded: boolean
}

export interface RunQueries {
  /** Checks the SQL and queues the run; resolves when it is stored. */
  start(caller: TenantCaller, request: StartRun): Promise<QueryRun>
  /** Throws `not_found` for an unknown, expired or foreign run. */
  get(tenantId: string, runId: string): Promise<QueryRun>
  list(
    tenantId: string,
    request: {
      readonly states: readonly RunState[] | undefined
      readonly order: 'asc' | 'desc'
      readonly offset: number
      readonly count: number
    },
  ): Promise<{ readonly runs: readonly QueryRun[]; readonly total: number }>
  /** False when it had ended before. Throws `not_found`. */
  cancel(tenantId: string, runId: string): Promise<boolean>
  /** Rows `[firstRow, firstRow + rowCount)` of a run that succeeded. */
  results(
    tenantId: string,
    runId: string,
    rows: { readonly firstRow: number; readonly rowCount: number },
  ): Promise<ResultSlice>
}

export interface ResultSlice {
  /** Text of a JSON array. */
  readonly itemsJson: string
  readonly columns: readonly ResultColumn[]
  /** Rows of the whole result. */
  readonly rowCount: number
  readonly truncated?: Truncation | undefined
}

export interface RowIngest {
  /** Stores the body's lines; resolves when they are durable. The body is inflated and bounded already. */
  accept(tenantId: string, body: Readable, options: AcceptOptions): Promise<AcceptResult>
}

export interface AcceptOptions {
  readonly importId?: string
  /** Number of the body's first line in the imported file, from 1. */
  readonly firstLine?: number
}

export interface AcceptResult {
  readonly accepted: number
  readonly duplicates: number
  readonly rejected: {
    readonly count: number
    readonly first: readonly { readonly line: number; readonly reason: string }[]
  }
}
