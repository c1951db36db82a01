import { auditTable } from '../lake/tables.ts'
import { bodyBytesMax, intakeQueueBytesMax, rejectedShownMax } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import type { Host } from '../model/host.ts'
import { type BodyLines, type BodyReader, type HostLines, openBodyReader } from './body.ts'
import { type FrameDraft, hashLines } from './frame.ts'
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
   * begins behind it is taken: its client left something out.
   */
  accept(tenantId: string, body: BodySource, options?: AcceptOptions): Promise<AcceptResult>
}

export function openIntake(dependencies: IntakeDependencies): Intake {
  const { hosts, memory, resends, logOf, caps, clock } = dependencies
  const queueBytesMax = dependencies.queueBytesMax ?? intakeQueueBytesMax
  let queuedBytes = 0
  /** Imports of one file come one after another; each waits for the one before. */
  const imports = new Map<string, Promise<unknown>>()

  /** Reads the body to its end. `count` is told the bytes held. */
  async function read(body: BodySource, reader: BodyReader, count: (bytes: number) => void): Promise<BodyLines> {
    let bytes = 0
    for await (const chunk of body instanceof Uint8Array ? [body] : body) {
      bytes += chunk.length
      if (bytes > bodyBytesMax) throw new AppError('too_large', `a body has at most ${bodyBytesMax} bytes`)
      if (queuedBytes + chunk.length > queueBytesMax) {
        throw new AppError('unavailable', 'too many bodies are waiting for the disk', {
          details: { retryAfterSeconds: 1 },
        })
      }
      queuedBytes += chunk.length
      count(chunk.length)
      reader.push(chunk)
    }
    return reader.end()
  }

  async function findHosts(tenantId: string, lines: BodyLines, own: Owner | undefined): Promise<Owner[]> {
    if (own !== undefined) return lines.hosts.map(() => own)
    const identifiers = lines.hosts.map(({ hostIdentifier }) => hostIdentifier)
    const seen = identifiers.map(identifier => hosts.findSeen(tenantId, identifier))
    if (seen.every(host => host !== undefined)) return seen
    const found = await hosts.atSight(tenantId, identifiers)
    return identifiers.map(identifier => found.get(identifier)!)
  }

  /** Counts the lines as dropped where they are over a cap. */
  function isOverCap(tenantId: string, hostId: string, lines: readonly string[]): boolean {
    // A tenant at its cap must not act unseen.
    if (caps === undefined || hostId === tableOwner(auditTable).id) return false
    const bytes = sizeOf(lines)
    if (!caps.isOver(tenantId, hostId, bytes)) return false
    caps.drop(tenantId, hostId, lines.length, bytes)
    return true
  }

  function countStored(tenantId: string, frames: readonly FrameDraft[]): void {
    if (caps !== undefined) for (const { h, b } of frames) caps.store(tenantId, h, sizeOf(b))
  }

  /** Frames of the body that the store knows, as `<host>/<hash>`. */
  async function findKnownFrames(tenantId: string, lines: BodyLines, owners: readonly Owner[]): Promise<Set<string>> {
    const known = new Set<string>()
    for (const [at, { cuts }] of lines.hosts.entries()) {
      const { id } = owners[at]!
      for (const { hash } of cuts) if (await memory.hasFrame(tenantId, id, hash)) known.add(`${id}/${hash}`)
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
    const expected: [hostId: string, hash: string][] = []
    let dropped = 0
    let overCap = 0
    for (const [at, host] of lines.hosts.entries()) {
      const { id } = owners[at]!
      const isKnown = (hash: string) => known.has(`${id}/${hash}`) || memory.hasRecentFrame(tenantId, id, hash)
      const fresh = withoutKnownFrames(host, isKnown)
      dropped += host.lines.length - fresh.lines.length
      if (fresh.lines.length === 0) continue
      // Not even remembered: as far as the lake knows, these lines never came.
      if (isOverCap(tenantId, id, fresh.lines)) {
        overCap += fresh.lines.length
        continue
      }
      const sift = resends.sift(tenantId, id, fresh)
      sifted.push(sift)
      dropped += sift.dropped
      for (const { hash } of fresh.cuts) {
        expected.push([id, hash])
        memory.expectFrame(tenantId, id, hash)
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
        for (const [hostId, hash] of expected) memory.putFrame(tenantId, hostId, hash, receivedAt)
      },
      refused() {
        for (const sift of sifted) sift.forget()
        for (const [hostId, hash] of expected) memory.forgetFrame(tenantId, hostId, hash)
      },
    })
    if (overCap > 0) await caps?.flush()
    return answer(lines, lines.lines - dropped, dropped, overCap)
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
    const isOver = lines.hosts.map((host, at) => isOverCap(tenantId, owners[at]!.id, host.lines))
    const overCap = lines.hosts.reduce((sum, host, at) => sum + (isOver[at] ? host.lines.length : 0), 0)
    const drafts = lines.hosts.flatMap((host, at) =>
      isOver[at] ? [] : framesOf(host, owners[at]!, receivedAt, undefined),
    )
    countStored(tenantId, drafts)
    const last = drafts.pop()
    if (last !== undefined) drafts.push({ ...last, i: { id: importId, next: nextLine } })
    const durable = () => memory.putImportPosition(tenantId, importId, nextLine)
    await append(tenantId, { drafts, mustWait: false, durable, refused: () => undefined })
    if (overCap > 0) await caps?.flush()
    return { ...answer(lines, lines.lines, lines.skipped, overCap), nextLine }
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
    const bytes = drafts.reduce((sum, { b }) => sum + b.reduce((all, line) => all + line.length, 0), 0)
    const last = drafts.length - 1
    const frames = drafts.map((draft, at): FrameDraft => (at < last ? { ...draft, m: true } : draft))
    const unit: Unit = { frames, bytes, durable, refused }
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
    const { table, firstLine = 1 } = options
    // Rows of a table stand under its name wherever lines stand under their host's.
    const own: Owner | undefined = table === undefined ? options.host : tableOwner(table)
    const hostIdentifier = own?.hostIdentifier
    const importId = options.importId === undefined ? undefined : importKey(options.importId, table)
    let held = 0
    const count = (bytes: number) => {
      held += bytes
    }
    try {
      if (importId !== undefined) {
        return await oneAfterAnother(imports, `${tenantId}/${importId}`, async () => {
          const position = await memory.importPosition(tenantId, importId)
          const reader = openBodyReader({ firstLine, wantedFrom: position, hostIdentifier })
          const lines = await read(body, reader, count)
          const result = await acceptImport(tenantId, lines, own, importId, position)
          await keepRejected(tenantId, lines)
          return result
        })
      }
      const reader = openBodyReader({ key: resends.key, hostIdentifier })
      const lines = await read(body, reader, count)
      const result = await acceptLines(tenantId, lines, own)
      await keepRejected(tenantId, lines)
      return result
    } finally {
      queuedBytes -= held
    }
  }

  return { accept }
}

