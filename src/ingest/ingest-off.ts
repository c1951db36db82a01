import { inTransaction, type Store } from '../db/db.ts'
import { addIngestOffDays, type IngestOffDay } from '../db/ingest-off-days.ts'
import type { Clock } from '../model/clock.ts'
import { dayMs } from '../model/time-range.ts'

// Hosts whose lines are not wanted: acknowledged, counted by host and day (UTC, by receipt), not stored. An error would
// make their agents send them for ever. That a host's day lacks lines is durable before the first of them is answered,
// because a run over that time must say so; how many they are may be a second behind after a crash.

export interface IngestOff {
  isOff(tenantId: string, hostId: string): boolean
  /** Lines of the host that are not going to be stored. */
  drop(tenantId: string, hostId: string, lines: number, bytes: number): void
  /** Resolves when every host's day that was dropped from is known to the store. */
  keep(): Promise<void>
  /** Writes what was counted since. */
  flush(): Promise<void>
}

export function openIngestOff(
  store: Store,
  clock: Clock,
  isOff: (tenantId: string, hostId: string) => boolean,
): IngestOff {
  let counted = new Map<string, IngestOffDay>()
  /** Today's that are in the store, or are written right now. */
  let known = new Set<string>()
  let knownDay = 0
  let flushing: Promise<void> = Promise.resolve()

  function drop(tenantId: string, hostId: string, lines: number, bytes: number): void {
    const day = Math.floor(clock() / dayMs)
    const key = `${day}/${tenantId}/${hostId}`
    const before = counted.get(key)
    const sums = { lines: (before?.lines ?? 0) + lines, bytes: (before?.bytes ?? 0) + bytes }
    counted.set(key, { tenantId, hostId, day, ...sums })
    if (day !== knownDay) known = new Set()
    knownDay = day
  }

  async function write(): Promise<void> {
    const due = counted
    counted = new Map()
    if (due.size === 0) return
    try {
      await inTransaction(store, transaction => addIngestOffDays(transaction, [...due.values()]))
      for (const key of due.keys()) known.add(key)
    } catch (error) {
      for (const { tenantId, hostId, lines, bytes, day } of due.values()) {
        const key = `${day}/${tenantId}/${hostId}`
        const since = counted.get(key)
        const sums = { lines: lines + (since?.lines ?? 0), bytes: bytes + (since?.bytes ?? 0) }
        counted.set(key, { tenantId, hostId, day, ...sums })
      }
      throw error
    }
  }

  function flush(): Promise<void> {
    flushing = flushing.catch(() => undefined).then(write)
    return flushing
  }

  return {
    ...{ isOff, drop, flush },
    async keep() {
      // What a write under way has taken is no longer counted here: it is waited for.
      await flushing.catch(() => undefined)
      if ([...counted.keys()].some(key => !known.has(key))) await flush()
    },
  }
}
