import type { AgentPlatform } from '../../osquery/agent-config/platforms.ts'

/** A scheduled query that ships: a query name of the lake, filled by osquery without extensions. */
export interface ShippedQuery {
  /** The rows' `query_name`. */
  readonly name: string
  /** undefined: on every host. */
  readonly platform?: AgentPlatform
  readonly intervalSeconds: number
  /**
   * `events`: what happened since the last time; `differences`: what has come (and gone, with `removed`) since then;
   * `snapshot`: all there is.
   */
  readonly kind: 'events' | 'differences' | 'snapshot'
  /** Whether what has gone is reported too. */
  readonly removed?: boolean
  /** What a row is. */
  readonly description: string
  /** What an execution costs a host, and what makes rows many. */
  readonly cost: string
  /** Beside osquery: what has to be on for rows to come. The options that ship turn on what options can. */
  readonly needs?: string
  readonly sql: string
}

/** `pid` and start time (seconds since 1970) as Windows counts it, 100 ns since 1601: unique over reboots. */
export function sophosPidSql(process: string): string {
  return `${process}.pid || ':' || ((${process}.start_time + 11644473600) * 10000000)`
}
