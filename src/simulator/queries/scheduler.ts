import type { AgentFlags } from '../agent/flags.ts'
import type { SimulatedHost } from '../hosts.ts'
import { openRandom } from '../random.ts'
import type { Report, Row } from '../result-line.ts'
import { type HostLife, type SimulatedQuery, schedule as simulatedQueries } from '../scheduled-queries.ts'
import type { HostTables } from './host-tables.ts'
import type { OwnQuery } from './own-queries.ts'
import { openQueryState, type QueryState } from './query-state.ts'
import type { ServedQuery } from './served-schedule.ts'

// Executes the scheduled queries at the multiples of their intervals. What a query finds comes from the host's
// simulated life where the simulator knows the query's name, else from its SQL over the host's tables.

export interface SchedulerParts {
  readonly host: SimulatedHost
  readonly flags: () => AgentFlags
  readonly own: readonly OwnQuery[]
  /** `now` in seconds. */
  readonly lifeAt: (now: number) => HostLife
  readonly openTables: () => HostTables
  /** Seconds. */
  readonly now: () => number
  /** Ends early when the signal aborts or the agent stops. */
  readonly wait: (seconds: number, signal: AbortSignal) => Promise<void>
  readonly isStopped: () => boolean
  readonly log: (report: Report) => void
  readonly onExecute: (name: string, sql: string) => void
  readonly onError: (name: string, message: string) => void
}

export interface Scheduler {
  run(): Promise<void>
  /** Another schedule from now on; queries of the same name go on where they were. */
  schedule(queries: readonly ServedQuery[]): void
  /** Nothing is executed any more. */
  pause(): void
  /** Looks at the clock again: what `run` waits for is no longer what is next. */
  wake(): void
}

interface Entry {
  readonly name: string
  readonly interval: number
  readonly offset: number
  dueAt: number
  execute(now: number): void
}

export function openScheduler(parts: SchedulerParts): Scheduler {
  const { now, flags } = parts
  const states = new Map<string, QueryState>()
  /** Query name → when it was executed last. */
  const executed = new Map<string, number>()
  let entries: readonly Entry[] = parts.own.map(ownEntry)
  let isPaused = false
  let waking = new AbortController()

  function stateOf(name: string): QueryState {
    const known = states.get(name)
    if (known !== undefined) return known
    const state = openQueryState()
    states.set(name, state)
    return state
  }

  function entry(name: string, interval: number, offset: number, execute: (now: number) => void): Entry {
    return { name, interval, offset, dueAt: nextDue(interval, offset, now()), execute }
  }

  function ownEntry(query: OwnQuery): Entry {
    const startedAt = now()
    return entry(query.name, query.interval, query.offset, time => {
      const rows = query.events(executed.get(query.name) ?? startedAt, time)
      parts.onExecute(query.name, query.sql)
      executed.set(query.name, time)
      reportEvents(query.name, query.sql, time, rows)
    })
  }

  function servedEntry(query: ServedQuery): Entry {
    const { name, bareName, interval } = query
    const known = simulatedQueries.find(each => each.name === bareName && each.platforms.includes(parts.host.platform))
    return entry(name, interval, 0, time => {
      parts.onExecute(name, query.sql)
      if (known === undefined) reportSql(query, time)
      else reportKnown(query, known, time)
      executed.set(name, time)
    })
  }

  function reportKnown(query: ServedQuery, known: SimulatedQuery, time: number): void {
    // The same inventory each time.
    const random = openRandom(`${parts.host.identifier}/${known.name}`)
    const items = known.items({ ...parts.lifeAt(time), random })
    if (known.kind === 'events' && !query.isSnapshot && /_events\b/.test(query.sql)) {
      const since = executed.get(query.name) ?? Number.NEGATIVE_INFINITY
      const rows = items.filter(item => item.since > since && item.since <= time).map(({ row }) => row)
      reportEvents(query.name, query.sql, time, rows)
      return
    }
    const rows = items.filter(item => item.since <= time && time < item.until).map(({ row }) => row)
    reportRows(query, time, rows)
  }

  function reportSql(query: ServedQuery, time: number): void {
    using tables = parts.openTables()
    const { status, message, rows } = tables.ask(query.sql)
    if (status === 0) reportRows(query, time, rows)
    else parts.onError(query.name, message)
  }

  function reportRows(query: ServedQuery, time: number, rows: readonly Row[]): void {
    const { schedule_epoch: epoch } = flags()
    const head = { queryName: query.name, time, epoch }
    if (query.isSnapshot) {
      parts.log({ ...head, counter: 0, content: { kind: 'snapshot', rows } })
      return
    }
    const found = stateOf(query.name).differences(query.sql, epoch, rows)
    if (found === undefined) return
    const removed = query.hasRemoved ? found.removed : []
    parts.log({ ...head, counter: found.counter, content: { kind: 'differences', added: found.added, removed } })
  }

  function reportEvents(name: string, sql: string, time: number, rows: readonly Row[]): void {
    const { schedule_epoch: epoch } = flags()
    const found = stateOf(name).events(sql, epoch, rows)
    if (found === undefined) return
    const { counter, added, removed } = found
    parts.log({ queryName: name, time, epoch, counter, content: { kind: 'differences', added, removed } })
  }

  function executeDue(): void {
    const time = now()
    for (const each of entries) {
      if (each.dueAt > time) continue
      each.dueAt = nextDue(each.interval, each.offset, time)
      each.execute(time)
    }
  }

  return {
    async run() {
      while (!parts.isStopped()) {
        if (!isPaused) executeDue()
        const next = Math.min(...entries.map(({ dueAt }) => dueAt))
        waking = new AbortController()
        await parts.wait(Math.min(waitMax, Math.max(0.05, next - now())), waking.signal)
      }
    },
    schedule(queries) {
      const kept = new Map(entries.map(each => [each.name, each]))
      const served = queries.map(query => {
        const fresh = servedEntry(query)
        const before = kept.get(query.name)
        if (before !== undefined) fresh.dueAt = Math.min(fresh.dueAt, before.dueAt)
        return fresh
      })
      entries = [...parts.own.map(each => kept.get(each.name) ?? ownEntry(each)), ...served]
      waking.abort()
    },
    pause() {
      isPaused = true
    },
    wake: () => waking.abort(),
  }
}

/** An hour; the clock may be set meanwhile. */
const waitMax = 3_600

function nextDue(interval: number, offset: number, time: number): number {
  return (Math.floor((time - offset) / interval) + 1) * interval + offset
}
