import type { Store } from '../db/db.ts'
import type { LiveHostFilter } from '../db/live-hosts.ts'
import { findLiveRun, type LiveRunFilter, listLiveRuns } from '../db/live-runs.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { Clock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import type { Host } from '../model/host.ts'
import { isLiveRunOpen, type LiveHost, type LiveHostCounts, type LiveRun } from '../model/live-run.ts'
import type { Log } from '../model/log.ts'
import type { TenantCaller } from '../model/principal.ts'
import {
  type DistributedAnswer,
  type DistributedAnswers,
  type DistributedReadAnswer,
  isDenylisted,
} from '../osquery/distributed.ts'
import { deflateText } from './deflated-line.ts'
import { countHosts, type OpenRun, openBoard } from './live-board.ts'
import { type Answered, openJournal } from './live-journal.ts'
import { openLiveLake } from './live-lake.ts'
import { answerLines } from './live-lines.ts'
import { type LiveResultPage, readLiveHosts, readLiveResult } from './live-results.ts'
import { type StartLiveRun, startLiveRun } from './live-start.ts'
import { expireLiveRuns, recoverBoard } from './live-upkeep.ts'

// Live queries: SQL that hosts are asked now, over osquery's distributed read and write. Modes: starting (nothing waits
// yet) ──recover()──► ready ──close()──► closed.
//
// A query is handed out at least once and counts once. An agent that lost what it was given asks again and gets it
// again; what it answers is durable in the store first, then in the lake, then it is told so; an answer sent again,
// also to another process after a crash, finds the host's place taken and adds nothing.

export interface LiveQueriesOptions {
  readonly store: Store
  readonly ingest: Pick<Ingest, 'accept'>
  readonly clock: Clock
  readonly log: Log
  /** How long a run and its result are kept, ms. */
  readonly lifetimeMs?: number
}

/** A run with where its hosts are. */
export interface LiveRunView {
  readonly run: LiveRun
  readonly counts: LiveHostCounts
}

export interface LiveQueries {
  /** What the host is to run now. Without a look at the store, and at once where nothing waits for its tenant. */
  readFor(host: Host): Promise<DistributedReadAnswer>
  /**
   * Resolves when what the agent brought is durable, in the lake too; what it brought before, or nobody asked for, is
   * passed over. Rejects where it cannot be kept now: the agent must bring it again.
   */
  write(host: Host, answers: DistributedAnswers): Promise<void>
  /**
   * Starts a run. Rejects with `invalid_argument` for SQL that cannot go out, with `not_found` where no host is meant,
   * with `rate_limited` or `unavailable` where too much is under way.
   */
  start(caller: TenantCaller, request: StartLiveRun): Promise<LiveRunView>
  /** Rejects with `not_found` for a run that is unknown, expired or another tenant's; so do the next three. */
  get(tenantId: string, runId: string): Promise<LiveRunView>
  hosts(tenantId: string, runId: string, filter: LiveHostFilter): Promise<LiveHostPage>
  results(tenantId: string, runId: string, range: RowRange): Promise<LiveResultPage>
  /** True when this call ended the run; false when it had ended. */
  cancel(tenantId: string, runId: string): Promise<boolean>
  list(
    tenantId: string,
    filter: LiveRunFilter,
  ): Promise<{ readonly runs: readonly LiveRunView[]; readonly total: number }>
  /** Takes up what a dead process left. Called once, when ingest is ready and before the first request. */
  recover(): Promise<{ readonly runs: number; readonly due: number }>
  /** Does what is due by the clock. Never rejects; what fails comes again. */
  tick(): Promise<void>
  /** Resolves when nothing is being written. */
  close(): Promise<void>
}

export interface LiveHostPage {
  readonly run: LiveRun
  readonly hosts: readonly LiveHost[]
  readonly total: number
}

export interface RowRange {
  readonly firstRow: number
  readonly rowCount: number
}

const nothing: DistributedReadAnswer = { queries: {} }

