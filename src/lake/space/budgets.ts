import type { Store } from '../../db/db.ts'
import {
  lastSampleAt,
  listOldestSamples,
  listTenantSizes,
  putSizeSamples,
  type SizeSample,
  type TenantSizes,
} from '../../db/tenant-sizes.ts'
import { growthSpanMs, refusedRetrySeconds, sizeSampleMs } from '../../limits.ts'
import { isAbove } from '../../model/budget-level.ts'
import type { Clock } from '../../model/clock.ts'
import { AppError } from '../../model/errors.ts'
import type { Log } from '../../model/log.ts'
import type { TenantLimits } from '../../model/tenant-limits.ts'
import { type BudgetStatus, budgetStatus, describeBudget, formatGib } from './budget.ts'

// Disk budgets: of each tenant what its data files, segments and rejected lines take, of the lake that and everything
// else in the data directory. Sizes are read anew once a minute; in between, segments that are sealed are added, so
// that a flood is stopped within a segment of its bound. What is over its budget is refused here, or dropped by the
// janitor (drop-oldest.ts).

export type WhenFull = 'refuse' | 'drop-oldest'

/** What takes disk and is no tenant's data file or sealed segment, in bytes. */
export interface OtherUse {
  openSegment(tenantId: string): number
  rejectedLines(): ReadonlyMap<string, number>
  /** Results and temporary files. */
  queries(): Promise<number>
  store(): number
}

export interface BudgetsDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly limitsOf: (tenantId: string) => TenantLimits
  /** Of the whole lake; undefined: what the disk has, less twice the reserve. */
  readonly budgetBytes: number | undefined
  readonly reserveBytes: number
  readonly whenFull: WhenFull
  readonly disk: () => Promise<{ readonly freeBytes: number } | undefined>
  readonly use: OtherUse
}

/** A tenant's use of the disk by what it is; bytes. */
export interface TenantUse {
  readonly dataFiles: number
  /** Dropped from the catalog; they go once no run reads them. */
  readonly droppedFiles: number
  readonly segments: number
  readonly rejectedLines: number
}

export interface Budgets {
  readonly whenFull: WhenFull
  /** Reads sizes anew. Before the first body, and then by the janitor. */
  refresh(): Promise<void>
  /** Sizes are those of the last refresh, the budget is that of this moment. */
  statusOf(tenantId: string): BudgetStatus & { readonly use: TenantUse }
  /** Of the whole lake. */
  total(): BudgetStatus
  /** Tenants at `warn` or above, the fullest first. */
  pressed(): readonly { readonly tenantId: string; readonly status: BudgetStatus }[]
  /**
   * Throws `unavailable` where lines of the tenant are to be refused: nothing of them is in the lake, their sender
   * keeps them.
   */
  admit(tenantId: string): void
  /** True while everybody's lines are refused. */
  refusesAll(): boolean
  /** Bodies that `admit` refused since the start, by tenant. */
  refused(): ReadonlyMap<string, number>
  /** A segment with so many bytes was sealed. */
  sealed(tenantId: string, bytes: number): void
  /** Says of the tenant (undefined: of the lake) that there is nothing left to drop, or that there is again. */
  setStuck(tenantId: string | undefined, isStuck: boolean): void
  /** Sizes as the last refresh read them. */
  sizes(): ReadonlyMap<string, TenantSizes>
}

/** Under this key the store keeps samples of the whole lake. */
const wholeLake = ''

