import { dirname, join } from 'node:path'
import { diskReserveBytes, refusedRetrySeconds, segmentBatchBytesMax, segmentBytesMax } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import type { Frame, Segment, SegmentHeader } from '../model/segment.ts'
import { type FrameDraft, renderFrame } from './frame.ts'
import type { SegmentFile, SegmentFiles } from './segment-files.ts'

// The append-only log of one tenant: hop 3 of a row's path, and commit point 1. "Sync what is queued, then answer all
// of it": bodies that come while the disk works wait together for the next sync, and there is no timer.
//
// Modes:  idle ──first body──► open ──size, age or seal()──► idle
//         open ──a write or a sync fails──► failed ──its segment is sealed at its last durable frame──► idle
// A segment in which a write failed is never written again: what the disk holds behind the last durable frame is
// unknown. Bodies that waited with the failed one are refused too, because they may have been compared with it. The
// failed segment is sealed in the catalog before another is opened: otherwise, after a crash, frames that were refused
// and came again could be found twice.

/** What the log needs of the catalog; each promise means that the change is durable. */
export interface SegmentCatalog {
  /** Allots a number and a file name; the file does not exist yet. */
  openSegment(tenantId: string, now: number): Promise<Segment>
  sealSegment(number: number, counts: SegmentCounts, now: number): Promise<void>
}

/** What counts of a segment: anything in the file behind these frames does not exist. */
export interface SegmentCounts {
  readonly frames: number
  readonly lines: number
  readonly bytes: number
}

export interface SealedSegment extends Segment, SegmentCounts {}

/** The frames of one body: written together, in this order. None: waits for what was appended before. */
export interface Unit {
  readonly frames: readonly FrameDraft[]
  /** About as many as it will have in the file. */
  readonly bytes: number
  /** What must be kept when others are refused: down to half the reserve, in a sync of its own. */
  readonly mayUseReserve?: boolean
  /** Called before anybody is answered, in order, without a turn of the event loop between the units of one sync. */
  readonly durable?: () => void
  /** Called instead when the frames are not in the lake and never will be; all in one turn of the event loop. */
  readonly refused?: () => void
}

export interface SegmentLog {
  /** Resolves when the unit is durable. Rejects with `unavailable`: nothing of it is in the lake. */
  append(unit: Unit): Promise<void>
  /** Closes the open segment, if there is one, after everything appended before. */
  seal(): Promise<void>
  /** When the open segment was opened, ms since the epoch; undefined without one. */
  openSince(): number | undefined
  /** What the open segment holds on disk; zeros without one. */
  openSize(): { readonly lines: number; readonly bytes: number }
}

export interface SegmentLogDependencies {
  readonly catalog: SegmentCatalog
  readonly files: SegmentFiles
  /** The folder that segments' file names are relative to. */
  readonly folder: string
  readonly clock: Clock
  /** The first `frames` frames of the segment are durable; they name these tables. */
  readonly onDurable: (segment: Segment, frames: number, tables: ReadonlySet<Frame['tb']>) => void
  /** The segment is closed and its row says so. */
  readonly onSealed: (segment: SealedSegment) => void
  /** Units were refused, and the segment they were meant for, if it was open, is given up. */
  readonly onFailed: (segment: Segment | undefined, error: unknown) => void
  readonly segmentBytesMax?: number
  readonly diskReserveBytes?: number
}

interface OpenSegment {
  readonly segment: Segment
  readonly file: SegmentFile | undefined
  readonly tables: Set<Frame['tb']>
  frames: number
  lines: number
  bytes: number
}

interface Waiting {
  /** Undefined: a request to seal. */
  readonly unit: Unit | undefined
  readonly resolve: () => void
  readonly reject: (error: AppError) => void
}

