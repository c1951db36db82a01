import { createReadStream } from 'node:fs'
import { PassThrough, type Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { AppError } from '../model/errors.ts'
import { type InputFile, unreadable } from './file-arguments.ts'
import { checkHead, headBytes, type LogNames, type LogPlace, namesOf } from './log-names.ts'
import { beginningOf, countLines, cutStart, endLastLine, type UnsentLine } from './whole-lines.ts'

// A result log as pieces to send: whole lines, numbered, with the name the lake knows the file by (log-names.ts).

export interface LogPiece {
  readonly kind: 'piece'
  /** The lake's name of the file: the same at every import. */
  readonly importId: string
  /** Whole lines, each ended by LF. */
  readonly body: Buffer<ArrayBuffer>
  /** Number of the first line of `body` in the file, from 1. */
  readonly firstLine: number
  readonly lines: number
  /** Bytes of the file, as it is stored, read so far. */
  readonly bytesRead: number
}

/** Lines that need not be sent: the lake has them. */
export interface KnownLines {
  readonly kind: 'known'
  readonly body: Buffer<ArrayBuffer>
  readonly lines: number
  readonly bytesRead: number
}

/** Lines are sent in pieces of about this size: one durable answer each. */
export const pieceBytes = 4 * 1024 * 1024
/** No result log has such a line; the lake's own bound is far lower. */
export const lineBytesMax = 32 * 1024 * 1024
const newline = 0x0a

/**
 * The pieces of a file in order, from the place that `find` returns for its names. A last line without its end is sent
 * only when it is whole JSON (a log that is being written, or a copy cut short); else it is an UnsentLine, as is a line
 * that the lake would take for a whole array.
 * Throws when the file cannot be read, is cut off inside its packing, or is no log of lines.
 */
export async function* logPieces(
  file: InputFile,
  stdin: Readable,
  signal: AbortSignal,
  find: (names: LogNames) => Promise<LogPlace>,
): AsyncGenerator<LogPiece | UnsentLine | KnownLines> {
  const source = openSource(file, stdin, signal)
  const held = openHeld()
  let head = Buffer.alloc(0)
  let importId: string | undefined
  let place: LogPlace = { wantedFrom: 1 }
  let nextLine = 1
  async function* take(whole: Buffer<ArrayBuffer>): AsyncGenerator<LogPiece | UnsentLine | KnownLines> {
    if (whole.length === 0) return
    if (importId === undefined) {
      const names = namesOf(head.length < headBytes ? whole : head)
      place = await find(names)
      importId = names.importId
    }
    const { lines: known, end } = beginningOf(whole, place.wantedFrom - nextLine)
    nextLine += known
    const knownBody = whole.subarray(0, end)
    if (known > 0) yield { kind: 'known', body: knownBody, lines: known, bytesRead: source.bytesRead() }
    const { skipped, unsent, body } = cutStart(whole.subarray(end), nextLine)
    yield* unsent
    const firstLine = nextLine + skipped
    const lines = countLines(body)
    nextLine = firstLine + lines
    if (lines > 0) yield { kind: 'piece', importId, body, firstLine, lines, bytesRead: source.bytesRead() }
  }
  for await (const chunk of source.chunks) {
    if (head.length < headBytes) head = checkHead(file.name, Buffer.concat([head, chunk]).subarray(0, headBytes))
    held.push(chunk)
    if (held.bytes() < pieceBytes) continue
    const whole = held.takeWholeLines()
    if (whole !== undefined) yield* take(whole)
    else if (held.bytes() > lineBytesMax) {
      throw new AppError(
        'invalid_argument',
        `${file.name} line ${nextLine} is longer than 32 MiB: this is no result log`,
      )
    }
  }
  const rest = held.takeAll()
  if (rest.length === 0) return
  const { whole, isCut } = endLastLine(rest)
  yield* take(whole)
  if (isCut) yield { kind: 'unsent', line: nextLine, reason: 'cut off before its end: not sent' }
}

interface Source {
  readonly chunks: AsyncIterable<Buffer>
  readonly bytesRead: () => number
}

/** The file's bytes, unpacked where they begin like gzip or Zstandard, whatever the file is called. */
function openSource(file: InputFile, stdin: Readable, signal: AbortSignal): Source {
  const raw = file.path === undefined ? stdin : createReadStream(file.path, { highWaterMark: 1024 * 1024, signal })
  let bytes = 0
  async function* unpacked(): AsyncGenerator<Buffer> {
    try {
      const counted = count(raw, read => {
        bytes += read
      })
      const first = await counted.next()
      if (first.done) return
      const all = startingWith(first.value, counted)
      switch (packingOf(first.value)) {
        case 'gzip':
          return yield* unpack(all, createGunzip({ chunkSize: 256 * 1024 }))
        case 'zstd':
          return yield* unpackZstd(file, all)
        default:
          return yield* all
      }
    } catch (error) {
      throw readFailure(file, error, signal)
    }
  }
  return { chunks: unpacked(), bytesRead: () => bytes }
}

function readFailure(file: InputFile, error: unknown, signal: AbortSignal): AppError {
  if (error instanceof AppError) return error
  if (signal.aborted) return new AppError('canceled', 'stopped', { cause: error })
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'Z_BUF_ERROR') {
    return new AppError('invalid_argument', `${file.name} is cut off: its packed data has no end`, { cause: error })
  }
  if (/^(?:Z_|ZSTD_)/.test(code)) {
    return new AppError('invalid_argument', `${file.name} is damaged: its packed data cannot be read`, { cause: error })
  }
  return unreadable(file.name, error)
}

