import { readdir, statfs } from 'node:fs/promises'
import type { Store } from '../db/db.ts'
import { openRunLists, type RunFilter } from '../db/run-lists.ts'
import {
  changeRun,
  deleteExpiredRuns,
  findRun,
  insertRun,
  listExistingRuns,
  listLiveRuns,
  type WithRun,
} from '../db/runs.ts'
import { findTenantRunLimits } from '../db/tenant-run-limits.ts'
import type { Engine, RunProgress } from '../engine/engine.ts'
import * as defaults from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import { newId } from '../model/ids.ts'
import type { Log } from '../model/log.ts'
import type { TenantCaller } from '../model/principal.ts'
import type { QueryRun, QueryVariable } from '../model/query-run.ts'
import type { ResultFormat } from '../model/result-format.ts'
import type { RunLimits, TenantRunLimits } from '../model/run-limits.ts'
import type { CheckedStatement } from '../sql/check.ts'
import { type CatalogueEntry, functionCatalogue } from '../sql/functions.ts'
import { checkSql } from './check-sql.ts'
import { openExports, type ResultExport } from './exports.ts'
import { checkKeepUntil, openKeeping } from './keep.ts'
import type { LakeAccess } from './lake-access.ts'
import { openQueryDisk, type QueryDisk } from './query-disk.ts'
import { weighedWarnings } from './reads.ts'
import { deleteResult, type ResultPage, readResultPage } from './result-pages.ts'
import { openRunEnds } from './run-ends.ts'
import { checkTenantRunLimits, type LimitsInForce, runLimitsOf } from './run-limits.ts'
import { openRunner, type Runner, type RunnerLimits } from './runner.ts'
import type { SqlThread } from './sql-thread.ts'
import { openValidation, type ValidateSql, type Validation } from './validate.ts'
import { readRange, resolveWindow, type WantedWindow } from './window.ts'

// The life of query runs: start, find, list, cancel, results. A run is checked before it is stored, so a stored one is
// a statement that may execute; the runner takes it from there.

export interface QueriesOptions {
  readonly store: Store
  readonly engine: Engine
  readonly lake: LakeAccess
  readonly sqlThread: SqlThread
  readonly clock: Clock
  readonly log: Log
  /** An existing folder; a run's result is a folder below it, named by the run's id. */
  readonly resultsFolder: string
  readonly limits?: Partial<QueryLimits>
}

export interface QueryLimits extends RunnerLimits {
  readonly runsQueuedMax: number
  readonly runsQueuedPerTenantMax: number
  readonly runLifetimeMs: number
  readonly templateCharsMin: number
  readonly templateCharsMax: number
  readonly resultRowsCeiling: number
  readonly resultBytesCeiling: number
  readonly runTimeoutCeilingMs: number
  readonly workerMemoryBytes: number
  readonly workerTempBytes: number
  readonly resultKeepMsMax: number
  readonly keptBytesPerTenantMax: number
  /** Longest window of one run, ms; undefined: any. */
  readonly spanMsMax: number | undefined
  /** Disk of all results and temporary files, and of one run's temporary files. */
  readonly queryDiskBytes: number
  /** Free disk that ingest keeps. */
  readonly diskReserveBytes: number
}

export interface StartRun {
  readonly template: string
  readonly name?: string | undefined
  readonly variables?: readonly QueryVariable[] | undefined
  readonly savedQueryId?: string | undefined
  readonly categoryId?: string | undefined
  readonly hostIds?: readonly string[] | undefined
  readonly window: WantedWindow
  /** What is asked for; members left out: as every run of the tenant. */
  readonly limits?: RunLimits | undefined
  /** Ms since the epoch up to which run and result are to be kept; undefined: as long as every run. */
  readonly keepUntil?: number | undefined
}

