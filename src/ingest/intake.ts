import { auditTable } from '../lake/tables.ts'
import { bodyBytesMax, intakeQueueBytesMax, logBodyBytesMax, logPieceWeightMax, rejectedShownMax } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import type { Host } from '../model/host.ts'
import { type FrameSource, tableOwnerId } from '../model/segment.ts'
import { type BodyLines, type BodyReader, openBodyReader } from './body.ts'
import { draftsSize, framesOf, netOf, type Owner, ownerOf, sizeOf, withoutKnownFrames } from './body-frames.ts'
import type { FrameDraft } from './frame.ts'
import type { IngestOff } from './ingest-off.ts'
import type { IngestMemory } from './memory.ts'
import { keepRejectedLines } from './rejected-lines.ts'
import type { Resends, SiftedLines } from './resends.ts'
import type { SegmentLog, Unit } from './segment.ts'
import type { UploadCaps } from './upload-caps.ts'

// Hop 3 of a row's path: a body becomes the frames of its hosts, less what came before, and is answered when they are
// durable. Steps of one body:
//   1 read and take apart, while it arrives (body.ts)
//   2 find its hosts; ask the store which of its frames came before
//   3 in one turn of the event loop: ask memory again, sift resent lines, queue the rest on the tenant's segment
//   4 wait for the disk; where anything was left out as a resend, for everything queued before as well
// Two equal bodies at once meet in step 3: the second finds the first's lines and is answered after, or refused with
// it.

/** What intake needs of fleet/. */
export interface HostDirectory {
  findSeen(tenantId: string, hostIdentifier: string): Host | undefined
  atSight(tenantId: string, hostIdentifiers: readonly string[]): Promise<ReadonlyMap<string, Host>>
}

export interface IntakeDependencies {
  readonly hosts: HostDirectory
  readonly memory: IngestMemory
  readonly resends: Resends
  readonly logOf: (tenantId: string) => SegmentLog
  /** undefined: nobody has a cap. */
  readonly caps?: UploadCaps | undefined
  /** undefined: every host's lines are stored. */
  readonly ingestOff?: IngestOff | undefined
  readonly clock: Clock
  /** Folder of rejected lines. */
  readonly rejectedFolder: string
  /** Rejected lines could not be kept. */
  readonly onRejectedLost: (tenantId: string, error: unknown) => void
  readonly queueBytesMax?: number
}

/** A whole body, or its bytes as they arrive; already inflated. */
export type BodySource = Buffer | AsyncIterable<Buffer>

export interface AcceptOptions {
  /** The agent that sent the body, when it has shown who it is: every line is its own. */
  readonly host?: Host
  /** The body's lines are rows of this table, not osquery's result lines. */
  readonly table?: string
  /** Address that the agent was seen from: its lines' `meta_public_ip` where they have none. */
  readonly peerIp?: string
  /** The lines are answers to a live query, not a scheduled one's: `query_source` says so. */
  readonly source?: FrameSource
  /**
   * The body is the lines of an agent's log post, from their bracket to the body's end. It may be larger than any other
   * (an agent sends a refused one for ever): it is taken in pieces, each durable before the next one is read.
   */
  readonly isLogBody?: boolean
  /** The body is a piece of this file; pieces come in the file's order. The nets are not used then. */
  readonly importId?: string
  /** Number of the body's first line in that file, from 1. Default: 1. */
  readonly firstLine?: number
}

export interface AcceptResult {
  readonly accepted: number
  readonly duplicates: number
  /** Of the accepted lines, how many were over a cap and are not stored. */
  readonly overCap?: number
  /** Of the accepted lines, how many are of hosts whose lines are not wanted, and are not stored. */
  readonly ingestOff?: number
  readonly rejected: {
    readonly count: number
    /** At most `rejectedShownMax`; lines are numbered within the body, from 1. */
    readonly first: readonly { readonly line: number; readonly reason: string }[]
  }
  /** Of an import: number of the file's first line that is not in the lake yet. */
  readonly nextLine?: number
}