export function openSegmentLog(dependencies: SegmentLogDependencies, tenantId: string): SegmentLog {
  const { catalog, files, folder, clock, onDurable, onSealed, onFailed } = dependencies
  const bytesMax = dependencies.segmentBytesMax ?? segmentBytesMax
  const reserve = dependencies.diskReserveBytes ?? diskReserveBytes
  let current: OpenSegment | undefined
  /** Closed or failed, and not yet sealed in the catalog. */
  let unsealed: OpenSegment | undefined
  let isFolderSafe = false
  const queue: Waiting[] = []
  let isRunning = false
  let freeCheckedAt = Number.NEGATIVE_INFINITY
  let bytesSinceCheck = 0

  function enqueue(unit: Unit | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      queue.push({ unit, resolve, reject })
      if (!isRunning) void run()
    })
  }

  /** Never rejects: every failure is handed to those who wait. */
  async function run(): Promise<void> {
    isRunning = true
    while (queue.length > 0) {
      const batch = takeBatch()
      try {
        if (batch[0]!.unit === undefined) await closeSegment()
        else
          await commit(
            batch.map(({ unit }) => unit!),
            usesReserve(batch[0]!),
          )
        for (const { resolve } of batch) resolve()
      } catch (error) {
        // What may use the reserve is not compared with what may not, so it need not share its fate.
        const waiting = queue.splice(0)
        const sharesFate = (each: Waiting) => usesReserve(batch[0]!) || !usesReserve(each)
        queue.push(...waiting.filter(each => !sharesFate(each)))
        refuse([...batch, ...waiting.filter(sharesFate)], error)
      }
      // Best effort: a segment that cannot be sealed now is sealed before the next one is opened.
      if ((current?.bytes ?? 0) >= bytesMax) await closeSegment().catch(() => undefined)
    }
    isRunning = false
  }

  function takeBatch(): Waiting[] {
    let bytes = 0
    let count = 0
    for (const waiting of queue) {
      const { unit } = waiting
      if (count > 0 && (unit === undefined || usesReserve(waiting) !== usesReserve(queue[0]!))) break
      count++
      bytes += unit?.bytes ?? 0
      if (unit === undefined || bytes >= segmentBatchBytesMax || (current?.bytes ?? 0) + bytes >= bytesMax) break
    }
    return queue.splice(0, count)
  }

  function refuse(waiting: readonly Waiting[], error: unknown): void {
    onFailed(unsealed?.segment, error)
    for (const { unit } of waiting) unit?.refused?.()
    const refusal =
      error instanceof AppError
        ? error
        : new AppError('unavailable', 'lines cannot be stored at the moment', { cause: error })
    for (const { reject } of waiting) reject(refusal)
  }

  async function commit(units: readonly Unit[], mayUseReserve: boolean): Promise<void> {
    const drafts = units.flatMap(({ frames }) => frames)
    if (drafts.length > 0) await write(drafts, mayUseReserve)
    for (const { durable } of units) durable?.()
  }

  async function write(drafts: readonly FrameDraft[], mayUseReserve: boolean): Promise<void> {
    if (mayUseReserve) await checkFree(reserve / 2)
    else await checkReserve()
    const parts: Buffer[] = []
    if (current === undefined) {
      await sealInCatalog()
      const segment = await catalog.openSegment(tenantId, clock())
      const empty = { segment, file: undefined, tables: new Set<Frame['tb']>(), frames: 0, lines: 0, bytes: 0 }
      current = empty
      await step(async () => {
        current = { ...empty, file: await createFile(segment) }
      })
      parts.push(renderHeader(segment))
    }
    const open = current!
    let { frames, lines } = open
    for (const draft of drafts) {
      parts.push(renderFrame(draft, ++frames, lines))
      lines += draft.n
      open.tables.add(draft.tb)
    }
    const bytes = parts.reduce((sum, { length }) => sum + length, 0)
    await step(async () => {
      await open.file!.write(parts)
      // Commit point 1: from here on the frames survive a power cut. (The names above them were synced in createFile.)
      await open.file!.sync()
    })
    open.frames = frames
    open.lines = lines
    open.bytes += bytes
    bytesSinceCheck += bytes
    onDurable(open.segment, frames, open.tables)
  }

  /** Does something to the current segment; when that fails the segment is given up at its last durable frame. */
  async function step(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      unsealed = current
      current = undefined
      // Best effort: the file is not used again, whatever closing says.
      await unsealed?.file?.close().catch(() => undefined)
      // Best effort too: sealed again before the next segment is opened.
      await sealInCatalog().catch(() => undefined)
      throw error
    }
  }

  async function createFile(segment: Segment): Promise<SegmentFile> {
    const path = join(folder, segment.fileName)
    const tenantFolder = dirname(path)
    if (!isFolderSafe) {
      await files.makeFolder(tenantFolder)
      await files.syncFolder(folder)
      isFolderSafe = true
    }
    const file = await files.create(path)
    try {
      await files.syncFolder(tenantFolder)
    } catch (error) {
      await file.close().catch(() => undefined)
      throw error
    }
    return file
  }

  async function closeSegment(): Promise<void> {
    if (current !== undefined) {
      const { file } = current
      unsealed = current
      current = undefined
      // Everything in it is synced: what closing says changes nothing.
      await file?.close().catch(() => undefined)
    }
    await sealInCatalog()
  }

  async function sealInCatalog(): Promise<void> {
    if (unsealed === undefined) return
    const { segment, frames, lines, bytes } = unsealed
    await catalog.sealSegment(segment.number, { frames, lines, bytes }, clock())
    unsealed = undefined
    onSealed({ ...segment, state: 'sealed', frames, lines, bytes })
  }

  /** Refuses before anything is written when the disk is nearly full. Asked at most once a second or 16 MiB. */
  async function checkReserve(): Promise<void> {
    const now = clock()
    if (Math.abs(now - freeCheckedAt) < 1000 && bytesSinceCheck < segmentBytesMax) return
    freeCheckedAt = Number.NEGATIVE_INFINITY
    await checkFree(reserve)
    freeCheckedAt = now
    bytesSinceCheck = 0
  }

  async function checkFree(bytes: number): Promise<void> {
    const free = await files.freeBytes(folder)
    if (free >= bytes) return
    const message = `only ${free} bytes of disk are free, ${reserve} are kept in reserve`
    throw new AppError('unavailable', message, { details: { retryAfterSeconds: refusedRetrySeconds } })
  }

  return {
    append: unit => enqueue(unit),
    seal: () => enqueue(undefined),
    openSince: () => current?.segment.createdAt,
    openSize: () => ({ lines: current?.lines ?? 0, bytes: current?.bytes ?? 0 }),
  }
}

function usesReserve({ unit }: Waiting): boolean {
  return unit?.mayUseReserve === true
}

function renderHeader(segment: Segment): Buffer {
  const { number, tenantId, createdAt } = segment
  const header: SegmentHeader = { format: 1, segment: number, tenant: tenantId, createdAt }
  return Buffer.from(`${JSON.stringify(header)}\n`)
}