export interface Queries {
  /**
   * Checks the statement and stores a queued run. Rejects with `invalid_argument` (position in `details`) for one that
   * cannot run, with `rate_limited` or `unavailable` when too many wait; nothing is stored then. `withRun` is stored
   * in the same transaction as the run.
   */
  start(caller: TenantCaller, request: StartRun, withRun?: WithRun): Promise<QueryRun>
  /** Rejects with `not_found` for a run that is unknown, expired or another tenant's. */
  get(tenantId: string, runId: string): Promise<QueryRun>
  /** Calls the listener when the run has ended in this process; what it returns ends that. */
  onEnd(runId: string, listener: () => void): () => void
  /** How far a run under way is; undefined: not under way, or not known. */
  progressOf(runId: string): RunProgress | undefined
  list(tenantId: string, filter: RunFilter): Promise<{ runs: QueryRun[]; total: number }>
  /** True when this call ended the run; false when it had ended. Rejects with `not_found`. */
  cancel(tenantId: string, runId: string): Promise<boolean>
  /**
   * Keeps the run and its result until then, or no longer. Rejects with `not_found`, with `invalid_argument` for a time
   * that is not within `resultKeepMsMax`, and with `too_large` where the tenant keeps too much already.
   */
  keep(tenantId: string, runId: string, until: number): Promise<QueryRun>
  /** Rejects as `readResultPage` does. */
  results(
    tenantId: string,
    runId: string,
    range: { readonly firstRow: number; readonly rowCount: number },
  ): Promise<ResultPage>
  /**
   * Takes up what a dead process left: a run that was running is queued again the first time and failed the second;
   * result folders of no run are deleted. Called once, before the first request.
   */
  recover(): Promise<{ readonly queuedAgain: number; readonly failed: number; readonly orphans: number }>
  /**
   * A succeeded run's whole result as one file, read as it is made; see `Engine.exportResult`. Rejects like `results`,
   * and with `rate_limited` or `unavailable` when too many exports are under way.
   */
  exportResult(tenantId: string, runId: string, format: ResultFormat, signal: AbortSignal): Promise<ResultExport>
  /**
   * What starting the run would do, without starting it. Resolves also for a statement that would be refused; rejects
   * with `rate_limited` where the tenant has too many under way.
   */
  validate(tenantId: string, request: ValidateSql): Promise<Validation>
  /** Throws `invalid_argument` for more than a tenant may have. */
  checkTenantRunLimits(limits: TenantRunLimits): void
  /** Every function of Trino and what becomes of it here, by name; the same for every tenant. */
  readonly functions: readonly CatalogueEntry[]
  /** Deletes expired runs and their results; called by itself every minute. */
  expire(): Promise<number>
  /** Bytes of all results. */
  diskBytes(): number
  close(): Promise<void>
}

const expireEveryMs = 60_000
const expireCountMax = 500
const attemptsMax = 2