export interface Intake {
  /**
   * Resolves when every accepted line is durable. Rejects with `too_large` or `unavailable`; then no line of the body
   * is in the lake, and it may be sent again. Of an import, lines before its position are duplicates; a piece that
   * begins behind it is taken: its client left something out. Of an agent's log body pieces before the failure may be
   * in the lake, and are known when it comes again; one that is cut short is `invalid_argument`.
   */
  accept(tenantId: string, body: BodySource, options?: AcceptOptions): Promise<AcceptResult>
}

const auditOwnerId = tableOwnerId(auditTable)

export function openIntake(dependencies: IntakeDependencies): Intake {
  const { hosts, memory, resends, logOf, caps, ingestOff, clock } = dependencies
  const queueBytesMax = dependencies.queueBytesMax ?? intakeQueueBytesMax
  let queuedBytes = 0
  /** Imports of one file come one after another; each waits for the one before. */
  const imports = new Map<string, Promise<unknown>>()

  /** Takes the bytes into the queue that is bounded, or throws. */
  function hold(bytes: number): void {
    if (queuedBytes + bytes > queueBytesMax) {
      throw new AppError('unavailable', 'too many bodies are waiting for the disk', {
        details: { retryAfterSeconds: 1 },
      })
    }
    queuedBytes += bytes
  }

  /** Reads the body to its end, piece by piece; `isLast` with what is left. Resolves when all are taken. */
  async function readPieces(
    body: BodySource,
    reader: BodyReader,
    isLogBody: boolean,
    take: (lines: BodyLines, isLast: boolean) => Promise<void>,
  ): Promise<void> {
    const bytesMax = isLogBody ? logBodyBytesMax : bodyBytesMax
    let [bytes, held] = [0, 0]
    const holdUpTo = (wanted: number) => {
      if (wanted <= held) return
      hold(wanted - held)
      held = wanted
    }
    try {
      for await (const chunk of body instanceof Uint8Array ? [body] : body) {
        bytes += chunk.length
        if (bytes > bytesMax) throw new AppError('too_large', `a body has at most ${bytesMax} bytes`)
        if (!isLogBody) holdUpTo(bytes)
        reader.push(chunk)
        // Of a log post the lines count: what is none, and may be a gigabyte of nothing, is not held.
        if (isLogBody) holdUpTo(reader.heldBytes())
        const pieces = reader.takePieces()
        for (const piece of pieces) await take(piece, false)
        if (pieces.length === 0) continue
        queuedBytes -= held
        held = 0
        holdUpTo(reader.heldBytes())
      }
      await take(reader.end(), true)
    } finally {
      queuedBytes -= held
    }
  }

  async function findHosts(tenantId: string, lines: BodyLines, own: Owner | undefined): Promise<Owner[]> {
    if (own !== undefined) return lines.hosts.map(() => own)
    const identifiers = lines.hosts.map(({ hostIdentifier }) => hostIdentifier)
    const seen = identifiers.map(identifier => hosts.findSeen(tenantId, identifier))
    if (seen.every(host => host !== undefined)) return seen
    const found = await hosts.atSight(tenantId, identifiers)
    return identifiers.map(identifier => found.get(identifier)!)
  }

  /** Why the host's lines are acknowledged and not stored, where they are; counted there. */
  function leftOut(tenantId: string, hostId: string, lines: readonly string[]): 'overCap' | 'ingestOff' | undefined {
    // A tenant at its cap must not act unseen.
    if (hostId === auditOwnerId) return undefined
    const bytes = sizeOf(lines)
    if (ingestOff?.isOff(tenantId, hostId)) {
      ingestOff.drop(tenantId, hostId, lines.length, bytes)
      return 'ingestOff'
    }
    if (!caps?.isOver(tenantId, hostId, bytes)) return undefined
    caps.drop(tenantId, hostId, lines.length, bytes)
    return 'overCap'
  }

  /** What was left out must be known before the answer: a run over that time says so. */
  async function keepLeftOut(left: LeftOut): Promise<void> {
    if (left.overCap > 0) await caps?.flush()
    if (left.ingestOff > 0) await ingestOff?.keep()
  }

  function countStored(tenantId: string, frames: readonly FrameDraft[]): void {
    if (caps?.isCapped(tenantId)) for (const { h, b } of frames) caps.store(tenantId, h, sizeOf(b))
  }

  /** Frames of the body that the store knows, as `<resend key>/<hash>`. */
  async function findKnownFrames(tenantId: string, lines: BodyLines, owners: readonly Owner[]): Promise<Set<string>> {
    const known = new Set<string>()
    for (const [at, { cuts }] of lines.hosts.entries()) {
      const net = netOf(owners[at]!)
      for (const { hash } of cuts) if (await memory.hasFrame(tenantId, net, hash)) known.add(`${net}/${hash}`)
    }
    return known
  }

  async function acceptLines(tenantId: string, lines: BodyLines, own: Owner | undefined): Promise<AcceptResult> {
    const owners = await findHosts(tenantId, lines, own)
    const known = await findKnownFrames(tenantId, lines, owners)
    // From here to the append nothing may wait.
    const receivedAt = clock()
    const drafts: FrameDraft[] = []
    const sifted: SiftedLines[] = []
    const expected: [net: string, hash: string][] = []
    const left = { overCap: 0, ingestOff: 0 }
    let dropped = 0
    for (const [at, host] of lines.hosts.entries()) {
      const net = netOf(owners[at]!)
      const isKnown = (hash: string) => known.has(`${net}/${hash}`) || memory.hasRecentFrame(tenantId, net, hash)
      const fresh = withoutKnownFrames(host, isKnown)
      dropped += host.lines.length - fresh.lines.length
      if (fresh.lines.length === 0) continue
      // Not even remembered: as far as the lake knows, these lines never came.
      const why = leftOut(tenantId, owners[at]!.id, fresh.lines)
      if (why !== undefined) {
        left[why] += fresh.lines.length
        continue
      }
      const sift = resends.sift(tenantId, net, fresh)
      sifted.push(sift)
      dropped += sift.dropped
      for (const { hash } of fresh.cuts) {
        expected.push([net, hash])
        memory.expectFrame(tenantId, net, hash)
      }
      const frames = framesOf(fresh, owners[at]!, receivedAt, sift)
      countStored(tenantId, frames)
      drafts.push(...frames)
    }
    await append(tenantId, {
      drafts,
      mustWait: dropped > 0,
      durable() {
        for (const sift of sifted) sift.settle()
        for (const [net, hash] of expected) memory.putFrame(tenantId, net, hash, receivedAt)
      },
      refused() {
        for (const sift of sifted) sift.forget()
        for (const [net, hash] of expected) memory.forgetFrame(tenantId, net, hash)
      },
    })
    await keepLeftOut(left)
    return answer(lines, lines.lines - dropped, dropped, left)
  }

  async function acceptImport(
    tenantId: string,
    lines: BodyLines,
    own: Owner | undefined,
    importId: string,
    position: number,
  ): Promise<AcceptResult> {
    const nextLine = Math.max(position, lines.last + 1)
    const owners = await findHosts(tenantId, lines, own)
    const receivedAt = clock()
    const left = { overCap: 0, ingestOff: 0 }
    const drafts = lines.hosts.flatMap((host, at) => {
      const why = leftOut(tenantId, owners[at]!.id, host.lines)
      if (why === undefined) return framesOf(host, owners[at]!, receivedAt, undefined)
      left[why] += host.lines.length
      return []
    })
    countStored(tenantId, drafts)
    const last = drafts.pop()
    if (last !== undefined) drafts.push({ ...last, i: { id: importId, next: nextLine } })
    const durable = () => memory.putImportPosition(tenantId, importId, nextLine)
    await append(tenantId, { drafts, mustWait: false, durable, refused: () => undefined })
    await keepLeftOut(left)
    return { ...answer(lines, lines.lines, lines.skipped, left), nextLine }
  }

  interface Append {
    readonly drafts: readonly FrameDraft[]
    /** Wait for what was queued before, also with nothing to write. */
    readonly mustWait: boolean
    readonly durable: () => void
    readonly refused: () => void
  }

  async function append(tenantId: string, { drafts, mustWait, durable, refused }: Append): Promise<void> {
    if (drafts.length === 0 && !mustWait) return durable()
    const last = drafts.length - 1
    const frames = drafts.map((draft, at): FrameDraft => (at < last ? { ...draft, m: true } : draft))
    // Whoever fills the disk must not act unseen.
    const mayUseReserve = frames.some(({ h }) => h === auditOwnerId)
    const unit: Unit = { frames, bytes: draftsSize(drafts), mayUseReserve, durable, refused }
    await logOf(tenantId).append(unit)
  }

  /** What was rejected is kept before the answer; that it could not be is no reason to refuse the rest. */
  async function keepRejected(tenantId: string, lines: BodyLines): Promise<void> {
    try {
      await keepRejectedLines(dependencies.rejectedFolder, tenantId, lines.rejected, clock())
    } catch (error) {
      dependencies.onRejectedLost(tenantId, error)
    }
  }

  async function accept(tenantId: string, body: BodySource, options: AcceptOptions = {}): Promise<AcceptResult> {
    const { table, firstLine = 1, isLogBody = false } = options
    const own = ownerOf(options)
    const hostIdentifier = own?.hostIdentifier
    let result: AcceptResult = { accepted: 0, duplicates: 0, rejected: { count: 0, first: [] } }
    if (options.importId !== undefined) {
      const importId = importKey(options.importId, table)
      await oneAfterAnother(imports, `${tenantId}/${importId}`, async () => {
        const position = await memory.importPosition(tenantId, importId)
        const reader = openBodyReader({ firstLine, wantedFrom: position, hostIdentifier })
        await readPieces(body, reader, false, async lines => {
          result = await acceptImport(tenantId, lines, own, importId, position)
          await keepRejected(tenantId, lines)
        })
      })
      return result
    }
    const pieces = isLogBody ? { isLogBody, pieceWeightMax: logPieceWeightMax } : {}
    const reader = openBodyReader({ key: resends.key, hostIdentifier, ...pieces })
    await readPieces(body, reader, isLogBody, async (lines, isLast) => {
      if (lines.isCut) throw new AppError('invalid_argument', 'the body ended early')
      // A last piece without a line says nothing, unless it is the only one.
      if (isLogBody && isLast && lines.lines + lines.rejectedCount === 0) return
      result = together(result, await acceptLines(tenantId, lines, own))
      await keepRejected(tenantId, lines)
    })
    return result
  }

  return { accept }
}

