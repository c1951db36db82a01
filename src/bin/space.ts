import { statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import type { Store } from '../db/db.ts'
import { collectStoreCopies } from '../db/store-copies.ts'
import { openBudgets } from '../lake/space/budgets.ts'
import { openLimitsInForce } from '../lake/space/limits-in-force.ts'
import { openUpkeepCounts } from '../lake/upkeep/counts.ts'
import { sweepRejected } from '../lake/upkeep/rejected.ts'
import { rejectedSweepMs, retentionDaysDefault, storeCopyAgeMs } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import { systemErrorCode } from '../model/errors.ts'
import type { Log } from '../model/log.ts'
import type { DataDirectory } from './data-directory.ts'
import { diskOf } from './health.ts'

export interface SpaceDeps {
  readonly config: Config
  readonly directory: DataDirectory
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** Bytes of the tenant's open segment. */
  readonly openSegment: (tenantId: string) => number
  /** Bytes of results. */
  readonly resultBytes: () => number
}

/** Limits of tenants, budgets and what takes disk beside data: what is measured rather than counted by the store. */
export function openSpace({ config, directory, store, clock, log, openSegment, resultBytes }: SpaceDeps) {
  const limits = openLimitsInForce(store, {
    uploadCapHostBytes: config.uploadCapHostBytes,
    uploadCapTenantBytes: config.uploadCapTenantBytes,
    diskBudgetBytes: config.tenantDiskBudgetBytes,
  })
  let rejected: ReadonlyMap<string, number> = new Map()
  const budgets = openBudgets({
    ...{ store, clock, log, limitsOf: limits.of, whenFull: config.whenFull },
    ...{ budgetBytes: config.diskBudgetBytes, reserveBytes: config.diskReserveBytes },
    disk: () => diskOf(directory.root),
    use: {
      ...{ openSegment, queries: async () => resultBytes() + (await bytesBelow(directory.temporary)) },
      rejectedLines: () => rejected,
      store: () => sizeOf(directory.storeFile) + sizeOf(`${directory.storeFile}-wal`),
    },
  })

  async function sweep(): Promise<void> {
    try {
      const copies = collectStoreCopies(directory.storeFile, clock() - storeCopyAgeMs)
      if (copies.length > 0) log.info({ copies }, 'old copies of the store deleted')
      const tenants = await store.selectFrom('tenants').select(['id', 'retention_days']).execute()
      const days = new Map(tenants.map(({ id, retention_days }) => [id, retention_days]))
      rejected = await sweepRejected(directory.rejected, id => days.get(id) ?? retentionDaysDefault, clock())
    } catch (error) {
      // Best effort: the next one is in an hour.
      log.warn({ err: error }, 'rejected lines and copies of the store not swept')
    }
  }

  const timer = setInterval(() => void sweep(), rejectedSweepMs)
  timer.unref()
  return {
    ...{ limits, budgets, counts: openUpkeepCounts() },
    /** Before the first body. */
    async load(): Promise<void> {
      await limits.load()
      await sweep()
      await budgets.refresh()
    },
    close: () => clearInterval(timer),
  }
}

/** Temporary files come and go: what goes while it is measured takes nothing. */
async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += sizeOf(join(entry.parentPath, entry.name))
  }
  return bytes
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return 0
    throw error
  }
}
