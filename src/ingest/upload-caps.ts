import { inTransaction, type Store } from '../db/db.ts'
import { deleteUploadDays, listUploadDays, putUploadDays, type UploadDay } from '../db/upload-days.ts'
import type { Clock } from '../model/clock.ts'
import type { TenantLimits } from '../model/tenant-limits.ts'
import { dayMs } from '../model/time-range.ts'

// How much a host, and a tenant, may send on one day (UTC, by receipt). Over a cap lines are acknowledged and not
// stored: an error would make agents send them for ever. What is dropped is counted by host and day, and the count is
// durable before the answer: a run over that time must say that rows are missing. Counts of what is stored may be a
// second behind after a crash.

export interface UploadCaps {
  /** Reads today's counts; before anything else. */
  load(): Promise<void>
  /** True where the tenant has a cap, so that what it stores is counted. */
  isCapped(tenantId: string): boolean
  /** True where so many bytes more would be over a cap; asks and changes nothing. */
  isOver(tenantId: string, hostId: string, bytes: number): boolean
  /** Lines of the host that are going to be stored. */
  store(tenantId: string, hostId: string, bytes: number): void
  /** Lines of the host that are not going to be. */
  drop(tenantId: string, hostId: string, lines: number, bytes: number): void
  /** Everything counted before the call is in the store when the promise resolves. */
  flush(): Promise<void>
}

/** A tenant's caps at this moment; what it sends is counted from when it has one. */
export type CapsOf = (tenantId: string) => Pick<TenantLimits, 'uploadCapHostBytes' | 'uploadCapTenantBytes'>

/** The row of a whole tenant. */
const wholeTenant = ''

export function openUploadCaps(db: Store, clock: Clock, capsOf: CapsOf): UploadCaps {
  let counts = new Map<string, UploadDay>()
  let changed = new Set<string>()
  let flushing: Promise<void> = Promise.resolve()
  const today = () => Math.floor(clock() / dayMs)
  const keyOf = (tenantId: string, hostId: string, day: number) => `${day}/${tenantId}/${hostId}`

  function countOf(tenantId: string, hostId: string): UploadDay {
    const day = today()
    const nothing = { tenantId, hostId, day, bytes: 0, droppedLines: 0, droppedBytes: 0 }
    return counts.get(keyOf(tenantId, hostId, day)) ?? nothing
  }

  function put(count: UploadDay): void {
    const key = keyOf(count.tenantId, count.hostId, count.day)
    counts.set(key, count)
    changed.add(key)
  }

  async function write(): Promise<void> {
    const keys = changed
    changed = new Set()
    const days = [...keys].flatMap(key => counts.get(key) ?? [])
    if (days.length === 0) return
    try {
      await inTransaction(db, async transaction => {
        await putUploadDays(transaction, days)
        await deleteUploadDays(transaction, today())
      })
    } catch (error) {
      for (const key of keys) changed.add(key)
      throw error
    }
    // Yesterday's are written and asked for no more.
    const day = today()
    counts = new Map([...counts].filter(([key, count]) => count.day >= day || changed.has(key)))
  }

  return {
    async load() {
      for (const count of await listUploadDays(db, today())) {
        counts.set(keyOf(count.tenantId, count.hostId, count.day), count)
      }
    },
    isCapped(tenantId) {
      const { uploadCapHostBytes, uploadCapTenantBytes } = capsOf(tenantId)
      return uploadCapHostBytes !== undefined || uploadCapTenantBytes !== undefined
    },
    isOver(tenantId, hostId, bytes) {
      const { uploadCapHostBytes, uploadCapTenantBytes } = capsOf(tenantId)
      const isPast = (id: string, cap: number | undefined) =>
        cap !== undefined && countOf(tenantId, id).bytes + bytes > cap
      return isPast(hostId, uploadCapHostBytes) || isPast(wholeTenant, uploadCapTenantBytes)
    },
    store(tenantId, hostId, bytes) {
      for (const id of [hostId, wholeTenant]) {
        const count = countOf(tenantId, id)
        put({ ...count, bytes: count.bytes + bytes })
      }
    },
    drop(tenantId, hostId, lines, bytes) {
      for (const id of [hostId, wholeTenant]) {
        const { droppedLines, droppedBytes, ...count } = countOf(tenantId, id)
        put({ ...count, droppedLines: droppedLines + lines, droppedBytes: droppedBytes + bytes })
      }
    },
    flush() {
      flushing = flushing.catch(() => undefined).then(write)
      return flushing
    },
  }
}
