import { setImmediate as nextTurn } from 'node:timers/promises'
import { inTransaction, type Store } from '../db/db.ts'
import { deleteHost, listSilentSince } from '../db/host-records.ts'
import { hostsExpiredMax } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import type { HostRecord } from '../model/host.ts'

// Hosts go: by hand, or after a time of silence. With a host go its keys and labels, not its rows; an agent that still
// has one of its keys is told to enrol, and is then a new host.

export interface HostRemoval {
  /** Resolves with what it was; undefined where the tenant has no such host. */
  remove(tenantId: string, hostId: string): Promise<HostRecord | undefined>
  /** Removes hosts silent for that long, at most `hostsExpiredMax`; resolves with how many. */
  expire(silentMs: number): Promise<number>
}

export interface HostRemovalDependencies {
  readonly store: Store
  readonly clock: Clock
  /** What is held in memory of the host is no longer true. */
  readonly onRemoved: (host: HostRecord) => Promise<void>
  /** Writes what was heard of hosts lately. */
  readonly flushHeard: () => Promise<void>
}

export function openHostRemoval({ store, clock, onRemoved, flushHeard }: HostRemovalDependencies): HostRemoval {
  async function remove(tenantId: string, hostId: string): Promise<HostRecord | undefined> {
    const host = await inTransaction(store, transaction => deleteHost(transaction, tenantId, hostId))
    if (host !== undefined) await onRemoved(host)
    return host
  }

  return {
    remove,
    async expire(silentMs) {
      await flushHeard()
      const hosts = await listSilentSince(store, clock() - silentMs, hostsExpiredMax)
      for (const { tenantId, id } of hosts) {
        await remove(tenantId, id)
        await nextTurn()
      }
      return hosts.length
    },
  }
}
