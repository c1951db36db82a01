import type { AgentFlags } from '../agent/flags.ts'
import type { Judgement } from '../remote/judgement.ts'
import type { Row } from '../result-line.ts'
import type { HostTables, SqlAnswer } from './host-tables.ts'

// Live queries (osquery/distributed/distributed.cpp): read what is asked, run it, write the answers. What is kept
// where:
//   pending    queries accepted and not begun        over a restart of the worker
//   running    queries begun, with their time        over a restart: what killed the worker is not run for a day
//   results    answers that no write has delivered   in memory, lost with the worker; they go with the next query's

export interface LiveQueryParts {
  readonly flags: () => AgentFlags
  readonly read: () => Promise<Judgement>
  readonly write: (answers: LiveAnswers) => Promise<Judgement>
  readonly openTables: () => HostTables
  /** Seconds. */
  readonly now: () => number
  readonly wait: (seconds: number) => Promise<void>
  readonly isStopped: () => boolean
  /** The worker dies of this SQL. */
  readonly isDeadly: (sql: string) => boolean
  readonly onDeath: () => void
  readonly onQuery: (id: string, sql: string) => void
}

/** The body of a write but for the node key. */
export interface LiveAnswers {
  readonly queries: Readonly<Record<string, readonly Row[]>>
  readonly statuses: Readonly<Record<string, number>>
  readonly messages: Readonly<Record<string, string>>
  readonly stats: Readonly<Record<string, Readonly<Record<string, number>>>>
}

export interface LiveQueries {
  /** Polls until the worker stops. */
  run(): Promise<void>
  /** One poll: reads, runs what is pending and writes. */
  poll(): Promise<void>
  /** The worker has been started anew. */
  forgetResults(): void
}

const acceleratedSeconds = 5
const denylisted: SqlAnswer = { status: 1, message: 'distributed query is denylisted', rows: [] }

export function openLiveQueries(parts: LiveQueryParts): LiveQueries {
  const { flags, now, isStopped } = parts
  const pending = new Map<string, string>()
  /** SQL text → when it was begun, seconds. */
  const running = new Map<string, number>()
  let results: (readonly [id: string, answer: SqlAnswer])[] = []
  let acceleratedUntil = 0

  /** An answer that is not as it should be is dropped from there on. */
  function accept(work: unknown): void {
    if (typeof work !== 'object' || work === null || Array.isArray(work)) return
    const { discovery, queries, accelerate } = work as Readonly<Record<string, unknown>>
    const found = discover(discovery)
    if (found === undefined) return
    for (const [id, sql] of Object.entries(Object(queries))) {
      if (typeof sql !== 'string' || sql === '' || id === '') return
      if (found.get(id) ?? true) pending.set(id, sql)
    }
    if (Number.isInteger(accelerate)) acceleratedUntil = now() + (accelerate as number)
  }

  /** Whether each discovery query has rows; undefined: one is no SQL, and nothing of the answer counts. */
  function discover(discovery: unknown): ReadonlyMap<string, boolean> | undefined {
    const found = new Map<string, boolean>()
    const entries = Object.entries(Object(discovery))
    if (entries.length === 0) return found
    using tables = parts.openTables()
    for (const [id, sql] of entries) {
      if (typeof sql !== 'string' || sql === '' || id === '') return undefined
      const answer = tables.ask(sql)
      if (answer.status !== 0) return undefined
      found.set(id, answer.rows.length > 0)
    }
    return found
  }

  function runPending(): void {
    // In the order of the store's keys.
    const ids = [...pending.keys()].sort()
    using tables = parts.openTables()
    for (const id of ids) {
      const sql = pending.get(id) ?? ''
      pending.delete(id)
      const answer = runOne(id, sql, tables)
      if (answer === undefined) return
      results.push([id, answer])
    }
  }

  /** undefined: the worker is dead. */
  function runOne(id: string, sql: string, tables: HostTables): SqlAnswer | undefined {
    const begunAt = running.get(sql)
    if (begunAt !== undefined && now() <= begunAt + flags().distributed_denylist_duration) return denylisted
    running.set(sql, now())
    parts.onQuery(id, sql)
    if (parts.isDeadly(sql)) {
      parts.onDeath()
      return undefined
    }
    const answer = tables.ask(sql)
    running.delete(sql)
    return answer
  }

  async function flush(): Promise<void> {
    if (results.length === 0) return
    const sent = results
    const judgement = await parts.write(answersOf(sent))
    if (judgement.isSuccess) results = results.filter(result => !sent.includes(result))
  }

  async function poll(): Promise<void> {
    const judgement = await parts.read()
    if (isStopped()) return
    if (judgement.isSuccess) accept(judgement.json)
    if (pending.size === 0) return
    runPending()
    if (!isStopped()) await flush()
  }

  return {
    poll,
    async run() {
      while (!isStopped()) {
        await poll()
        if (isStopped()) return
        await parts.wait(now() > acceleratedUntil ? flags().distributed_interval : acceleratedSeconds)
      }
    },
    forgetResults() {
      results = []
    },
  }
}

function answersOf(results: readonly (readonly [string, SqlAnswer])[]): LiveAnswers {
  const each = <Value>(of: (answer: SqlAnswer) => Value): Readonly<Record<string, Value>> =>
    Object.fromEntries(results.map(([id, answer]) => [id, of(answer)]))
  return {
    queries: each(answer => answer.rows),
    statuses: each(answer => answer.status),
    messages: each(answer => answer.message),
    stats: each(statsOf),
  }
}

/** What did not run has none. */
function statsOf(answer: SqlAnswer): Readonly<Record<string, number>> {
  if (answer === denylisted) return {}
  return { wall_time_ms: 1 + answer.rows.length, user_time: 1, system_time: 0, memory: 4096 }
}