/** Runs over the given store, lake and engine, none of which it closes. The caller calls `close()`. */
export function openQueries(options: QueriesOptions): Queries {
  const limits: QueryLimits = {
    ...defaults,
    runsAtOnce: defaults.workerCount,
    spanMsMax: undefined,
    ...options.limits,
  }
  const { store, clock, log } = options
  const disk = openQueryDisk({
    resultsFolder: options.resultsFolder,
    quotaBytes: limits.queryDiskBytes,
    reserveBytes: limits.diskReserveBytes,
    resultBytesMax: limits.resultBytesMax,
    tempBytesMax: limits.workerTempBytes,
    freeBytes: () => freeBytesOf(options.resultsFolder),
  })
  const keeping = openKeeping({ store, clock, disk, limits })
  const expireNow = (): Promise<number> => expire({ ...options, disk }, runner)
  const ends = openRunEnds()
  const lists = openRunLists(store)
  const runner: Runner = openRunner({ ...options, disk, limits, expire: expireNow, onEnd: ends.tell })
  const expiry = setInterval(
    () => void expireNow().catch(error => log.error({ err: error }, 'expired runs not deleted')),
    expireEveryMs,
  )
  expiry.unref()
  return {
    async start(caller, request, withRun) {
      const { run, statement } = await prepareRun(options, limits, caller, request)
      if (run.isKept === true) await keeping.checkRoom(caller.tenantId)
      const bounds = { queuedMax: limits.runsQueuedMax, queuedPerTenantMax: limits.runsQueuedPerTenantMax }
      await insertRun(store, run, JSON.stringify(statement), bounds, withRun)
      runner.wake()
      return run
    },
    get: (tenantId, runId) => getRun(store, tenantId, runId, clock()),
    onEnd: ends.watch,
    progressOf: runId => runner.progressOf(runId),
    list: (tenantId, filter) => lists.list(tenantId, filter, clock()),
    async cancel(tenantId, runId) {
      await getRun(store, tenantId, runId, clock())
      // The state decides who wins, then the statement is stopped: a finish that comes later changes nothing.
      const isEnded = await changeRun(store, tenantId, runId, 'cancel', clock())
      if (isEnded) runner.stop(runId)
      if (isEnded) ends.tell(runId)
      return isEnded
    },
    async keep(tenantId, runId, until) {
      await keeping.keep(await getRun(store, tenantId, runId, clock()), until)
      return getRun(store, tenantId, runId, clock())
    },
    exportResult: openExports({ ...options, disk }),
    validate: openValidation(options, limits),
    checkTenantRunLimits: wanted => checkTenantRunLimits(wanted, limitsInForce(limits)),
    functions: functionCatalogue,
    results: (tenantId, runId, range) => readResultPage(options, tenantId, runId, range, clock()),
    recover: () => recover({ ...options, disk }, runner),
    expire: expireNow,
    diskBytes: () => disk.usedBytes(),
    async close() {
      clearInterval(expiry)
      await runner.close()
    },
  }
}

/** A checked run, not yet stored. */
async function prepareRun(
  options: QueriesOptions,
  limits: QueryLimits,
  caller: TenantCaller,
  request: StartRun,
): Promise<{ run: QueryRun; statement: CheckedStatement }> {
  const now = options.clock()
  checkLength(request.template, limits)
  const window = resolveWindow(request.window, now, limits.spanMsMax)
  const { template, variables } = request
  const bounds = await boundsOf(options, limits, caller, request)
  const statement = await checkSql(options, caller.tenantId, { template, variables: variables ?? [], now })
  const wanted = { range: readRange(window), hostIds: request.hostIds, now }
  const warnings = await weighedWarnings(options.lake, caller.tenantId, statement, wanted)
  const run: QueryRun = {
    id: newId(),
    tenantId: caller.tenantId,
    state: 'queued',
    name: request.name,
    template,
    variables,
    savedQueryId: request.savedQueryId,
    categoryId: request.categoryId,
    hostIds: request.hostIds,
    ...window,
    createdBy: { principalId: caller.principalId, accountId: caller.accountId, accountType: caller.accountType },
    createdAt: now,
    ...lifeOf(request, limits, bounds, now),
    finishedAt: undefined,
    attempts: 0,
    error: undefined,
    truncated: undefined,
    window: undefined,
    note: undefined,
    warnings: warnings.length === 0 ? undefined : warnings,
    rowCount: undefined,
    ...(bounds === undefined ? {} : { limits: bounds }),
  }
  return { run, statement }
}

async function boundsOf(
  { store }: QueriesOptions,
  limits: QueryLimits,
  caller: TenantCaller,
  request: StartRun,
): Promise<RunLimits | undefined> {
  const own = await findTenantRunLimits(store, caller.tenantId)
  return runLimitsOf(request.limits ?? {}, own, caller.role, limitsInForce(limits))
}