export function openLiveQueries(options: LiveQueriesOptions): LiveQueries {
  const { store, ingest, clock, log } = options
  const board = openBoard()
  const journal = openJournal(store, board, clock)
  const lake = openLiveLake({ store, ingest, journal, log })
  let isBusy = false

  /** One answer from the agent's words to the lake. Two at once of one host are one. */
  function settle(open: OpenRun, host: Host, answer: DistributedAnswer): Promise<void> {
    const entry = open.hosts.get(host.id)
    if (entry === undefined) return Promise.resolve()
    entry.settling ??= settleOnce(open, host, answer).finally(() => {
      entry.settling = undefined
    })
    return entry.settling
  }

  async function settleOnce(open: OpenRun, host: Host, answer: DistributedAnswer): Promise<void> {
    const at = clock()
    const isDone = answer.status === 0
    const lines = isDone ? answerLines(open.run, host, answer, at) : undefined
    const parts = await Promise.all(
      (lines?.parts ?? []).map(async ({ line, rowCount, bytes }) => ({
        deflated: await deflateText(line),
        rowCount,
        bytes,
      })),
    )
    const stored = await journal.answer(open, host.id, {
      event: isDone ? 'answer' : 'answer_failed',
      ...{ at, parts, message: messageOf(answer), stats: answer.stats },
      ...{ columns: lines?.columns ?? [], droppedRows: lines?.droppedRows ?? 0 },
    })
    if (stored === undefined || stored.kept.length === 0) return
    const kept = stored.kept.map(index => lines!.parts[index]!.line)
    const { number, tenantId } = open.run
    await lake.put({ runNumber: number, tenantId, host, lines: kept, positions: stored.positions })
  }

  function giveUp(open: OpenRun, host: Host): void {
    const entry = open.hosts.get(host.id)!
    const message = `the query was handed out ${entry.handOuts} times and never answered`
    const given: Answered = {
      ...{ event: 'give_up', at: clock(), message, parts: [], columns: [], droppedRows: 0, stats: {} },
    }
    entry.settling ??= journal
      .answer(open, host.id, given)
      .then(() => undefined)
      .catch(error => log.warn({ err: error, run: open.run.id }, 'host of a live run not given up'))
      .finally(() => {
        entry.settling = undefined
      })
  }

  async function write(host: Host, answers: DistributedAnswers): Promise<void> {
    const settling = [lake.putDueOf(host.tenantId, host.id)]
    for (const [id, answer] of answers) {
      const open = board.find(host.tenantId, id)
      if (open !== undefined) settling.push(settle(open, host, answer))
    }
    const results = await Promise.allSettled(settling)
    const failed = results.find(result => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  const viewOf = (run: LiveRun): LiveRunView => {
    const open = board.find(run.tenantId, run.id)
    if (open !== undefined) return { run: open.run, counts: countHosts(open.hosts.values(), open.run.state, clock()) }
    return { run, counts: run.counts ?? countHosts([], run.state, clock()) }
  }

  async function get(tenantId: string, runId: string): Promise<LiveRunView> {
    const open = board.find(tenantId, runId)
    const run = open?.run ?? (await findLiveRun(store, tenantId, runId, clock()))
    if (run === undefined) throw new AppError('not_found', `there is no run ${runId}`)
    return viewOf(run)
  }

  async function tick(): Promise<void> {
    // A tick that is late does not make the next one work beside it.
    if (isBusy) return
    isBusy = true
    try {
      const now = clock()
      const due = [...board.all()].filter(({ run }) => run.deadline <= now)
      await Promise.all([journal.noteHandOuts(), ...due.map(open => journal.end(open, 'deadline'))])
      await lake.putDue()
      await lake.flush()
      await expireLiveRuns(store, now)
    } catch (error) {
      log.warn({ err: error }, 'live queries are late')
    } finally {
      isBusy = false
    }
  }

  return {
    async readFor(host) {
      const { answer, givenUp } = board.handOut(host, clock())
      for (const open of givenUp) giveUp(open, host)
      return answer.accelerate === undefined ? nothing : answer
    },
    ...{ write, get, tick },
    start: async (caller, request) => viewOf(await startLiveRun({ ...options, board }, caller, request)),
    async hosts(tenantId, runId, filter) {
      const { run } = await get(tenantId, runId)
      if (isLiveRunOpen(run.state)) await journal.noteHandOuts()
      return { run, ...(await readLiveHosts(store, run, filter)) }
    },
    async results(tenantId, runId, range) {
      const { run } = await get(tenantId, runId)
      return readLiveResult(store, run, range)
    },
    async cancel(tenantId, runId) {
      await get(tenantId, runId)
      const open = board.find(tenantId, runId)
      return open === undefined ? false : journal.end(open, 'cancel')
    },
    async list(tenantId, filter) {
      await journal.noteHandOuts()
      const { runs, total } = await listLiveRuns(store, tenantId, filter, clock())
      return { runs: runs.map(viewOf), total }
    },
    async recover() {
      const runs = await recoverBoard(store, board)
      const due = await lake.load()
      await lake.putDue()
      await lake.flush()
      return { runs, due }
    },
    async close() {
      await journal.noteHandOuts()
      await lake.flush()
      await journal.idle()
    },
  }
}

/** An agent's own words, and what they mean where few would know. */
function messageOf(answer: DistributedAnswer): string | undefined {
  if (answer.status === 0) return answer.message
  const message = answer.message ?? `osquery answered with status ${answer.status}`
  if (!isDenylisted(answer)) return message
  return `${message}: this host's agent died running it within the last 24 hours and refuses it until then`
}
