import { setImmediate as turn } from 'node:timers/promises'
import { forgetBudgetDrops } from '../../db/budget-drops.ts'
import type { Store } from '../../db/db.ts'
import { queryRetentionsOf } from '../../db/query-retentions.ts'
import { collectFilesMax, janitorBudgetMs, orphanSweepMs } from '../../limits.ts'
import { isDiskFull, systemErrorCode } from '../../model/errors.ts'
import type { Log } from '../../model/log.ts'
import type { Segment } from '../../model/segment.ts'
import type { ConvertDeps } from '../data-file-writer.ts'
import { listLiveFiles, listLiveTables } from '../data-files.ts'
import type { Budgets } from '../space/budgets.ts'
import { dropOverBudget } from '../space/drop-oldest.ts'
import { type Collected, collect, sweepOrphans, sweepTemporary } from './collect.ts'
import { compact } from './compact.ts'
import { type Merge, planCompaction } from './compaction-plan.ts'
import type { UpkeepCounts } from './counts.ts'
import { nextRetention, retain } from './retain.ts'
import { emptyUndeclared } from './undeclared.ts'

// The janitor keeps the lake small and quick, off every path: retention, budgets, compaction, collection, in that
// order, in passes on its own clock. A pass begins no further merge once its budget is spent, and tenants take turns,
// so neither ingest nor another tenant waits for one that is large; the store answers at once, so the event loop gets a
// turn before each tenant. What fails is logged and left: a merge that failed is not tried again by this process.

export interface JanitorDeps extends ConvertDeps {
  readonly pathOf: (segment: Segment) => string
  readonly log: Log
  /** Time in which a pass begins merges. */
  readonly budgetMs?: number
  /** Default: no bounds on disk. */
  readonly budgets?: Budgets | undefined
  /** Removes hosts that have been silent for too long. Default: none are. */
  readonly expireHosts?: (() => Promise<void>) | undefined
  /** Default: nobody counts. */
  readonly counts?: UpkeepCounts | undefined
}

export interface PassReport {
  /** Files dropped for their age. */
  readonly retained: number
  /** Files dropped for want of disk. */
  readonly dropped: number
  readonly merges: number
  readonly failedMerges: number
  readonly collected: Collected
  readonly orphans: number
}

export interface Janitor {
  /** One pass; a second caller gets the one under way. Never rejects for what a single step could not do. */
  pass(): Promise<PassReport>
  /** Begins nothing further; resolves when the step under way is done. */
  close(): Promise<void>
}

interface TenantRetention {
  readonly id: string
  readonly retention_days: number
}

/** Failed merges remembered: past it the oldest may be tried again. */
const failedHeldMax = 1_000

