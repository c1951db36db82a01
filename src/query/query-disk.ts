import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { runResultBytesMin, runTempBytesMin } from '../limits.ts'
import { systemErrorCode } from '../model/errors.ts'

// The disk of queries: results at rest, and for each run under way the most that it may write. They have a quota of
// their own, and of the disk itself they get what is free beyond twice the reserve: ingest stops at the reserve, so no
// query can stop it.

/** What one run may write. */
export interface RunRoom {
  readonly resultBytes: number
  readonly tempBytes: number
}

export interface QueryDiskOptions {
  readonly resultsFolder: string
  /** Of all results and temporary files together. */
  readonly quotaBytes: number
  /** Free disk that is ingest's. */
  readonly reserveBytes: number
  readonly resultBytesMax: number
  readonly tempBytesMax: number
  /** Of the disk that holds results; undefined where it cannot be asked. */
  readonly freeBytes: () => Promise<number | undefined>
}

export interface QueryDisk {
  /** Measures the results that are there; before the first run. */
  load(): Promise<void>
  /**
   * Room for the run, as much as leaves as much to each of `places` runs that may start now, this one included; held
   * until `settle`. undefined: there is none. `resultBytes`: what its result may have, by default as every run's.
   */
  take(runId: string, places: number, resultBytes?: number): Promise<RunRoom | undefined>
  /** The run has ended; what it left as a result counts from now on. */
  settle(runId: string, hasResult: boolean): Promise<void>
  /** Measures results once more to which a first page may have been added after their end. */
  measureFresh(): Promise<void>
  /** The run's result was deleted. */
  forget(runId: string): void
  /** Holds room for something else; undefined: there is none. The caller calls what it gets once it is done. */
  hold(bytes: number): Promise<(() => void) | undefined>
  /** Bytes of the run's result. */
  resultBytes(runId: string): number
  /** Bytes of all results. */
  usedBytes(): number
}

export function openQueryDisk(options: QueryDiskOptions): QueryDisk {
  const { quotaBytes, reserveBytes, resultBytesMax, tempBytesMax, freeBytes } = options
  const results = new Map<string, number>()
  const held = new Map<string | symbol, number>()
  /** An operator may have set less than what a run is otherwise worth starting with. */
  const tempBytesMin = Math.min(runTempBytesMin, tempBytesMax)
  /** Runs that ended since they were last measured. */
  let fresh = new Set<string>()
  const usedBytes = () => sum(results.values())

  /** Asked and taken without a turn of the event loop between. */
  function roomLeft(free = Number.POSITIVE_INFINITY): number {
    const promised = sum(held.values())
    // What runs under way have written already is counted twice, as promised and as not free: it errs to the safe side.
    return Math.min(quotaBytes - usedBytes(), free - 2 * reserveBytes) - promised
  }

  function share(room: number, places: number, wanted: number): RunRoom | undefined {
    // Better one run now than two that could not spill.
    for (const space of [Math.floor(room / places), room]) {
      const temp = Math.min(tempBytesMax, space - wanted)
      if (temp >= tempBytesMin) return { resultBytes: wanted, tempBytes: temp }
    }
    // Nobody else will make room: a result that is cut, and says so, rather than no answer on a small disk.
    const resultBytes = Math.min(wanted, Math.floor(room / 2))
    const isWorthIt = held.size === 0 && resultBytes >= Math.min(wanted, runResultBytesMin)
    const tempBytes = Math.min(tempBytesMax, room - resultBytes)
    return isWorthIt && tempBytes >= tempBytesMin ? { resultBytes, tempBytes } : undefined
  }

  async function measure(runId: string): Promise<void> {
    const bytes = await sizeOfFolder(join(options.resultsFolder, runId))
    if (bytes > 0) results.set(runId, bytes)
  }

  return {
    async load() {
      for (const runId of await readdir(options.resultsFolder)) await measure(runId)
    },
    async take(runId, places, resultBytes = resultBytesMax) {
      const room = roomLeft(await freeBytes())
      const given = share(room, places, resultBytes)
      if (given !== undefined) held.set(runId, given.resultBytes + given.tempBytes)
      return given
    },
    async settle(runId, hasResult) {
      if (hasResult) {
        await measure(runId)
        fresh.add(runId)
      }
      held.delete(runId)
    },
    async measureFresh() {
      const due = fresh
      fresh = new Set()
      for (const runId of due) if (results.has(runId)) await measure(runId)
    },
    forget: runId => void results.delete(runId),
    async hold(bytes) {
      if (roomLeft(await freeBytes()) < bytes) return undefined
      const key = Symbol()
      held.set(key, bytes)
      return () => void held.delete(key)
    },
    resultBytes: runId => results.get(runId) ?? 0,
    usedBytes,
  }
}

function sum(numbers: Iterable<number>): number {
  let total = 0
  for (const each of numbers) total += each
  return total
}

/** Bytes of the files in a folder; 0 where it is gone. */
async function sizeOfFolder(folder: string): Promise<number> {
  try {
    const sizes = await Promise.all((await readdir(folder)).map(async name => (await stat(join(folder, name))).size))
    return sum(sizes)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return 0
    throw error
  }
}
