import { join } from 'node:path'
import type { Store } from '../db/db.ts'
import { shortenSegment } from '../db/segments.ts'
import { listConsumedSegments, listUnconsumedSegments, type StoredSegment, sealSegment } from '../lake/catalog.ts'
import { consumedSegmentAgeMsMin, replayBytesMax } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import { type Frame, resendKeyOf } from '../model/segment.ts'
import { draftsSize } from './body-frames.ts'
import { type FrameDraft, parseFrame } from './frame.ts'
import type { IngestMemory } from './memory.ts'
import type { Resends } from './resends.ts'
import type { SealedSegment, SegmentCounts, SegmentLog } from './segment.ts'
import type { SegmentFiles } from './segment-files.ts'
import { type ReadSegment, readSegment } from './segment-reader.ts'

// At start, before anybody is listened to: every segment that is not consumed is read, checked and sealed, and what was
// only in memory is learnt again from its frames. Steps:
//   1 in the order they were written: replay the bodies of recently consumed segments into the net against resends
//   2 and read the others; keep the believable prefix of each; learn hashes, positions and bodies from it
//   3 good frames behind damage are appended to a new segment, unless they are in another one already (an earlier
//     recovery was interrupted after this step)
//   4 seal each in the catalog at what was kept. Commit point: only now frames behind the damage stop to count.
// Running it again at any moment gives the same.

export interface RecoverReport {
  readonly segments: number
  readonly frames: number
  readonly lines: number
  /** Bytes of writes that never ended: nothing acknowledged. */
  readonly tornBytes: number
  readonly damaged: readonly DamagedSegment[]
  /** Sealed and whole: to be converted. */
  readonly sealed: readonly SealedSegment[]
}

export interface DamagedSegment {
  readonly number: number
  readonly tenantId: string
  readonly framesKept: number
  /** Good frames behind the damage, moved to a new segment. */
  readonly framesMoved: number
  /** Of a sealed segment: frames that are gone. Of an open one it cannot be known. */
  readonly framesLost: number | undefined
  readonly damagedBytes: number
}

export interface RecoverDependencies {
  readonly store: Store
  readonly files: SegmentFiles
  readonly folder: string
  readonly memory: IngestMemory
  readonly resends: Resends
  readonly logOf: (tenantId: string) => SegmentLog
  readonly clock: Clock
}

interface Checked {
  readonly segment: StoredSegment
  readonly read: ReadSegment
}

export async function recover(dependencies: RecoverDependencies): Promise<RecoverReport> {
  const { files, folder, memory, resends } = dependencies
  const checked: Checked[] = []
  /**
   * `<tenant>/<resend key>/<hash>` → number of the newest segment that has it; only looked at when something is
   * damaged.
   */
  const places = new Map<string, number>()
  for (const segment of await segmentsToRead(dependencies)) {
    const { number, tenantId } = segment
    if (segment.state === 'consumed') {
      await replayConsumed(dependencies, segment)
      continue
    }
    const bodies = openBodyReplay(tenantId, resends, memory)
    const file = (await files.read(join(folder, segment.fileName))) ?? Buffer.alloc(0)
    const read = readSegment(file, {
      ...{ number, tenantId, sealed: contentOf(segment) },
      onFrame(frame) {
        places.set(placeOf(tenantId, frame), number)
        bodies.add(frame)
      },
    })
    bodies.end()
    checked.push({ segment, read })
  }
  const damaged: DamagedSegment[] = []
  const sealed: SealedSegment[] = []
  for (const { segment, read } of checked) {
    const isDamaged = read.damagedBytes > 0
    const framesMoved = isDamaged ? await moveStranded(dependencies, segment, read.stranded, places) : 0
    const { frames, lines, bytes } = read
    await settle(dependencies, segment, { frames, lines, bytes })
    if (segment.state !== 'quarantined') sealed.push({ ...segment, state: 'sealed', frames, lines, bytes })
    if (!isDamaged) continue
    const { number, tenantId } = segment
    const framesLost = segment.frames === undefined ? undefined : segment.frames - frames - read.stranded.length
    damaged.push({ number, tenantId, framesKept: frames, framesMoved, framesLost, damagedBytes: read.damagedBytes })
  }
  const sum = (of: (read: ReadSegment) => number) => checked.reduce((all, { read }) => all + of(read), 0)
  return {
    ...{ segments: checked.length, frames: sum(read => read.frames), lines: sum(read => read.lines) },
    ...{ tornBytes: sum(read => read.tornBytes), damaged, sealed },
  }
}

