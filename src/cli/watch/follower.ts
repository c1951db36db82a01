import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import type { IngestReply } from '../../api/ingest.ts'
import type { Clock } from '../../model/clock.ts'
import { AppError, systemErrorCode } from '../../model/errors.ts'
import { logPieces, packingOf } from '../log-lines.ts'
import { checkHead, headBytes, type LogNames, type LogPlace, namesOf } from '../log-names.ts'
import type { UnsentLine } from '../whole-lines.ts'
import type { Beginning, Checkpoints, TailCheckpoint } from './checkpoints.ts'
import { type FoundFile, idOf } from './found-files.ts'
import type { Shipper } from './shipper.ts'
import { endOf, readTail, type TailPiece } from './tail.ts'

// Sends what one file has that the lake has not. Whichever name it has by now, the file is the one that begins with the
// same bytes: a renamed file goes on where it was, one that was truncated begins anew, and a copy or a packed one is
// known to the lake by its content (log-names.ts).
//
// What makes a line sent exactly once is the lake's import position, stored with the lines; the checkpoint behind it
// only saves work. So at the first look at a file in this process, and after a truncation, the lake is asked.

export interface FollowerOptions {
  readonly shipper: Shipper
  readonly checkpoints: Checkpoints
  readonly clock: Clock
  /** A file that has not changed for so long has no line under way, and is not being packed. 0: none has, none is. */
  readonly quietMs: number
  readonly signal: AbortSignal
  readonly onReply: (file: FoundFile, firstLine: number, lines: number, reply: IngestReply) => void
  readonly onKnown: (lines: number) => void
  readonly onUnsent: (file: FoundFile, lines: readonly UnsentLine[]) => void
}

export interface Follower {
  /**
   * Sends the file's whole lines up to its present end. Throws `invalid_argument` for what is no log of lines,
   * `not_found` where it cannot be read, and what the shipper throws; what was sent before stays sent.
   */
  follow(file: FoundFile): Promise<void>
  /** Files by id that are not among these need not be remembered. */
  forgetOthers(ids: ReadonlySet<string>): void
}

interface AskedPlace extends LogPlace {
  /** Of the file as it was when the lake was asked. */
  readonly beginning: Beginning
}

interface Opened {
  readonly handle: FileHandle
  readonly bytes: number
  readonly modifiedMs: number
  readonly head: Buffer<ArrayBuffer>
}

