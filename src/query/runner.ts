import { mkdir } from 'node:fs/promises'
import type { Store } from '../db/db.ts'
import { changeRun, claimRun, type LiveRun, listLiveRuns, type RunChange, renewRun } from '../db/runs.ts'
import type { Engine, EngineOutcome, RunProgress } from '../engine/engine.ts'
import type { Clock } from '../model/clock.ts'
import { AppError, toAppError } from '../model/errors.ts'
import type { Log } from '../model/log.ts'
import { damagedFileCode, type QueryRun, type RunEvent } from '../model/query-run.ts'
import type { RunView } from '../model/run-view.ts'
import type { CheckedStatement } from '../sql/check.ts'
import type { DataSpan, LakeAccess, PinnedView } from './lake-access.ts'
import { nextRun } from './next-run.ts'
import type { QueryDisk, RunRoom } from './query-disk.ts'
import { deleteResult, resultFolderOf } from './result-pages.ts'
import { openTailReading, type TailReading } from './tail-reading.ts'
import { emptyNote, readRange, windowReport } from './window.ts'

// Takes queued runs and executes them: claim with a lease → pin one view of the lake → execute → end. A run is
// `succeeded` only after its result is durable; until that one write everything it left is garbage, and after an end of
// any other kind its folder is deleted. Both leases (the run's and the view's) are renewed while it executes.

export interface RunnerDeps {
  readonly store: Store
  readonly engine: Engine
  readonly lake: LakeAccess
  readonly clock: Clock
  readonly log: Log
  readonly resultsFolder: string
  readonly disk: QueryDisk
  /** Deletes results that have expired. */
  readonly expire: () => Promise<unknown>
  readonly limits: RunnerLimits
  /** A run has ended; called after that was written. */
  readonly onEnd: (runId: string) => void
}

export interface RunnerLimits {
  /** Runs executed at once. */
  readonly runsAtOnce: number
  readonly leaseMs: number
  readonly runTimeoutMs: number
  readonly resultRowsMax: number
  readonly resultBytesMax: number
}

export interface Runner {
  /** Looks for queued runs; cheap, called whenever one may have come or a place may be free. */
  wake(): void
  /** Stops a run that is executing here. Its state has been changed by the caller. */
  stop(runId: string): void
  progressOf(runId: string): RunProgress | undefined
  /** Runs under way stop and stay `running` in the store: the next start takes them up again. */
  close(): Promise<void>
}

interface Execution {
  readonly tenantId: string
  readonly abort: AbortController
  readonly room: RunRoom
  progress: RunProgress | undefined
  done: Promise<void>
}

export function openRunner(deps: RunnerDeps): Runner {
  const executions = new Map<string, Execution>()
  const servedAt = new Map<string, number>()
  const tails = openTailReading()
  let served = 0
  let isClosed = false
  let isLooking = false
  let mustLookAgain = false

  function wake(): void {
    mustLookAgain = true
    if (!isLooking) void look()
  }

  /** Claims while there is a place and a queued run. One look at a time: the choice is fair only over all of them. */
  async function look(): Promise<void> {
    isLooking = true
    try {
      while (mustLookAgain && !isClosed) {
        mustLookAgain = false
        if (executions.size >= deps.limits.runsAtOnce) continue
        const running = [...executions.values()].map(execution => execution.tenantId)
        const chosen = nextRun(await listLiveRuns(deps.store), running, servedAt)
        if (chosen !== undefined) mustLookAgain = (await begin(chosen)) || mustLookAgain
      }
    } catch (error) {
      deps.log.error({ err: error }, 'queued runs could not be looked at')
    } finally {
      isLooking = false
    }
  }

  /** False: there is no room for it before one under way has ended. */
  async function begin(chosen: Pick<LiveRun, 'id' | 'tenantId' | 'limits'>): Promise<boolean> {
    const places = deps.limits.runsAtOnce - executions.size
    let room = await deps.disk.take(chosen.id, places, chosen.limits?.bytes)
    if (room === undefined && executions.size > 0) return false
    if (room === undefined) {
      await deps.expire()
      room = await deps.disk.take(chosen.id, places, chosen.limits?.bytes)
    }
    served += 1
    servedAt.set(chosen.tenantId, served)
    if (room === undefined) {
      await changeRun(deps.store, chosen.tenantId, chosen.id, 'error', deps.clock(), { error: noRoom })
      deps.log.warn({ runId: chosen.id, tenantId: chosen.tenantId }, 'run failed: no room for its result')
      return true
    }
    const leaseExpiresAt = deps.clock() + deps.limits.leaseMs
    const claimed = await claimRun(deps.store, chosen.tenantId, chosen.id, leaseExpiresAt)
    if (claimed === undefined || isClosed) await deps.disk.settle(chosen.id, false)
    else execution(claimed, room)
    return true
  }

  function execution({ run, statementJson }: { run: QueryRun; statementJson: string }, room: RunRoom): void {
    const statement: CheckedStatement = JSON.parse(statementJson)
    const begun: Execution = {
      tenantId: run.tenantId,
      abort: new AbortController(),
      room,
      progress: undefined,
      done: Promise.resolve(),
    }
    executions.set(run.id, begun)
    begun.done = execute({ ...deps, tails }, run, statement, begun)
      .catch(error => deps.log.error({ err: error, runId: run.id }, 'run could not be ended'))
      .finally(() => {
        executions.delete(run.id)
        wake()
      })
  }

  return {
    wake,
    stop: runId => executions.get(runId)?.abort.abort(),
    progressOf: runId => executions.get(runId)?.progress,
    async close() {
      isClosed = true
      const all = [...executions.values()]
      for (const execution of all) execution.abort.abort()
      await Promise.all(all.map(execution => execution.done))
    },
  }
}