async function* count(stream: Readable, onRead: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of stream as AsyncIterable<Buffer | string>) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    if (bytes.length === 0) continue
    onRead(bytes.length)
    yield bytes
  }
}

async function* startingWith(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first
  yield* rest
}

async function* unpack(source: AsyncIterable<Buffer>, unpacker: Transform): AsyncGenerator<Buffer> {
  const output = new PassThrough()
  const done = pipeline(source, unpacker, output)
  // The reader below meets the same error; this keeps it from being unhandled in between.
  done.catch(() => {})
  yield* output as AsyncIterable<Buffer>
  await done
}

async function* unpackZstd(file: InputFile, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const unpacker = createZstdDecompress({ chunkSize: 256 * 1024 })
  let bytes = 0
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      bytes += chunk.length
      yield chunk
    }
  }
  yield* unpack(counted(), unpacker)
  // Node stops at the end of a frame that is the end of a chunk, and says nothing of what follows.
  if (unpacker.bytesWritten < bytes) {
    throw new AppError('invalid_argument', `${file.name} holds several packed streams: unpack it first`)
  }
}

/** By its first bytes: gzip is what logrotate packs with, Zstandard what osquery does itself. */
export function packingOf(first: Buffer): 'gzip' | 'zstd' | undefined {
  if (first[0] === 0x1f && first[1] === 0x8b) return 'gzip'
  return first.length >= 4 && first.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : undefined
}

interface Held {
  push(chunk: Buffer): void
  bytes(): number
  /** Everything up to the last line end; undefined where there is none. */
  takeWholeLines(): Buffer<ArrayBuffer> | undefined
  takeAll(): Buffer<ArrayBuffer>
}

function openHeld(): Held {
  let chunks: Buffer[] = []
  let bytes = 0
  function takeAll(): Buffer<ArrayBuffer> {
    const all = Buffer.concat(chunks)
    chunks = []
    bytes = 0
    return all
  }
  function push(chunk: Buffer): void {
    if (chunk.length === 0) return
    chunks.push(chunk)
    bytes += chunk.length
  }
  return {
    push,
    bytes: () => bytes,
    takeAll,
    takeWholeLines() {
      if (!chunks.some(chunk => chunk.includes(newline))) return undefined
      const all = takeAll()
      const end = all.lastIndexOf(newline) + 1
      push(all.subarray(end))
      return all.subarray(0, end)
    },
  }
}