/** Lines that are acknowledged and not stored, by why. */
interface LeftOut {
  readonly overCap: number
  readonly ingestOff: number
}

/** The same file may hold lines for one table and rows for another. */
function importKey(importId: string, table: string | undefined): string {
  return table === undefined ? importId : `${table}/${importId}`
}

/** Runs the work of one key one after another; a failure does not stop the next. */
async function oneAfterAnother<Result>(
  running: Map<string, Promise<unknown>>,
  key: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const before = running.get(key) ?? Promise.resolve()
  const mine = before.then(work, work)
  running.set(key, mine)
  try {
    return await mine
  } finally {
    if (running.get(key) === mine) running.delete(key)
  }
}

function answer(lines: BodyLines, accepted: number, duplicates: number, left: LeftOut): AcceptResult {
  const first = lines.rejected.slice(0, rejectedShownMax).map(({ line, reason }) => ({ line, reason }))
  const rejected = { count: lines.rejectedCount, first }
  return {
    ...{ accepted, duplicates, rejected },
    ...(left.overCap === 0 ? {} : { overCap: left.overCap }),
    ...(left.ingestOff === 0 ? {} : { ingestOff: left.ingestOff }),
  }
}

/** What came of two pieces of one body. */
function together(one: AcceptResult, next: AcceptResult): AcceptResult {
  const sum = (name: 'overCap' | 'ingestOff') => {
    const count = (one[name] ?? 0) + (next[name] ?? 0)
    return count === 0 ? {} : { [name]: count }
  }
  const first = [...one.rejected.first, ...next.rejected.first].slice(0, rejectedShownMax)
  return {
    accepted: one.accepted + next.accepted,
    duplicates: one.duplicates + next.duplicates,
    rejected: { count: one.rejected.count + next.rejected.count, first },
    ...sum('overCap'),
    ...sum('ingestOff'),
  }
}
