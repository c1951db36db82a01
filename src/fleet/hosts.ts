import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Store } from '../db/db.ts'
import { inTransaction } from '../db/db.ts'
import { type HostContact, noteContacts } from '../db/host-contacts.ts'
import { hostsPutMax, putHosts } from '../db/hosts.ts'
import { hostFactsReadMs, hostsCachedMax } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import type { Host, HostFacts } from '../model/host.ts'

// The machines. A host is made at first sight of (tenant, hostIdentifier), whichever way it came, or when it enrols
// (enrolment.ts), and keeps its id. It is durable before anything refers to it. What is heard of hosts is kept in
// memory and written once a minute: nothing waits for it, and after a crash hosts look silent for that long.

export interface Hosts {
  /** The host if this process has it in memory: what the hot path asks first. */
  findSeen(tenantId: string, hostIdentifier: string): Host | undefined
  /**
   * The hosts with these identifiers by identifier; new ones are made and durable when the promise resolves. Callers at
   * once, also for new ones, get the same hosts.
   */
  atSight(tenantId: string, hostIdentifiers: readonly string[]): Promise<ReadonlyMap<string, Host>>
  /** An agent asked for something, from this address. */
  hear(host: Host, publicIp: string): void
  hearLog(host: Host, publicIp: string): void
  hearConfig(host: Host, publicIp: string, configVersion: string): void
  /** Whether it is time to learn of the host's lines what they say of it. */
  areFactsDue(host: Host): boolean
  noteFacts(host: Host, facts: HostFacts): void
  /** When it was last heard of, ms, where that is not written yet. */
  lastHeard(hostId: string): number | undefined
  /** Writes what was heard of hosts. Rejects where the store does; nothing is lost. */
  flush(): Promise<void>
  /** To be called when a host is deleted or its identifier changes. */
  forget(tenantId: string, hostIdentifier: string): void
}

/** Keeps `hostsCachedMax` hosts in memory; the first to come leave first. The store stays the caller's. */
export function openHosts(store: Store, clock: Clock): Hosts {
  const seen = new Map<string, Host>()
  /** By host id, since the last flush. Bounded: past it, hosts look silent. */
  let heard = new Map<string, HostContact>()
  /** Host id → when its lines were last read for facts. */
  const factsReadAt = new Map<string, number>()
  const keyOf = (tenantId: string, hostIdentifier: string) => `${tenantId}/${hostIdentifier}`

  function note({ id }: Host, contact: Partial<HostContact>): void {
    const before = heard.get(id)
    if (before !== undefined || heard.size < hostsCachedMax) heard.set(id, { ...before, ...contact, seenAt: clock() })
  }

  async function atSight(tenantId: string, hostIdentifiers: readonly string[]): Promise<ReadonlyMap<string, Host>> {
    const hosts = new Map<string, Host>()
    const unseen: string[] = []
    for (const hostIdentifier of hostIdentifiers) {
      const host = seen.get(keyOf(tenantId, hostIdentifier))
      if (host === undefined) unseen.push(hostIdentifier)
      else hosts.set(hostIdentifier, host)
      if (host !== undefined) note(host, { logAt: clock() })
    }
    for (let at = 0; at < unseen.length; at += hostsPutMax) {
      // The store works on the event loop: others get their turn between two pieces.
      if (at > 0) await nextTurn()
      const piece = unseen.slice(at, at + hostsPutMax)
      for (const host of await inTransaction(store, transaction => putHosts(transaction, tenantId, piece, clock()))) {
        if (seen.size >= hostsCachedMax) seen.delete(seen.keys().next().value!)
        seen.set(keyOf(tenantId, host.hostIdentifier), host)
        hosts.set(host.hostIdentifier, host)
        note(host, { logAt: clock() })
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
        await inTransaction(store, transaction => noteContacts(transaction, piece))
      } catch (error) {
        for (const [id, contact] of entries.slice(at)) heard.set(id, { ...contact, ...heard.get(id) })
        throw error
      }
    }
  }

  return {
    findSeen(tenantId, hostIdentifier) {
      const host = seen.get(keyOf(tenantId, hostIdentifier))
      if (host !== undefined) note(host, { logAt: clock() })
      return host
    },
    ...{ atSight, flush },
    hear: (host, publicIp) => note(host, { publicIp }),
    hearLog: (host, publicIp) => note(host, { publicIp, logAt: clock() }),
    hearConfig: (host, publicIp, configVersion) => note(host, { publicIp, configAt: clock(), configVersion }),
    areFactsDue: ({ id }) => clock() - (factsReadAt.get(id) ?? Number.NEGATIVE_INFINITY) >= hostFactsReadMs,
    noteFacts(host, facts) {
      if (!factsReadAt.has(host.id) && factsReadAt.size >= hostsCachedMax) {
        factsReadAt.delete(factsReadAt.keys().next().value!)
      }
      factsReadAt.set(host.id, clock())
      note(host, { facts })
    },
    lastHeard: hostId => heard.get(hostId)?.seenAt,
    forget(tenantId, hostIdentifier) {
      seen.delete(keyOf(tenantId, hostIdentifier))
    },
  }
}