/** What every run gets, and what nobody gets more of. */
function limitsInForce(limits: QueryLimits): LimitsInForce {
  const shared = { memoryBytes: limits.workerMemoryBytes, tempBytes: limits.workerTempBytes }
  const { resultRowsMax: rows, resultBytesMax: bytes, runTimeoutMs: timeoutMs } = limits
  const { resultRowsCeiling, resultBytesCeiling, runTimeoutCeilingMs } = limits
  return {
    defaults: { rows, bytes, timeoutMs, ...shared },
    ceilings: { rows: resultRowsCeiling, bytes: resultBytesCeiling, timeoutMs: runTimeoutCeilingMs, ...shared },
  }
}

/** A run that may take longer than others lives longer as well, or it would expire under way. */
function lifeOf(
  request: StartRun,
  limits: QueryLimits,
  bounds: RunLimits | undefined,
  now: number,
): Pick<QueryRun, 'expiresAt' | 'isKept'> {
  const usual = now + limits.runLifetimeMs + Math.max(0, (bounds?.timeoutMs ?? 0) - limits.runTimeoutMs)
  if (request.keepUntil === undefined) return { expiresAt: usual }
  const until = checkKeepUntil(request.keepUntil, now, limits.resultKeepMsMax)
  return until > usual ? { expiresAt: until, isKept: true } : { expiresAt: usual }
}

function checkLength(template: string, limits: QueryLimits): void {
  const { templateCharsMin, templateCharsMax } = limits
  if (template.length >= templateCharsMin && template.length <= templateCharsMax) return
  const allowed = `between ${templateCharsMin} and ${templateCharsMax} are allowed`
  const message = `the template has ${template.length} characters: ${allowed}`
  throw new AppError('invalid_argument', message, { details: { field: 'adHocQuery.template' } })
}

async function getRun(store: Store, tenantId: string, runId: string, now: number): Promise<QueryRun> {
  const run = await findRun(store, tenantId, runId, now)
  if (run === undefined) throw new AppError('not_found', `there is no run ${runId}`)
  return run
}

interface OpenQueries extends QueriesOptions {
  readonly disk: QueryDisk
}

/** undefined where the system does not say. */
async function freeBytesOf(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch {
    // A fact we do not have; the quota still holds.
    return undefined
  }
}

async function recover(options: OpenQueries, runner: Runner) {
  const { store, clock } = options
  let queuedAgain = 0
  let failed = 0
  for (const run of await listLiveRuns(store)) {
    if (run.state !== 'running') continue
    const isLast = run.attempts >= attemptsMax
    const error = { code: 'internal', message: 'the run was interrupted twice by an end of the server' }
    if (isLast) await changeRun(store, run.tenantId, run.id, 'lease_lost_again', clock(), { error })
    else await changeRun(store, run.tenantId, run.id, 'lease_lost', clock())
    if (isLast) failed += 1
    else queuedAgain += 1
  }
  const orphans = await deleteOrphans(options)
  await options.disk.load()
  runner.wake()
  return { queuedAgain, failed, orphans }
}

/** Result folders whose run is gone: left by a crash between the deletion of a run and of its folder. */
async function deleteOrphans(options: QueriesOptions): Promise<number> {
  const folders = await readdir(options.resultsFolder)
  const existing = new Set(await listExistingRuns(options.store, folders))
  const orphans = folders.filter(folder => !existing.has(folder))
  for (const folder of orphans) await deleteResult(options.resultsFolder, folder)
  return orphans.length
}

async function expire(options: OpenQueries, runner: Runner): Promise<number> {
  const { store, clock, disk } = options
  for (const run of await listLiveRuns(store)) {
    // A run that waited or ran past its life: nobody can ask for it any more.
    if (run.expiresAt > clock()) continue
    await changeRun(store, run.tenantId, run.id, 'deadline', clock())
    runner.stop(run.id)
  }
  const ids = await deleteExpiredRuns(store, clock(), expireCountMax)
  for (const id of ids) {
    await deleteResult(options.resultsFolder, id)
    disk.forget(id)
  }
  await disk.measureFresh()
  return ids.length
}
