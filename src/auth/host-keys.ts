import { hash as hashOnce } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { inTransaction, type Store } from '../db/db.ts'
import { deleteReplacedKeys, endSharedKeys, findNodeKey, type NodeKey, noteKeyUse } from '../db/node-keys.ts'
import {
  hostKeysCachedMax,
  nodeKeyReadAgainMs,
  nodeKeysWrittenMax,
  nodeKeyUseNotedMs,
  replacedNodeKeyMs,
  replacedNodeKeysKeptMs,
  sharedHostAfterMs,
  sharedNodeKeyMs,
} from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import type { Host } from '../model/host.ts'
import { hashClientSecret, newClientSecret } from './client-secret.ts'

// Node keys: what an agent shows with every request since it enrolled. 256 random bits, kept as keyed hashes, looked up
// by their hash. Asked for by every request of every agent, so what is known of a key is held in memory for a minute.
//
// A key is in force ──its host enrols again──► replaced ──`replacedNodeKeyMs`──► unknown. In between it works: the
// answer with the new key may have been lost, or two copies of one machine share a host, and each copy that is told
// that its key is unknown enrols at once.

export interface HostKeys {
  /**
   * The host behind a key; undefined where there is none, and only then may its agent be told to enrol again. Rejects
   * with `unavailable` where the store cannot be asked, and with `permission_denied` where the tenant is suspended.
   */
  find(nodeKey: string): Promise<Host | undefined>
  /** To be called when a host was changed or deleted: its keys are looked up anew. */
  forget(hostId: string): void
  /** To be called when a tenant's status was changed. */
  forgetAll(): void
  /** Whether the key with this hash was used lately, which the store may not know yet. */
  isUsed(hash: string): boolean
  /** Writes when keys were last used, kept in memory until then, and ends those whose time has come. */
  flush(): Promise<void>
}

interface Held extends NodeKey {
  /** Plain hash of the key. */
  readonly digest: string
  readonly readAt: number
  /** Last use that is noted, or will be by the next flush. */
  notedAt: number | undefined
}

export function newNodeKey(): string {
  return newClientSecret()
}

function sha256(text: string): string {
  return hashOnce('sha256', text, 'base64')
}

export function hashNodeKey(secretKey: Uint8Array, nodeKey: string): string {
  return hashClientSecret(secretKey, nodeKey)
}

/** Keeps `hostKeysCachedMax` keys in memory; the first to come leave first. The store stays the caller's. */
export function openHostKeys(store: Store, secretKey: Uint8Array, clock: Clock): HostKeys {
  const held = new Map<string, Held>()
  /** Plain → keyed hash of what is held: a keyed one for each request would be a fifth of what agents cost. */
  const hashOf = new Map<string, string>()
  const hashesOf = new Map<string, Set<string>>()
  /** Grows with every `forget`: what was read before it is not held. */
  let generation = 0
  let used = new Map<string, number>()

  function drop(hash: string): void {
    const key = held.get(hash)
    if (key === undefined) return
    held.delete(hash)
    hashOf.delete(key.digest)
    const hashes = hashesOf.get(key.host.id)
    hashes?.delete(hash)
    if (hashes?.size === 0) hashesOf.delete(key.host.id)
  }

  function hold(hash: string, digest: string, key: NodeKey): void {
    drop(hash)
    if (held.size >= hostKeysCachedMax) drop(held.keys().next().value!)
    const notedAt = used.get(hash) ?? key.usedAt
    held.set(hash, { ...key, digest, readAt: clock(), notedAt })
    hashOf.set(digest, hash)
    const hashes = hashesOf.get(key.host.id) ?? new Set()
    hashesOf.set(key.host.id, hashes.add(hash))
  }

  async function read(hash: string, digest: string): Promise<NodeKey | undefined> {
    const before = generation
    let found: NodeKey | undefined
    try {
      found = await findNodeKey(store, hash)
    } catch (error) {
      throw new AppError('unavailable', 'node keys cannot be looked up at the moment', { cause: error })
    }
    if (found === undefined) drop(hash)
    else if (before === generation) hold(hash, digest, found)
    return found
  }

  function noteUse(hash: string, now: number): void {
    const key = held.get(hash)
    if (key === undefined || now - (key.notedAt ?? 0) < nodeKeyUseNotedMs) return
    key.notedAt = now
    if (used.size < hostKeysCachedMax || used.has(hash)) used.set(hash, now)
  }

  async function find(nodeKey: string): Promise<Host | undefined> {
    const now = clock()
    const digest = sha256(nodeKey)
    const hash = hashOf.get(digest) ?? hashNodeKey(secretKey, nodeKey)
    const known = held.get(hash)
    const isFresh = known !== undefined && now - known.readAt < nodeKeyReadAgainMs
    const key = isFresh ? known : await read(hash, digest)
    if (key === undefined) return undefined
    if (key.replacedAt !== undefined && now - key.replacedAt >= replacedNodeKeyMs) return undefined
    noteUse(hash, now)
    if (!key.isTenantActive) throw new AppError('permission_denied', 'the tenant is suspended')
    return key.host
  }

  async function flush(): Promise<void> {
    const due = [...used]
    used = new Map()
    for (let at = 0; at < due.length; at += nodeKeysWrittenMax) {
      if (at > 0) await nextTurn()
      const piece = new Map(due.slice(at, at + nodeKeysWrittenMax))
      try {
        await inTransaction(store, transaction => noteKeyUse(transaction, piece))
      } catch (error) {
        for (const [hash, time] of due.slice(at)) if (!used.has(hash)) used.set(hash, time)
        throw error
      }
    }
    const now = clock()
    const ended = await inTransaction(store, transaction =>
      endSharedKeys(transaction, now - sharedNodeKeyMs, sharedHostAfterMs, nodeKeysWrittenMax, now),
    )
    for (const hash of ended) drop(hash)
    await deleteReplacedKeys(store, now - replacedNodeKeysKeptMs, nodeKeysWrittenMax)
  }

  return {
    ...{ find, flush },
    isUsed: hash => used.has(hash) || held.get(hash)?.notedAt !== undefined,
    forget(hostId) {
      generation++
      for (const hash of [...(hashesOf.get(hostId) ?? [])]) drop(hash)
    },
    forgetAll() {
      generation++
      held.clear()
      hashOf.clear()
      hashesOf.clear()
    },
  }
}