export function openFollower(options: FollowerOptions): Follower {
  const { shipper, checkpoints, clock, quietMs, signal, onReply, onKnown, onUnsent } = options
  /** Of files looked at to their end: nothing has to be opened while these stay. */
  const looked = new Map<string, { readonly bytes: number; readonly modifiedMs: number }>()
  /** When files were first seen as they are now. */
  const changes = new Map<string, { readonly bytes: number; readonly modifiedMs: number; readonly seenAt: number }>()
  /** Where the lake is with files it was asked about in this process. */
  const places = new Map<string, AskedPlace>()

  async function follow(file: FoundFile): Promise<void> {
    const before = looked.get(file.id)
    if (before?.bytes === file.bytes && before.modifiedMs === file.modifiedMs) return
    const handle = await openFile(file)
    if (handle === undefined) return
    try {
      const facts = await handle.stat({ bigint: true })
      // The name is another file's by now; this one comes up under its own.
      if (idOf(facts) !== file.id) return
      const bytes = Number(facts.size)
      const modifiedMs = Number(facts.mtimeMs)
      const head = await readHead(handle, Math.min(headBytes, bytes))
      const opened = { handle, bytes, modifiedMs, head }
      const isDone = packingOf(head) === undefined ? await followTail(file, opened) : await followPacked(file, opened)
      if (isDone) looked.set(file.id, { bytes, modifiedMs })
    } catch (error) {
      if (error instanceof AppError && error.code === 'invalid_argument') {
        looked.set(file.id, { bytes: file.bytes, modifiedMs: file.modifiedMs })
      }
      throw error
    } finally {
      await handle.close()
    }
  }

  /** By what was seen here: the clock of whoever writes the file may be another one. */
  function isQuiet({ id }: FoundFile, { bytes, modifiedMs }: Opened): boolean {
    const before = changes.get(id)
    const isSame = before?.bytes === bytes && before.modifiedMs === modifiedMs
    if (!isSame) changes.set(id, { bytes, modifiedMs, seenAt: clock() })
    return quietMs === 0 || (isSame && clock() - before.seenAt >= quietMs)
  }

  /** False: there is something left that only time decides. */
  async function followTail(file: FoundFile, opened: Opened): Promise<boolean> {
    const { handle, bytes, head } = opened
    checkHead(file.name, head)
    const isEnded = isQuiet(file, opened)
    const named = bytes < headBytes ? endOf(head, isEnded).whole : head
    if (named.length === 0) return isEnded
    const names = namesOf(named)
    let from = checkpointOf(file, opened)
    let place = places.get(file.id)
    if (place === undefined || !beginsAs(head, place.beginning)) {
      place = { ...(await shipper.find(names)), beginning: beginningOf(named.subarray(0, bytes)) }
      places.set(file.id, place)
      // The lake's word counts: it may be another one, or an older state of it.
      if (place.wantedFrom < (from?.line ?? 1)) from = undefined
    }
    const start = { offset: from?.offset ?? 0, line: from?.line ?? 1 }
    let sentTo = start.offset
    for await (const piece of readTail(handle, file.name, start, { bytes, wantedFrom: place.wantedFrom, isEnded })) {
      if (!(await isStill(opened))) return false
      await sendPiece(file, names, place, piece)
      sentTo = piece.end.offset
      await keep(file, head, piece)
    }
    return isEnded || sentTo === bytes
  }

  /** The checkpoint, where it is this content's. */
  function checkpointOf(file: FoundFile, { bytes, head }: Opened): TailCheckpoint | undefined {
    const found = checkpoints.get(file.id)
    if (found?.kind !== 'tail' || bytes < found.offset || !beginsAs(head, found)) return undefined
    return found
  }

  async function sendPiece(file: FoundFile, names: LogNames, place: LogPlace, piece: TailPiece): Promise<void> {
    onKnown(piece.known)
    onUnsent(file, piece.unsent)
    if (piece.lines > 0) {
      const { body, firstLine, lines } = piece
      const reply = await shipper.send({ body, importId: names.importId, firstLine })
      onReply(file, firstLine, lines, reply)
    }
    place.wantedFrom = Math.max(place.wantedFrom, piece.firstLine + piece.lines)
  }

  async function keep(file: FoundFile, head: Buffer, { end }: TailPiece): Promise<void> {
    checkpoints.put(file.id, { kind: 'tail', name: file.name, ...beginningOf(head.subarray(0, end.offset)), ...end })
    await checkpoints.save()
  }

  async function followPacked(file: FoundFile, opened: Opened): Promise<boolean> {
    const { handle, bytes, modifiedMs } = opened
    const known = checkpoints.get(file.id)
    if (known?.kind === 'packed' && known.bytes === bytes && known.modifiedMs === modifiedMs) return true
    // Whoever packs it is not done: its end would look like damage.
    if (!isQuiet(file, opened)) return false
    const stream = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: 1024 * 1024 })
    let place: LogPlace = { wantedFrom: 1 }
    const find = async (names: LogNames): Promise<LogPlace> => {
      place = await shipper.find(names)
      return place
    }
    const input = { name: file.name, path: undefined, bytes }
    for await (const part of logPieces(input, stream, signal, find)) {
      if (part.kind === 'unsent') onUnsent(file, [part])
      else if (part.kind === 'known') onKnown(part.lines)
      else {
        const { body, importId, firstLine, lines } = part
        const reply = await shipper.send({ body, importId, firstLine })
        onReply(file, firstLine, lines, reply)
        place.wantedFrom = Math.max(place.wantedFrom, reply.nextLine ?? 1)
      }
    }
    checkpoints.put(file.id, { kind: 'packed', name: file.name, bytes, modifiedMs })
    await checkpoints.save()
    return true
  }

  function forgetOthers(ids: ReadonlySet<string>): void {
    for (const id of checkpoints.ids()) if (!ids.has(id)) checkpoints.delete(id)
    for (const map of [looked, changes, places]) for (const id of map.keys()) if (!ids.has(id)) map.delete(id)
  }

  return { follow, forgetOthers }
}

async function openFile({ name, path }: FoundFile): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw new AppError('not_found', `cannot read ${name}: ${systemErrorCode(error)}`, { cause: error })
  }
}

async function readHead(handle: FileHandle, bytes: number): Promise<Buffer<ArrayBuffer>> {
  const head = Buffer.alloc(bytes)
  let length = 0
  while (length < bytes) {
    const { bytesRead } = await handle.read(head, length, bytes - length, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return head.subarray(0, length)
}

/**
 * False: the file was truncated since, and what was read behind its head may be of another content. Asked after
 * reading: whoever truncates it and writes again changes its head first.
 */
async function isStill({ handle, bytes, head }: Opened): Promise<boolean> {
  const { size } = await handle.stat()
  return size >= bytes && (await readHead(handle, head.length)).equals(head)
}

function beginningOf(bytes: Buffer): Beginning {
  return { headBytes: bytes.length, headHash: createHash('sha256').update(bytes).digest('hex') }
}

function beginsAs(head: Buffer, { headBytes: bytes, headHash }: Beginning): boolean {
  return head.length >= bytes && beginningOf(head.subarray(0, bytes)).headHash === headHash
}
