import type { Store } from '../db/db.ts'
import { failSegment } from '../lake/catalog.ts'
import { commitSegment } from '../lake/commit.ts'
import type { Clock } from '../model/clock.ts'
import { AppError, isDiskFull } from '../model/errors.ts'
import type { SegmentState } from '../model/segment.ts'
import type { IngestMemory } from './memory.ts'
import type { SealedSegment } from './segment.ts'

// Hop 4 of a row's path: sealed segments become data files, one at a time. A segment whose conversion fails waits for
// the next `retry`; the catalog counts the failures and, after `convertAttemptsMax`, quarantines it: it stays part of
// the tail, and the segments behind it go on. The next start tries it once more. Nothing here is durable by itself:
// after a crash every sealed segment comes again, and the commit refuses one that is consumed.

/** Converts the segment's file and commits data files (commit point 2). What is left when it fails is garbage. */
export type ConsumeSegment = (segment: SealedSegment, path: string) => Promise<unknown>

export interface SealerDependencies {
  readonly store: Store
  readonly memory: IngestMemory
  readonly consume: ConsumeSegment
  readonly pathOf: (segment: SealedSegment) => string
  readonly clock: Clock
  readonly onConsumed: (segment: SealedSegment) => void
  readonly onFailed: (segment: SealedSegment, error: unknown, isQuarantined: boolean) => void
}

export interface Sealer {
  /** Puts a sealed segment in line; its conversion begins at once when none is under way. */
  add(segment: SealedSegment): void
  /** Puts the ones that failed in line again. */
  retry(): void
  /** Resolves when nothing is in line; segments that failed may be waiting for a retry. */
  idle(): Promise<void>
  /** Sealed segments that are not consumed, without the quarantined ones. */
  backlog(): number
  /** Takes no further segment from the line; resolves when the one under way is done. */
  close(): Promise<void>
}

export function openSealer(dependencies: SealerDependencies): Sealer {
  const { store, memory, consume, pathOf, clock, onConsumed, onFailed } = dependencies
  const line: SealedSegment[] = []
  let failed: SealedSegment[] = []
  let running: Promise<void> | undefined
  let isClosed = false

  function start(): void {
    if (running !== undefined || isClosed) return
    running = run().finally(() => {
      running = undefined
    })
  }

  /** Never rejects. */
  async function run(): Promise<void> {
    for (let segment = line.shift(); segment !== undefined; segment = isClosed ? undefined : line.shift()) {
      try {
        // First, because once its segment is consumed nothing else would tell these facts after a crash.
        await memory.flush()
        if (segment.frames > 0) await consume(segment, pathOf(segment))
        // Its file may never have been made; there is nothing to convert.
        else await commitSegment(store, segment, { files: [], queryNames: [] }, clock())
        onConsumed(segment)
      } catch (error) {
        await fail(segment, error)
      }
    }
  }

  async function fail(segment: SealedSegment, error: unknown): Promise<void> {
    const state = await countFailure(segment, error)
    // Somebody else has committed it.
    if (state === 'consumed') return onConsumed(segment)
    if (state === 'sealed') failed.push(segment)
    onFailed(segment, error, state === 'quarantined')
  }

  async function countFailure(segment: SealedSegment, error: unknown): Promise<SegmentState> {
    // The process is stopping, or the disk is full: that says nothing about the segment.
    if ((error instanceof AppError && error.code === 'canceled') || isDiskFull(error)) return 'sealed'
    try {
      return await failSegment(store, segment.number, error instanceof Error ? error.message : String(error))
    } catch {
      // The store is as unwell as the conversion: the try is not counted, and comes again.
      return 'sealed'
    }
  }

  return {
    add(segment) {
      line.push(segment)
      start()
    },
    retry() {
      line.push(...failed)
      failed = []
      if (line.length > 0) start()
    },
    async idle() {
      while (running !== undefined) await running
    },
    backlog: () => line.length + failed.length + (running === undefined ? 0 : 1),
    async close() {
      isClosed = true
      while (running !== undefined) await running
    },
  }
}