/** What a run is told for which there is no disk, although nothing else is under way. */
const noRoom = {
  code: 'unavailable',
  message:
    'results and temporary files of queries have used up their disk: it is free again when older results expire; ' +
    'an operator can raise --query-disk, or free disk',
}

interface ExecuteDeps extends RunnerDeps {
  readonly tails: TailReading
}

async function execute(
  deps: ExecuteDeps,
  run: QueryRun,
  statement: CheckedStatement,
  execution: Execution,
): Promise<void> {
  const resultFolder = resultFolderOf(deps.resultsFolder, run.id)
  let pinned: PinnedView | undefined
  let isKept = false
  const renewal = setInterval(() => void renew(deps, run, pinned, execution), deps.limits.leaseMs / 3)
  try {
    pinned = await deps.lake.pinView(run.tenantId, {
      scope: statement.scope,
      range: readRange(run),
      hostIds: run.hostIds,
      now: deps.clock(),
      leaseMs: deps.limits.leaseMs,
    })
    // Beside the execution: where the data lies is not worth waiting for after it.
    const span = deps.lake.dataSpan(run.tenantId)
    span.catch(() => undefined)
    const { view } = pinned
    const outcome = await deps.tails.read(view, async readable => {
      await makeEmpty(deps, run, resultFolder)
      return runEngine(deps, run, statement, readable, resultFolder, execution)
    })
    isKept = await end(deps, run, await explained(deps, outcome, pinned), await span)
  } catch (thrown) {
    await endThrown(deps, run, thrown, execution.abort.signal)
  } finally {
    clearInterval(renewal)
    if (pinned !== undefined) await deps.lake.releaseLease(pinned.leaseId)
    if (!isKept) await deleteResult(deps.resultsFolder, run.id)
    await deps.disk.settle(run.id, isKept)
  }
}

/** What an earlier attempt left is garbage. */
async function makeEmpty({ resultsFolder }: RunnerDeps, run: QueryRun, resultFolder: string): Promise<void> {
  await deleteResult(resultsFolder, run.id)
  await mkdir(resultFolder, { recursive: true, mode: 0o700 })
}

