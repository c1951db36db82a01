import { beginIntent, endIntent } from '../db/audit-intents.ts'
import type { Store } from '../db/db.ts'
import {
  cancelManyRun,
  deleteExpiredManyRuns,
  endManyRun,
  endPart,
  findManyRun,
  insertManyRun,
  listLiveManyRuns,
  listManyRuns,
  listParts,
  startPart,
} from '../db/many-runs.ts'
import { findRunColumns } from '../db/runs.ts'
import * as defaults from '../limits.ts'
import type { AuditEntry, AuditLog } from '../model/audit.ts'
import type { Clock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import { newId } from '../model/ids.ts'
import type { ResultColumn } from '../model/lake-type.ts'
import type { Log } from '../model/log.ts'
import type { ManyRun, ManyRunPart } from '../model/many-run.ts'
import type { Caller, TenantCaller } from '../model/principal.ts'
import { isTerminal } from '../model/query-run.ts'
import { type ManyResultPage, ownColumns, readManyResultPage } from './many-results.ts'
import type { Queries, StartRun } from './runs.ts'

// One request to many tenants. Each part is an ordinary run of its tenant, checked against that tenant's schema, seen
// in its list and its audit log; a few are under way at once, so hundreds of tenants never fill the queue. All that is
// known is in the store: after a restart it goes on where it was. A part's run and its mark are one transaction, so no
// tenant is asked twice.

export interface ManyRunsOptions {
  readonly store: Store
  readonly queries: Pick<Queries, 'start' | 'get' | 'cancel' | 'results'>
  readonly audit: Pick<AuditLog, 'record'>
  readonly clock: Clock
  readonly log: Log
  /** The principal bound to the tenant, as things are now; rejects where it may no longer start runs there. */
  readonly admit: (principalId: string, tenantId: string) => Promise<TenantCaller>
  /** The tenant's run that the request stands for; relative times count from `now`. */
  readonly plan: (tenantId: string, request: string, now: number) => Promise<StartRun>
  /** How often parts under way are looked at; 0: only by `step`. */
  readonly stepMs?: number
  readonly limits?: Partial<ManyRunLimits>
}

export interface ManyRunLimits {
  readonly runLifetimeMs: number
  readonly manyRunPartsAtOnce: number
  readonly manyRunsPerAccountMax: number
}

export interface ManyRuns {
  /** Rejects with `rate_limited` where the account has too many that have not ended. */
  start(
    caller: Caller,
    wanted: { readonly name: string | undefined; readonly request: string },
    tenants: readonly { readonly id: string; readonly name: string }[],
  ): Promise<ManyRunState>
  /** Rejects with `not_found` for one that is unknown, expired or another account's. */
  get(accountId: string, id: string): Promise<ManyRunState>
  /** Newest first, without their parts. */
  list(accountId: string): Promise<readonly ManyRun[]>
  /** True when this call canceled it. Parts that have ended stay. */
  cancel(accountId: string, id: string): Promise<boolean>
  /**
   * Rows of those parts that succeeded, in the order of tenants. `state` is what `get` gave, or less of it. Rejects
   * with `invalid_argument` before the run has ended.
   */
  results(state: ManyRunState, range: { readonly firstRow: number; readonly rowCount: number }): Promise<ManyResultPage>
  /** Looks at parts under way and starts the next ones; true while there is anything to wait for. */
  step(): Promise<boolean>
  /** Goes on with what an earlier process left. */
  recover(): Promise<void>
  close(): Promise<void>
}

export interface ManyRunState {
  readonly run: ManyRun
  readonly parts: readonly ManyRunPart[]
}

const listedMax = 100

/** Over runs that it does not close. The caller calls `close()` before it closes them. */
export function openManyRuns(options: ManyRunsOptions): ManyRuns {
  const { store, queries, clock, log } = options
  const limits: ManyRunLimits = { ...defaults, ...options.limits }
  const { runLifetimeMs, manyRunPartsAtOnce, manyRunsPerAccountMax } = limits
  const stepMs = options.stepMs ?? defaults.manyRunStepMs
  let timer: NodeJS.Timeout | undefined
  let stepping: Promise<boolean> = Promise.resolve(false)
  let isClosed = false

  async function get(accountId: string, id: string): Promise<ManyRunState> {
    const run = await findManyRun(store, accountId, id, clock())
    if (run === undefined) throw new AppError('not_found', 'there is no such run')
    return { run, parts: await listParts(store, id) }
  }

  /** One pass at a time; a pass asked for meanwhile comes after. */
  function step(): Promise<boolean> {
    stepping = stepping.catch(() => false).then(pass)
    return stepping
  }

  async function pass(): Promise<boolean> {
    let isBusy = false
    for (const run of await listLiveManyRuns(store)) {
      if (isClosed) return false
      try {
        await advance(options, run, manyRunPartsAtOnce)
      } catch (error) {
        log.error({ err: error, manyRunId: run.id }, 'run over many tenants could not go on')
      }
      if (!(await endManyRun(store, run.id, clock()))) isBusy = true
    }
    return isBusy
  }

  function schedule(): void {
    if (isClosed || stepMs === 0 || timer !== undefined) return
    timer = setTimeout(() => {
      step()
        .catch(error => {
          log.error({ err: error }, 'runs over many tenants could not be looked at')
          return true
        })
        .then(isBusy => {
          timer = undefined
          if (isBusy) schedule()
        })
    }, stepMs)
    timer.unref()
  }

  return {
    async start(caller, { name, request }, tenants) {
      const live = (await listLiveManyRuns(store)).filter(run => run.accountId === caller.accountId)
      if (live.length >= manyRunsPerAccountMax) {
        const message = `${live.length} runs over many tenants are under way already: try again when one has ended`
        throw new AppError('rate_limited', message, { details: { retryAfterSeconds: 10 } })
      }
      await deleteExpiredManyRuns(store, clock())
      const { accountType, accountId, principalId } = caller
      const createdAt = clock()
      const run: ManyRun = {
        ...{ id: newId(), accountType, accountId, principalId, name, request, isEnded: false, isCanceled: false },
        ...{ createdAt, expiresAt: createdAt + runLifetimeMs, finishedAt: undefined },
      }
      await insertManyRun(store, run, tenants)
      schedule()
      return get(accountId, run.id)
    },
    get,
    list: accountId => listManyRuns(store, accountId, clock(), listedMax),
    async cancel(accountId, id) {
      await get(accountId, id)
      const isCanceled = await cancelManyRun(store, id)
      for (const { tenantId, runId } of await listParts(store, id, 'started')) {
        if (runId !== undefined) await queries.cancel(tenantId, runId).catch(ignoreGone)
      }
      await step()
      return isCanceled
    },
    async results({ run, parts }, range) {
      if (!run.isEnded) throw new AppError('invalid_argument', `run ${run.id} has not finished: ask again later`)
      return readManyResultPage({ store, queries }, parts, range)
    },
    step,
    async recover() {
      if ((await listLiveManyRuns(store)).length > 0) schedule()
    },
    async close() {
      isClosed = true
      clearTimeout(timer)
      await stepping.catch(() => false)
    },
  }
}

/** A run that has expired needs no cancel. */
function ignoreGone(error: unknown): void {
  if (!(error instanceof AppError) || error.code !== 'not_found') throw error
}

async function advance(options: ManyRunsOptions, run: ManyRun, partsAtOnce: number): Promise<void> {
  const { store } = options
  let underWay = 0
  for (const part of await listParts(store, run.id, 'started')) if (!(await settle(options, run, part))) underWay += 1
  for (const part of await listParts(store, run.id, 'waiting', partsAtOnce - underWay)) {
    if (!(await begin(options, run, part))) return
  }
}

/** Takes over how the part's run ended; false while it has not. */
async function settle({ store, queries }: ManyRunsOptions, run: ManyRun, part: ManyRunPart): Promise<boolean> {
  const { tenantId, runId = '', position } = part
  const found = await queries.get(tenantId, runId).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'not_found') return undefined
    throw error
  })
  if (found === undefined) {
    await endPart(store, run.id, position, { state: 'failed', error: { code: 'not_found', message: 'it expired' } })
    return true
  }
  if (!isTerminal(found.state)) return false
  const { state, rowCount, error, truncated } = found
  if (state === 'queued' || state === 'running') return false
  const columns: ResultColumn[] = JSON.parse((await findRunColumns(store, tenantId, runId)) ?? '[]')
  const clash = columns.find(({ name }) => ownColumns.includes(name.toLowerCase()))
  if (clash === undefined) await endPart(store, run.id, position, { state, rowCount, error, truncated })
  else await endPart(store, run.id, position, { state: 'failed', error: columnClash(clash.name) })
  return true
}

