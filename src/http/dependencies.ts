import type { FastifyBaseLogger } from 'fastify'
import type { Registry } from 'prom-client'
import type { HostKeys } from '../auth/host-keys.ts'
import type { SigningKeys } from '../auth/signing-keys.ts'
import type { Store } from '../db/db.ts'
import type { Configurations } from '../fleet/configurations.ts'
import type { Enrolment } from '../fleet/enrolment.ts'
import type { Environments } from '../fleet/environments.ts'
import type { HostRemoval } from '../fleet/host-removal.ts'
import type { Hosts } from '../fleet/hosts.ts'
import type { Labels } from '../fleet/labels.ts'
import type { LiveQueries } from '../fleet/live-queries.ts'
import type { DeclaredTables } from '../ingest/declared-tables.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { Budgets } from '../lake/space/budgets.ts'
import type { LimitsInForce } from '../lake/space/limits-in-force.ts'
import type { AuditLog } from '../model/audit.ts'
import type { Clock } from '../model/clock.ts'
import type { LiveLibrary } from '../model/saved-query.ts'
import type { AgentDoor } from '../osquery/agent-files/agent-door.ts'
import type { ManyRuns } from '../query/many-runs.ts'
import type { Queries } from '../query/runs.ts'

// What the routes need of the rest of the program: of each subsystem the functions that are called here.

export interface AppDependencies {
  readonly store: Store
  readonly signingKeys: SigningKeys
  /** Bytes that key the hashes of client secrets. */
  readonly secretKey: Uint8Array
  readonly queries: Pick<
    Queries,
    | ('start' | 'get' | 'progressOf' | 'list' | 'cancel' | 'results' | 'validate' | 'exportResult' | 'functions')
    | ('keep' | 'checkTenantRunLimits' | 'onEnd')
  >
  readonly manyRuns: Pick<ManyRuns, 'start' | 'get' | 'list' | 'cancel' | 'results'>
  readonly ingest: Pick<Ingest, 'accept' | 'importPositions' | 'tailKeys' | 'counts' | 'openSize'>
  /** What agents and those who manage hosts need of the fleet. */
  readonly agents: AgentDependencies
  readonly clock: Clock
  readonly log: FastifyBaseLogger
  /** Tables that tenants declare. */
  readonly tables: DeclaredTables
  /** Limits of tenants; changed through here only. */
  readonly limits: LimitsInForce
  readonly budgets: Pick<Budgets, 'statusOf' | 'total' | 'whenFull'>
  /** Keeps who did what. */
  readonly audit: AuditLog
  /** Metrics are registered here and served from here; one registry an app. */
  readonly metrics: Registry
  /** Of the disk that holds the data; undefined where it cannot be asked. */
  readonly disk: () => Promise<{ readonly freeBytes: number; readonly totalBytes: number } | undefined>
  /** Whether each part works right now; asked at every `/readyz`. */
  readonly health: () => Promise<readonly HealthCheck[]>
  /** Where agents find the lake; undefined: nowhere, it serves no TLS. */
  readonly agentDoor: () => AgentDoor | undefined
  /** Queries for hosts that ship. */
  readonly liveLibrary: LiveLibrary
  readonly version: string
  readonly settings: AppSettings
}

export interface AgentDependencies {
  readonly hostKeys: Pick<HostKeys, 'find' | 'forgetAll'>
  readonly enrolment: Enrolment
  readonly hosts: Pick<Hosts, 'hear' | 'hearLog' | 'hearConfig' | 'areFactsDue' | 'noteFacts'>
  readonly removal: HostRemoval
  readonly labels: Labels
  readonly environments: Environments
  readonly configurations: Configurations
  readonly liveQueries: Omit<LiveQueries, 'recover' | 'tick' | 'close'>
}

export interface AppSettings {
  /** Origin told to clients; undefined: the scheme and host of each request. */
  readonly publicUrl: string | undefined
  /** Origins told to clients for tenants of these data regions, by region. */
  readonly regionHosts?: Readonly<Record<string, string>> | undefined
  /** Limits in force, as those who manage see them; no secret and no path. */
  readonly inForce?: readonly SettingInForce[]
  /** Networks whose forwarding headers are believed. */
  readonly trustProxy: readonly string[] | undefined
  /** What the console was built to; undefined: this app serves none. */
  readonly consoleFolder?: string
  /** Bearer token for `/metrics`; undefined: only from this machine. */
  readonly metricsToken: string | undefined
  readonly bodyBytesMax: number
  readonly templateCharsMin: number
  /** Longest span of one query in ms; undefined: the tenant's retention. */
  readonly querySpanMsMax: number | undefined
  /** How long the hosts of a live run are waited for unless its caller says. */
  readonly liveRunMs: number
  /** undefined: calls are not counted. */
  readonly callLimits: CallLimits | undefined
}

export interface SettingInForce {
  readonly name: string
  readonly value: string
  readonly unit: string
  readonly why: string
}

/** Windows over the calls of one principal about one tenant. A window left out, or 0, is not kept. */
export interface CallLimits {
  readonly perMinute?: number
  /** Calls beyond `perMinute` that pass within five minutes. */
  readonly burst?: number
  readonly perSecond?: number
  readonly perHour?: number
  readonly perDay?: number
  readonly runsPerMinute?: number
  readonly runsPerDay?: number
  /** Live runs of a tenant, whoever starts them. */
  readonly liveRunsPerMinute?: number
  readonly liveRunsPerDay?: number
}

export interface HealthCheck {
  readonly name: string
  readonly isOk: boolean
  /** What is wrong, in words for an operator. */
  readonly detail?: string
  /** The same with tenants named: for those who may see metrics. */
  readonly operatorDetail?: string
}