export function openJanitor(deps: JanitorDeps): Janitor {
  const failed = new Set<string>()
  let running: Promise<PassReport> | undefined
  let isClosed = false
  let sweptAt = Number.NEGATIVE_INFINITY

  async function onePass(): Promise<PassReport> {
    const deadline = deps.clock() + (deps.budgetMs ?? janitorBudgetMs)
    const tenants = await tenantsWithFiles(deps.store)
    let retained = 0
    for (const { id, retention_days: days } of tenants) {
      await turn()
      const files = await attempt('retention', 0, () => retainOne(id, days))
      deps.counts?.add(id, 'retainedFiles', files)
      retained += files
    }
    await attempt('undeclared tables', undefined, dropUndeclared)
    const dropped = await attempt('budgets', 0, dropForBudgets)
    await attempt('host expiry', undefined, async () => deps.expireHosts?.())
    const { merges, failedMerges } = await mergeInTurns(tenants, deadline)
    const none = { segments: 0, dataFiles: 0 }
    const collected = await attempt('collection', none, () => collect(deps, deps.clock(), collectFilesMax))
    const orphans = await sweep()
    // What went just now counts no more.
    await attempt('budgets', undefined, async () => deps.budgets?.refresh())
    return { retained, dropped, merges, failedMerges, collected, orphans }
  }

  async function retainOne(tenantId: string, days: number): Promise<number> {
    const byQueryName = await queryRetentionsOf(deps.store, tenantId)
    await forgetBudgetDrops(deps.store, tenantId, Math.max(days, ...byQueryName.values()), deps.clock())
    return retain(deps.store, tenantId, days, deps.clock(), collectFilesMax)
  }

  async function dropUndeclared(): Promise<void> {
    for (const [tenantId, files] of await emptyUndeclared(deps.store, deps.clock(), collectFilesMax)) {
      deps.log.info({ tenantId, files }, 'files of undeclared tables dropped')
    }
  }

  async function dropForBudgets(): Promise<number> {
    const { budgets, store, clock, log, counts } = deps
    if (budgets === undefined) return 0
    let total = 0
    for (const [tenantId, { files, rows, bytes }] of await dropOverBudget(
      { store, budgets, clock, log },
      collectFilesMax,
    )) {
      counts?.add(tenantId, 'budgetFiles', files)
      counts?.add(tenantId, 'budgetRows', rows)
      counts?.add(tenantId, 'budgetBytes', bytes)
      total += files
    }
    return total
  }

  /** One merge of each tenant after the other, and again, until none has anything to merge or the time is up. */
  async function mergeInTurns(tenants: readonly TenantRetention[], deadline: number) {
    let [merges, failedMerges] = [0, 0]
    let waiting = tenants
    while (waiting.length > 0) {
      const next: TenantRetention[] = []
      for (const tenant of waiting) {
        await turn()
        if (isClosed || deps.clock() >= deadline) return { merges, failedMerges }
        const merge = await attempt('compaction', undefined, () => nextMerge(tenant))
        if (merge === undefined) continue
        next.push(tenant)
        const outcome = await mergeOnce(tenant.id, merge)
        if (outcome === 'merged') merges += 1
        else failedMerges += 1
        // Every other merge would find the same; the next pass tries again.
        if (outcome === 'diskFull') return { merges, failedMerges }
      }
      waiting = next
    }
    return { merges, failedMerges }
  }

  async function nextMerge({ id: tenantId, retention_days: days }: TenantRetention): Promise<Merge | undefined> {
    const now = deps.clock()
    const { rewrite } = await nextRetention(deps.store, tenantId, days, now)
    const due = rewrite.find(planned => !failed.has(keyOf(planned)))
    if (due !== undefined) return due
    for (const table of await listLiveTables(deps.store, tenantId)) {
      const files = await listLiveFiles(deps.store, tenantId, table)
      const merge = planCompaction(files, now).find(planned => !failed.has(keyOf(planned)))
      if (merge !== undefined) return merge
    }
    return undefined
  }

  async function mergeOnce(tenantId: string, merge: Merge): Promise<'merged' | 'failed' | 'diskFull'> {
    try {
      const { rows, before, after } = await compact(deps, tenantId, merge)
      deps.log.info({ tenantId, table: merge.table, level: merge.level, rows, before, after }, 'data files merged')
      deps.counts?.add(tenantId, 'merges')
      return 'merged'
    } catch (error) {
      if (isDiskFull(error)) {
        deps.log.warn({ tenantId, table: merge.table, err: error }, 'data files not merged: the disk is full')
        return 'diskFull'
      }
      if (failed.size >= failedHeldMax) failed.delete(failed.values().next().value as string)
      failed.add(keyOf(merge))
      deps.counts?.add(tenantId, 'failedMerges')
      deps.log.warn({ tenantId, table: merge.table, level: merge.level, err: error }, 'data files not merged')
      return 'failed'
    }
  }

  async function sweep(): Promise<number> {
    const now = deps.clock()
    if (now - sweptAt < orphanSweepMs) return 0
    sweptAt = now
    const orphans = await attempt('sweep', 0, () => sweepOrphans(deps, now, collectFilesMax))
    return orphans + (await attempt('sweep', 0, () => sweepTemporary(deps.tempFolder, now)))
  }

  /** The step's result, or `otherwise` where it failed: the next pass does it again. */
  async function attempt<Result>(step: string, otherwise: Result, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      deps.log.warn({ step, code: systemErrorCode(error), err: error }, 'janitor step failed')
      return otherwise
    }
  }

  return {
    pass() {
      running ??= onePass().finally(() => {
        running = undefined
      })
      return running
    },
    async close() {
      isClosed = true
      await running?.catch(() => {})
    },
  }
}

/** Those for whom there is something to do; others, who may be thousands, have never sent a line. */
function tenantsWithFiles(store: Store): Promise<readonly TenantRetention[]> {
  return store
    .selectFrom('tenants')
    .select(['id', 'retention_days'])
    .where(({ or, exists, selectFrom }) =>
      or([
        exists(selectFrom('data_files').select('data_files.id').whereRef('data_files.tenant_id', '=', 'tenants.id')),
        exists(selectFrom('budget_drops').select('tenant_id').whereRef('budget_drops.tenant_id', '=', 'tenants.id')),
      ]),
    )
    .orderBy('id')
    .execute()
}

function keyOf(merge: Merge): string {
  return merge.files.map(({ id }) => id).join()
}