export function columnClash(name: string): { code: string; message: string } {
  const message = `column ${name} is the lake's own in a result over many tenants: give it another name`
  return { code: 'invalid_argument', message }
}

/** False where the queue has no place: the rest waits for the next pass. */
async function begin(options: ManyRunsOptions, run: ManyRun, part: ManyRunPart): Promise<boolean> {
  const { store, log } = options
  try {
    const caller = await options.admit(run.principalId, part.tenantId)
    const plan = await options.plan(part.tenantId, run.request, run.createdAt)
    await startTold(options, run, part, caller, plan)
    return true
  } catch (thrown) {
    const { code, message } = thrown instanceof AppError ? thrown : { code: 'internal' as const, message: '' }
    if (code === 'rate_limited' || code === 'unavailable') return false
    if (code === 'canceled') return true
    if (code === 'internal') log.error({ err: thrown, manyRunId: run.id }, 'part of a run could not be started')
    const error = { code, message: code === 'internal' ? 'the run failed for a reason inside the lake' : message }
    await endPart(store, run.id, part.position, { state: 'refused', error })
    return true
  }
}

/**
 * The tenant hears of each run in its lake, whoever started it: what is about to run is kept before it is, as for a
 * single run, so that a server that ends in between tells of it at its next start.
 */
async function startTold(
  options: ManyRunsOptions,
  run: ManyRun,
  part: ManyRunPart,
  { tenantId, principalId, accountType, accountId, role }: TenantCaller,
  plan: StartRun,
): Promise<void> {
  const { store, queries, audit, clock, log } = options
  const actor = { principalId, accountType, accountId, role }
  const entry: Omit<AuditEntry, 'outcome' | 'target'> = {
    ...{ at: clock(), action: 'runs.start', address: '', requestId: run.id, sql: plan.template, tenantId, actor },
    details: { manyRunId: run.id },
  }
  const intent = await beginIntent(store, { ...entry, outcome: 'interrupted', target: undefined })
  let target: string
  try {
    const started = await queries.start({ tenantId, ...actor }, plan, async (transaction, { id }) => {
      const isWaiting = await startPart(transaction, run.id, part.position, id)
      if (!isWaiting) throw new AppError('canceled', 'the run was canceled')
    })
    target = started.id
  } catch (error) {
    await endIntent(store, intent)
    throw error
  }
  try {
    await audit.record({ ...entry, outcome: 'done', target })
    await endIntent(store, intent)
  } catch (error) {
    // The run is there already. The intent stays, and is told of at the next start.
    log.error({ err: error, action: 'runs.start', target }, 'audit entry not kept')
  }
}
