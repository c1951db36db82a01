import type { Store } from '../db/db.ts'
import { keepRun, listKeptRuns } from '../db/runs.ts'
import { keptShareMax } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import type { QueryRun } from '../model/query-run.ts'
import { dayMs, formatInstant } from '../model/time-range.ts'
import type { QueryDisk } from './query-disk.ts'

// Runs that live longer than others because somebody asked. What they hold counts against a bound of their tenant's,
// and all of them together leave a part of the disk of queries to runs: keeping must not stop others from asking.

export interface KeepingDeps {
  readonly store: Store
  readonly clock: Clock
  readonly disk: Pick<QueryDisk, 'resultBytes'>
  readonly limits: {
    readonly runLifetimeMs: number
    readonly resultKeepMsMax: number
    readonly keptBytesPerTenantMax: number
    /** Of all results and temporary files together. */
    readonly queryDiskBytes: number
  }
}

export interface Keeping {
  /** Rejects with `too_large` where the tenant, or all tenants together, keep too much already. */
  checkRoom(tenantId: string, moreBytes?: number): Promise<void>
  /** Lets the run expire at `until`. Rejects with `invalid_argument` for another time, and like `checkRoom`. */
  keep(run: QueryRun, until: number): Promise<void>
}

export function openKeeping({ store, clock, disk, limits }: KeepingDeps): Keeping {
  const bytesOf = (ids: readonly string[]) => ids.reduce((sum, id) => sum + disk.resultBytes(id), 0)

  async function checkRoom(tenantId: string, moreBytes = 0): Promise<void> {
    const now = clock()
    const own = bytesOf(await listKeptRuns(store, now, tenantId)) + moreBytes
    if (own >= limits.keptBytesPerTenantMax) {
      throw tooMuch(`kept results of this tenant take ${own} of ${limits.keptBytesPerTenantMax} bytes`)
    }
    const all = bytesOf(await listKeptRuns(store, now)) + moreBytes
    const most = Math.floor(limits.queryDiskBytes * keptShareMax)
    if (all >= most) throw tooMuch(`kept results of all tenants have used up the ${most} bytes they may have`)
  }

  return {
    checkRoom,
    async keep(run, until) {
      const now = clock()
      const expiresAt = checkKeepUntil(until, now, limits.resultKeepMsMax)
      const isKept = expiresAt > run.createdAt + limits.runLifetimeMs
      if (isKept && run.isKept !== true) await checkRoom(run.tenantId, disk.resultBytes(run.id))
      const isThere = await keepRun(store, run.tenantId, run.id, { expiresAt, isKept }, now)
      if (!isThere) throw new AppError('not_found', `there is no run ${run.id}`)
    },
  }
}

function tooMuch(what: string): AppError {
  return new AppError('too_large', `${what}: let older ones go`)
}

/** `until`, where it lies within what results may be kept. Throws `invalid_argument`. */
export function checkKeepUntil(until: number, now: number, msMax: number): number {
  if (until > now && until <= now + msMax) return until
  const days = Math.round(msMax / dayMs)
  const bound = until > now ? `at most ${days} days from now` : 'in the future'
  throw new AppError('invalid_argument', `results are kept until a time ${bound}, ${formatInstant(until)} is not`)
}
