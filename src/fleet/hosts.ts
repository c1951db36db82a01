import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Store } from '../db/db.ts'
import { inTransaction } from '../db/db.ts'
import { hostsPutMax, noteHostsSeen, putHosts } from '../db/hosts.ts'
import { hostsCachedMax } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import type { Host } from '../model/host.ts'

// The machines. A host is made at first sight of (tenant, hostIdentifier), whichever way it came, and keeps its id. It
// is durable before anything refers to it.

export interface Hosts {
  /** The host if this process has it in memory: what the hot path asks first. */
  findSeen(tenantId: string, hostIdentifier: string): Host | undefined
  /**
   * The hosts with these identifiers by identifier; new ones are made and durable when the promise resolves. Callers at
   * once, also for new ones, get the same hosts.
   */
  atSight(tenantId: string, hostIdentifiers: readonly string[]): Promise<ReadonlyMap<string, Host>>
  /** Writes when hosts were last heard of, kept in memory until then. Rejects where the store does; nothing is lost. */
  flush(): Promise<void>
  /** To be called when a host is deleted or its identifier changes. */
  forget(tenantId: string, hostIdentifier: string): void
}

/** Keeps `hostsCachedMax` hosts in memory; the first to come leave first. The store stays the caller's. */
export function openHosts(store: Store, clock: Clock): Hosts {
  const seen = new Map<string, Host>()
  /** Host id → when it was last asked for, which is when a body of it came. Bounded: past it, hosts look silent. */
  let heard = new Map<string, number>()
  const hear = ({ id }: Host) => {
    if (heard.size < hostsCachedMax || heard.has(id)) heard.set(id, clock())
  }
  const keyOf = (tenantId: string, hostIdentifier: string) => `${tenantId}/${hostIdentifier}`

  async function atSight(tenantId: string, hostIdentifiers: readonly string[]): Promise<ReadonlyMap<string, Host>> {
    const hosts = new Map<string, Host>()
    const unseen: string[] = []
    for (const hostIdentifier of hostIdentifiers) {
      const host = seen.get(keyOf(tenantId, hostIdentifier))
      if (host === undefined) unseen.push(hostIdentifier)
      else hosts.set(hostIdentifier, host)
      if (host !== undefined) hear(host)
    }
    for (let at = 0; at < unseen.length; at += hostsPutMax) {
      // The store works on the event loop: others get their turn between two pieces.
      if (at > 0) await nextTurn()
      const piece = unseen.slice(at, at + hostsPutMax)
      for (const host of await inTransaction(store, transaction => putHosts(transaction, tenantId, piece, clock()))) {
        if (seen.size >= hostsCachedMax) seen.delete(seen.keys().next().value!)
        seen.set(keyOf(tenantId, host.hostIdentifier), host)
        hosts.set(host.hostIdentifier, host)
        hear(host)
      }
    }
    return hosts
  }

  async function flush(): Promise<void> {
    const entries = [...heard]
    heard = new Map()
    for (let at = 0; at < entries.length; at += hostsPutMax) {
      const piece = new Map(entries.slice(at, at + hostsPutMax))
      try {
        if (at > 0) await nextTurn()
        await inTransaction(store, transaction => noteHostsSeen(transaction, piece))
      } catch (error) {
        for (const [id, time] of entries.slice(at)) if (!heard.has(id)) heard.set(id, time)
        throw error
      }
    }
  }

  return {
    findSeen(tenantId, hostIdentifier) {
      const host = seen.get(keyOf(tenantId, hostIdentifier))
      if (host !== undefined) hear(host)
      return host
    },
    atSight,
    flush,
    forget(tenantId, hostIdentifier) {
      seen.delete(keyOf(tenantId, hostIdentifier))
    },
  }
}