/** Undefined: it is open. */
function contentOf({ frames, bytes }: StoredSegment): { frames: number; bytes: number } | undefined {
  return frames === undefined || bytes === undefined ? undefined : { frames, bytes }
}

function placeOf(tenantId: string, frame: Frame): string {
  return `${tenantId}/${resendKeyOf(frame)}/${frame.s}`
}

async function moveStranded(
  { memory, resends, logOf }: RecoverDependencies,
  segment: StoredSegment,
  stranded: readonly Frame[],
  places: ReadonlyMap<string, number>,
): Promise<number> {
  const { tenantId, number } = segment
  const missing = stranded.filter(frame => (places.get(placeOf(tenantId, frame)) ?? 0) <= number)
  if (missing.length > 0) {
    // Each as a body of its own: what it belonged to is not whole any more.
    const frames = missing.map(({ q, o, i, m, d, ...draft }): FrameDraft => draft)
    // They are on the disk already; a full one must not keep the lake from its start.
    await logOf(tenantId).append({ frames, bytes: draftsSize(frames), mayUseReserve: true })
  }
  const bodies = openBodyReplay(tenantId, resends, memory)
  for (const frame of stranded) bodies.add(frame)
  bodies.end()
  return missing.length
}

async function settle({ store, clock }: RecoverDependencies, segment: StoredSegment, counts: SegmentCounts) {
  if (segment.state === 'open') await sealSegment(store, segment.number, counts, clock())
  else if (counts.frames !== segment.frames) await shortenSegment(store, segment.number, counts)
}

/**
 * Every segment that is not consumed, and of those consumed lately the newest up to `replayBytesMax`; in the order they
 * were written, because the net against resends knows a host's last bodies.
 */
async function segmentsToRead({ store, clock }: RecoverDependencies): Promise<StoredSegment[]> {
  const since = clock() - consumedSegmentAgeMsMin
  const consumed = (await listConsumedSegments(store)).filter(({ consumedAt }) => (consumedAt ?? 0) >= since)
  let bytes = 0
  const recent = consumed.reverse().filter(segment => {
    bytes += segment.bytes ?? 0
    return bytes <= replayBytesMax
  })
  const unconsumed = await listUnconsumedSegments(store)
  return [...recent, ...unconsumed].sort((a, b) => a.number - b.number)
}

/** Its hashes and positions are in the store. */
async function replayConsumed({ files, folder, resends }: RecoverDependencies, segment: StoredSegment): Promise<void> {
  const file = await files.read(join(folder, segment.fileName))
  if (file === undefined) return
  const bodies = openBodyReplay(segment.tenantId, resends, undefined)
  for (let at = file.indexOf('\n') + 1; at > 0 && at < file.length; ) {
    const end = file.indexOf('\n', at)
    const frame = end < 0 ? undefined : parseFrame(file.subarray(at, end))
    if (frame === undefined || frame.q > (segment.frames ?? 0)) break
    bodies.add(frame)
    at = end + 1
  }
  bodies.end()
}

/**
 * Puts frames together to the bodies they came in and learns from each: of an import its position, of any other its
 * lines and, unless the store has them (`memory` undefined), the hashes of its frames.
 */
function openBodyReplay(
  tenantId: string,
  resends: Resends,
  memory: IngestMemory | undefined,
): { add(frame: Frame): void; end(): void } {
  let frames: Frame[] = []

  function end(): void {
    const hosts = new Map<string, { lines: string[]; dropped: number }>()
    for (const frame of frames) {
      const { b, d, s, t } = frame
      const key = resendKeyOf(frame)
      memory?.putFrame(tenantId, key, s, t)
      const host = hosts.get(key) ?? { lines: [], dropped: 0 }
      for (const line of b) host.lines.push(line)
      host.dropped = Math.max(host.dropped, d ?? 0)
      hosts.set(key, host)
    }
    for (const [key, { lines, dropped }] of hosts) resends.replay(tenantId, key, lines, dropped)
    frames = []
  }

  function add(frame: Frame): void {
    frames.push(frame)
    if (frame.i !== undefined) {
      memory?.putImportPosition(tenantId, frame.i.id, frame.i.next)
      frames = []
    } else if (frame.m !== true) end()
  }

  return { add, end }
}
