import type { RunState } from '../model/query-run.ts'

interface LiveRun {
  readonly id: string
  readonly tenantId: string
  readonly state: RunState
}

/**
 * The queued run to execute next: of the tenant with the fewest runs under way, then of the one served longest ago,
 * the oldest. A tenant's tenth query does not keep another's first waiting, also where one run executes at a time.
 * `live` is oldest first; `running` holds a tenant id for each run under way; `servedAt` grows with each service.
 */
export function nextRun<Run extends LiveRun>(
  live: readonly Run[],
  running: readonly string[],
  servedAt: ReadonlyMap<string, number>,
): Run | undefined {
  let chosen: Run | undefined
  for (const run of live) {
    if (run.state !== 'queued') continue
    if (chosen === undefined || isBefore(run.tenantId, chosen.tenantId, running, servedAt)) chosen = run
  }
  return chosen
}

function isBefore(
  tenantId: string,
  other: string,
  running: readonly string[],
  servedAt: ReadonlyMap<string, number>,
): boolean {
  const count = (id: string) => running.filter(each => each === id).length
  const difference = count(tenantId) - count(other)
  if (difference !== 0) return difference < 0
  return (servedAt.get(tenantId) ?? 0) < (servedAt.get(other) ?? 0)
}