export function openBudgets(deps: BudgetsDeps): Budgets {
  const { store, clock, log, limitsOf, reserveBytes, whenFull, disk, use } = deps
  let sizes = new Map<string, TenantSizes>()
  let statuses = new Map<string, BudgetStatus>()
  let total: BudgetStatus = budgetStatus(0, deps.budgetBytes, undefined, 0)
  let samples: ReadonlyMap<string, SizeSample> = new Map()
  let sampledAt: number | undefined
  let areSamplesRead = false
  let sealedSince = new Map<string, number>()
  let sealedSinceAll = 0
  const stuck = new Set<string>()
  const refused = new Map<string, number>()

  function partsOf(tenantId: string): TenantUse {
    const size = sizes.get(tenantId)
    return {
      dataFiles: size?.bytes ?? 0,
      droppedFiles: size?.dropped_bytes ?? 0,
      segments: (size?.segment_bytes ?? 0) + (size?.consumed_bytes ?? 0) + use.openSegment(tenantId),
      rejectedLines: use.rejectedLines().get(tenantId) ?? 0,
    }
  }

  function statusNow(tenantId: string, now: number): BudgetStatus {
    const budget = limitsOf(tenantId).diskBudgetBytes
    return budgetStatus(sumOf(partsOf(tenantId)), budget, samples.get(tenantId), now, statuses.get(tenantId)?.level)
  }

  async function refresh(): Promise<void> {
    const now = clock()
    // What is sealed while the store is read may be counted twice, until the next time.
    sealedSince = new Map()
    sealedSinceAll = 0
    sizes = new Map((await listTenantSizes(store)).map(size => [size.tenantId, size]))
    const tenantIds = new Set([...sizes.keys(), ...use.rejectedLines().keys()])
    if (!areSamplesRead) await readSamples(now)
    const before = statuses
    const [free, queries] = [(await disk())?.freeBytes, await use.queries()]
    statuses = new Map([...tenantIds].map(tenantId => [tenantId, statusNow(tenantId, now)]))
    const tenantsUse = [...statuses.values()].reduce((sum, { usedBytes }) => sum + usedBytes, 0)
    const used = tenantsUse + queries + use.store()
    const derived = free === undefined ? undefined : Math.max(0, used + free - 2 * reserveBytes)
    const totalBefore = total.level
    total = budgetStatus(used, deps.budgetBytes ?? derived, samples.get(wholeLake), now, totalBefore)
    await sample(now)
    for (const [tenantId, status] of statuses) {
      say(status, before.get(tenantId)?.level ?? 'calm', { tenantId }, 'disk budget of a tenant runs low')
    }
    say(total, totalBefore, {}, 'disk budget of the lake runs low')
  }

  function say(status: BudgetStatus, before: BudgetStatus['level'], of: object, message: string): void {
    if (!isAbove(status.level, before)) return
    const { level, usedBytes, budgetBytes, percent, daysLeft } = status
    const facts = { ...of, level, usedBytes, budgetBytes, percent, daysLeft, whenFull }
    if (level === 'full') log.error(facts, message)
    else log.warn(facts, message)
  }

  /** Notes sizes now and then; the oldest notes of each tenant tell how fast it grows. */
  async function sample(now: number): Promise<void> {
    if (sampledAt !== undefined && now - sampledAt < sizeSampleMs && now >= sampledAt) return
    const bytes = new Map([...statuses].map(([tenantId, { usedBytes }]) => [tenantId, usedBytes]))
    await putSizeSamples(store, now, bytes.set(wholeLake, total.usedBytes), now - growthSpanMs)
    await readSamples(now)
  }

  async function readSamples(now: number): Promise<void> {
    samples = await listOldestSamples(store, now - growthSpanMs)
    sampledAt = await lastSampleAt(store)
    areSamplesRead = true
  }

  function admit(tenantId: string): void {
    const reason = whyRefused(tenantId)
    if (reason === undefined) return
    refused.set(tenantId, (refused.get(tenantId) ?? 0) + 1)
    throw new AppError('unavailable', reason, { details: { retryAfterSeconds: refusedRetrySeconds } })
  }

  function whyRefused(tenantId: string): string | undefined {
    const budget = limitsOf(tenantId).diskBudgetBytes
    if (budget !== undefined && mayRefuse(tenantId)) {
      const used = sumOf(partsOf(tenantId)) + (sealedSince.get(tenantId) ?? 0)
      const by = whenFull === 'refuse' ? '' : ' by what came within two hours'
      if (used >= budget) return `the tenant's disk budget of ${formatGib(budget)} is used up${by}: nothing was stored`
    }
    return refusesAll() ? "the lake's disk budget is used up: nothing was stored" : undefined
  }

  function refusesAll(): boolean {
    const lake = deps.budgetBytes
    return lake !== undefined && mayRefuse(wholeLake) && total.usedBytes + sealedSinceAll >= lake
  }

  function mayRefuse(key: string): boolean {
    return whenFull === 'refuse' || stuck.has(key)
  }

  return {
    whenFull,
    refresh,
    statusOf(tenantId) {
      return { ...statusNow(tenantId, clock()), use: partsOf(tenantId) }
    },
    total: () => total,
    pressed: () =>
      [...statuses]
        .filter(([, { level }]) => level !== 'calm')
        .map(([tenantId, status]) => ({ tenantId, status }))
        .sort((a, b) => (b.status.percent ?? 0) - (a.status.percent ?? 0)),
    admit,
    refusesAll,
    refused: () => refused,
    sealed(tenantId, bytes) {
      sealedSince.set(tenantId, (sealedSince.get(tenantId) ?? 0) + bytes)
      sealedSinceAll += bytes
    },
    setStuck(tenantId, isStuck) {
      if (isStuck) stuck.add(tenantId ?? wholeLake)
      else stuck.delete(tenantId ?? wholeLake)
    },
    sizes: () => sizes,
  }
}

export function sumOf({ dataFiles, droppedFiles, segments, rejectedLines }: TenantUse): number {
  return dataFiles + droppedFiles + segments + rejectedLines
}

/** `tenant … : 84 % of 10 GiB in use, 3 days left`, for operators. */
export function describePressed(budgets: Pick<Budgets, 'pressed'>, shownMax: number): readonly string[] {
  const pressed = budgets.pressed()
  const shown = pressed
    .slice(0, shownMax)
    .map(({ tenantId, status }) => `tenant ${tenantId}: ${describeBudget(status)}`)
  return pressed.length > shownMax ? [...shown, `and ${pressed.length - shownMax} others`] : shown
}