function runEngine(
  deps: RunnerDeps,
  run: QueryRun,
  statement: CheckedStatement,
  view: RunView,
  resultFolder: string,
  execution: Execution,
): Promise<EngineOutcome> {
  const { limits } = deps
  const own = run.limits ?? {}
  return deps.engine.run(
    {
      runId: run.id,
      tenantId: run.tenantId,
      sql: statement.duckdbSql,
      columnNames: statement.columnNames,
      keepsFewRows: statement.keepsFewRows ?? false,
      isOrdered: statement.isOrdered ?? true,
      view,
      resultFolder,
      limits: {
        rowsMax: own.rows ?? limits.resultRowsMax,
        bytesMax: execution.room.resultBytes,
        tempBytesMax: Math.min(execution.room.tempBytes, own.tempBytes ?? Number.POSITIVE_INFINITY),
        ...(own.memoryBytes === undefined ? {} : { memoryBytesMax: own.memoryBytes }),
        // Counted from the start of the run, as clients do: one that waited long has less left.
        timeoutMs: Math.max(1, run.createdAt + (own.timeoutMs ?? limits.runTimeoutMs) - deps.clock()),
      },
      onProgress: progress => {
        execution.progress = progress
      },
    },
    execution.abort.signal,
  )
}

/**
 * A failure over a damaged file says which; a result over rows that were never stored says so, unless rows of its own
 * were cut.
 */
async function explained(
  { lake, log }: RunnerDeps,
  outcome: EngineOutcome,
  { view, truncated }: PinnedView,
): Promise<EngineOutcome> {
  if (outcome.kind !== 'failed') return outcome.truncated === undefined ? { ...outcome, truncated } : outcome
  if (outcome.error.code !== damagedFileCode) return outcome
  // Best effort: the run has failed either way.
  const message = await lake.describeDamage?.(view).catch(() => undefined)
  log.error({ tenantId: view.tenantId, damage: message }, 'a data file could not be read')
  return message === undefined ? outcome : { ...outcome, error: { code: damagedFileCode, message } }
}

/** True where the result counts: the run had not ended otherwise meanwhile. */
async function end(
  deps: RunnerDeps,
  run: QueryRun,
  outcome: EngineOutcome,
  span: DataSpan | undefined,
): Promise<boolean> {
  const window = windowReport(run, span)
  if (outcome.kind === 'failed') {
    await change(deps, run, 'error', { error: outcome.error, window })
    return false
  }
  const { columns, rowCount, truncated } = outcome
  const note = rowCount === 0 ? emptyNote(run, span) : undefined
  const columnsJson = JSON.stringify(columns)
  return change(deps, run, 'finish', { rowCount, truncated, window, note, columnsJson })
}

async function endThrown(deps: RunnerDeps, run: QueryRun, thrown: unknown, signal: AbortSignal): Promise<void> {
  const error = signal.reason === viewLost ? viewLost : toAppError(thrown)
  if (error.code === 'timed_out') {
    await change(deps, run, 'deadline', {})
    return
  }
  // Stopped by a cancel, whose state is written already, or by this process closing, after which the run is taken up
  // again: nothing to write.
  if (error !== viewLost && (error.code === 'canceled' || signal.aborted)) return
  deps.log.error({ err: error, cause: error.cause, runId: run.id }, 'run failed')
  const message = error.code === 'internal' ? 'the run failed for a reason inside the lake' : error.message
  await change(deps, run, 'error', { error: { code: error.code, message } })
}

async function change(deps: RunnerDeps, run: QueryRun, event: RunEvent, fields: RunChange): Promise<boolean> {
  const hasEnded = await changeRun(deps.store, run.tenantId, run.id, event, deps.clock(), fields)
  if (hasEnded) deps.onEnd(run.id)
  return hasEnded
}

/** Why a run is stopped whose view is no longer pinned. */
const viewLost = new AppError('unavailable', 'the run lost its view of the lake: start it again')

/** A run that has lost its lease is somebody else's: stop. */
async function renew(
  deps: RunnerDeps,
  run: QueryRun,
  pinned: PinnedView | undefined,
  execution: Execution,
): Promise<void> {
  const { leaseMs } = deps.limits
  const now = deps.clock()
  try {
    const isOurs = await renewRun(deps.store, run.tenantId, run.id, now + leaseMs)
    const isPinned = pinned === undefined || (await deps.lake.renewLease(pinned.leaseId, now, leaseMs))
    if (!isOurs) execution.abort.abort()
    else if (!isPinned) execution.abort.abort(viewLost)
  } catch (error) {
    // The next renewal tries again; the lease outlives two that fail.
    deps.log.warn({ err: error, runId: run.id }, 'lease not renewed')
  }
}
