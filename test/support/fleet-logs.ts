import { fleetQueries } from '../../bench/fleet/queries.ts'
import { type FleetLog, openFleet } from '../../bench/fleet.ts'
import type { ColumnReading } from './expected-rows.ts'

const largestTenantShare = 0.5
const daySeconds = 86_400

/** The log of one tenant of the synthetic fleet: `lines` lines over the time from `start` to `end` (ms). */
export function fleetLog(options: {
  readonly seed: number
  readonly lines: number
  readonly start: number
  readonly end: number
  readonly hosts?: number
}): FleetLog {
  const [log] = openFleet({
    seed: options.seed,
    lines: options.lines / largestTenantShare,
    start: Math.floor(options.start / 1000),
    end: Math.floor(options.end / 1000),
    hostsMax: options.hosts ?? 60,
  })
  return log!
}

/** Inside the API's default window, whenever the test runs. */
export function lastHours(now: number): { readonly start: number; readonly end: number } {
  return { start: now - (daySeconds - 3600) * 1000, end: now - 60_000 }
}

const numberColumns: ReadonlySet<string> = new Set([
  'meta_boot_time',
  ...fleetQueries.flatMap(query => query.columns.filter(({ type }) => type !== 'string').map(({ name }) => name)),
])

/** Which of the fleet's columns the lake keeps as numbers. */
export function fleetReading(column: string): ColumnReading {
  return numberColumns.has(column) ? 'number' : 'string'
}