/** Of lines with their ends, in characters: few are more than a byte. */
function sizeOf(lines: readonly string[]): number {
  return lines.reduce((bytes, line) => bytes + line.length + 1, 0)
}

/** Whose lines a frame holds: a host's, or a table's rows. */
interface Owner {
  readonly id: string
  readonly hostIdentifier: string
  readonly table?: string
}

function tableOwner(table: string): Owner {
  return { id: `table/${table}`, hostIdentifier: table, table }
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

/** The host's lines less those of whole frames that came before. */
function withoutKnownFrames(host: HostLines, isKnown: (hash: string) => boolean): HostLines {
  const cuts = host.cuts.filter(({ hash }) => !isKnown(hash))
  if (cuts.length === host.cuts.length) return host
  const fresh: HostLines = { ...host, lines: [], lows: [], highs: [], cuts: [] }
  let begin = 0
  for (const cut of host.cuts) {
    if (cuts.includes(cut)) {
      for (let at = begin; at < cut.end; at++) {
        fresh.lines.push(host.lines[at]!)
        fresh.lows.push(host.lows[at]!)
        fresh.highs.push(host.highs[at]!)
      }
      fresh.cuts.push({ end: fresh.lines.length, hash: cut.hash })
    }
    begin = cut.end
  }
  return fresh
}

function framesOf(host: HostLines, owner: Owner, receivedAt: number, sift: SiftedLines | undefined): FrameDraft[] {
  const isKept = sift?.kept === undefined ? undefined : new Set(sift.kept)
  const drafts: FrameDraft[] = []
  let begin = 0
  for (const { end, hash } of host.cuts) {
    const whole = host.lines.slice(begin, end)
    const lines = isKept === undefined ? whole : whole.filter((_, at) => isKept.has(begin + at))
    begin = end
    if (lines.length === 0) continue
    const s = lines.length === whole.length ? hash : hashLines(lines)
    const tb = owner.table === undefined ? {} : { tb: owner.table }
    const head = { t: receivedAt, h: owner.id, hi: host.hostIdentifier, ...tb, n: lines.length, s }
    drafts.push(isKept === undefined ? { ...head, b: lines } : { ...head, d: sift!.dropped, b: lines })
  }
  return drafts
}

function answer(lines: BodyLines, accepted: number, duplicates: number, overCap: number): AcceptResult {
  const first = lines.rejected.slice(0, rejectedShownMax).map(({ line, reason }) => ({ line, reason }))
  const rejected = { count: lines.rejectedCount, first }
  return { accepted, duplicates, rejected, ...(overCap === 0 ? {} : { overCap }) }
}
