import { setImmediate as nextTurn } from 'node:timers/promises'
import { inTransaction, type Store } from '../db/db.ts'
import { deleteFrameHashes, hasFrameHash, putFrameHashes } from '../db/frame-hashes.ts'
import { findImportPosition, findImportPositions, putImportPositions } from '../db/import-positions.ts'
import { frameHashAgeMs } from '../limits.ts'
import type { Clock } from '../model/clock.ts'

// What ingest remembers across restarts: hashes of accepted frames (the first net against resends) and the positions of
// file imports. New facts are written to the store in batches, off the path of an answer; until then they are found
// here, and after a crash in the segments, which are not consumed before `flush` has written what they hold.

/** Half a SHA-256 is unlikely enough to meet again, and half the store. */
const hashDigits = 32
/** About 5 ms of the event loop. */
const hashesPerStatement = 1_000
const deletedHashesMax = 1_000

export interface IngestMemory {
  /** True: the host's frame is durable, or expected. Without a look at the store. */
  hasRecentFrame(tenantId: string, hostId: string, hash: string): boolean
  /** Also asks the store. */
  hasFrame(tenantId: string, hostId: string, hash: string): Promise<boolean>
  /** The frame waits for the disk: known here, never in the store. */
  expectFrame(tenantId: string, hostId: string, hash: string): void
  /** An expected frame (or one found at start) is durable. */
  putFrame(tenantId: string, hostId: string, hash: string, receivedAt: number): void
  /** An expected frame was refused by the disk. */
  forgetFrame(tenantId: string, hostId: string, hash: string): void
  /** Number of the file's first line not yet accepted, from 1. */
  importPosition(tenantId: string, importId: string): Promise<number>
  /** The same for several files; those of which nothing is known are left out. */
  importPositions(tenantId: string, importIds: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** Never moves back. */
  putImportPosition(tenantId: string, importId: string, nextLine: number): void
  /** Everything put before the call is in the store when the promise resolves. */
  flush(): Promise<void>
}

interface RecentFrame {
  readonly tenantId: string
  readonly hostId: string
  readonly hash: string
  readonly receivedAt: number
}

export function openIngestMemory(store: Store, clock: Clock): IngestMemory {
  // Two generations: what a flush has written stays here until the next one, so that whoever asked the store just
  // before finds it in memory just after.
  const expected = new Set<string>()
  let recent = new Map<string, RecentFrame>()
  let written = new Map<string, RecentFrame>()
  const positions = new Map<string, { tenantId: string; importId: string; nextLine: number }>()
  let changed = new Set<string>()
  let flushing: Promise<void> = Promise.resolve()
  const keyOf = (tenantId: string, hostId: string, hash: string) => `${tenantId}/${hostId}/${hash}`

  function hasRecentFrame(tenantId: string, hostId: string, hash: string): boolean {
    const key = keyOf(tenantId, hostId, hash.slice(0, hashDigits))
    return expected.has(key) || recent.has(key) || written.has(key)
  }

  async function write(): Promise<void> {
    const frames = recent
    const moved = [...changed].map(key => positions.get(key)!)
    written = frames
    recent = new Map()
    changed = new Set()
    const now = clock()
    if (frames.size === 0 && moved.length === 0) return
    try {
      const hashes = [...frames.values()]
      // No transaction around it: others may use the store between two statements.
      for (let at = 0; at < hashes.length; at += hashesPerStatement) {
        await putFrameHashes(store, hashes.slice(at, at + hashesPerStatement))
        await nextTurn()
      }
      if (moved.length > 0) await inTransaction(store, transaction => putImportPositions(transaction, moved, now))
      // Twice as many as came, so that the table shrinks while old ones are due.
      await deleteFrameHashes(store, now - frameHashAgeMs, Math.min(2 * hashes.length + 100, deletedHashesMax))
      for (const { tenantId, importId } of moved) {
        const key = `${tenantId}/${importId}`
        if (!changed.has(key)) positions.delete(key)
      }
    } catch (error) {
      // Nothing is lost: what was not written is written by the next flush.
      recent = new Map([...frames, ...recent])
      for (const { tenantId, importId } of moved) changed.add(`${tenantId}/${importId}`)
      throw error
    }
  }

  return {
    hasRecentFrame,
    async hasFrame(tenantId, hostId, hash) {
      if (hasRecentFrame(tenantId, hostId, hash)) return true
      return hasFrameHash(store, tenantId, hostId, hash.slice(0, hashDigits), clock() - frameHashAgeMs)
    },
    expectFrame(tenantId, hostId, hash) {
      expected.add(keyOf(tenantId, hostId, hash.slice(0, hashDigits)))
    },
    putFrame(tenantId, hostId, fullHash, receivedAt) {
      const hash = fullHash.slice(0, hashDigits)
      const key = keyOf(tenantId, hostId, hash)
      expected.delete(key)
      recent.set(key, { tenantId, hostId, hash, receivedAt })
    },
    forgetFrame(tenantId, hostId, hash) {
      expected.delete(keyOf(tenantId, hostId, hash.slice(0, hashDigits)))
    },
    async importPosition(tenantId, importId) {
      // Either may be ahead: a segment that was not consumed for long replays an old position at every start.
      const held = positions.get(`${tenantId}/${importId}`)?.nextLine ?? 1
      return Math.max(held, (await findImportPosition(store, tenantId, importId)) ?? 1)
    },
    async importPositions(tenantId, importIds) {
      const found = new Map(importIds.length === 0 ? [] : await findImportPositions(store, tenantId, importIds))
      for (const importId of importIds) {
        const held = positions.get(`${tenantId}/${importId}`)?.nextLine
        if (held !== undefined) found.set(importId, Math.max(held, found.get(importId) ?? 1))
      }
      return found
    },
    putImportPosition(tenantId, importId, nextLine) {
      const key = `${tenantId}/${importId}`
      if ((positions.get(key)?.nextLine ?? 0) >= nextLine) return
      positions.set(key, { tenantId, importId, nextLine })
      changed.add(key)
    },
    flush() {
      flushing = flushing.catch(() => undefined).then(write)
      return flushing
    },
  }
}
