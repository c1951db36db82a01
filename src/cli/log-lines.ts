import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { AppError } from '../model/errors.ts'
import { type InputFile, unreadable } from './file-arguments.ts'

// A result log as pieces to send: whole lines, numbered, with the name the lake knows the file by. The name is taken
// from the content (the first 64 KiB once unpacked, or all whole lines of a shorter file), so a file that has grown,
// moved or been packed is the same file; one that was shorter then is known by the name of its beginning.

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

/** A line that is not worth sending. */
export interface UnsentLine {
  readonly kind: 'unsent'
  readonly line: number
  readonly reason: string
}

/** Lines that need not be sent: the lake has them. */
export interface KnownLines {
  readonly kind: 'known'
  readonly body: Buffer<ArrayBuffer>
  readonly lines: number
  readonly bytesRead: number
}

/** Names that a file may have been imported by. */
export interface LogNames {
  readonly importId: string
  /** Names of its beginnings, longest first, each with the lines it is of. */
  readonly beginnings: readonly { readonly importId: string; readonly lines: number }[]
}

/** Where the lake is with a file. */
export interface LogPlace {
  /** Number of the first line that the lake does not have, from 1; whoever learns more moves it on. */
  wantedFrom: number
}

const headBytes = 64 * 1024
/** Lines are sent in pieces of about this size: one durable answer each. */
const pieceBytes = 4 * 1024 * 1024
/** No result log has such a line; the lake's own bound is far lower. */
const lineBytesMax = 32 * 1024 * 1024
const newline = 0x0a

/**
 * The pieces of a file in order, from the place that `find` returns for its names. A last line without its end is sent
 * only when it is whole JSON (a log that is being written, or a copy cut short); else it is an UnsentLine, as is a line
 * that the lake would take for a whole array.
 * Throws when the file cannot be read, is cut off inside gzip, or is no log of lines.
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
    if (head.length < headBytes) head = checkHead(file, Buffer.concat([head, chunk]).subarray(0, headBytes))
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

/** The file's bytes, unpacked where they begin like gzip, whatever the file is called. */
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
      if (first.value[0] === 0x1f && first.value[1] === 0x8b) yield* gunzip(all)
      else yield* all
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
    return new AppError('invalid_argument', `${file.name} is cut off: its gzip data has no end`, { cause: error })
  }
  if (code.startsWith('Z_')) {
    return new AppError('invalid_argument', `${file.name} is damaged: its gzip data cannot be read`, { cause: error })
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

async function* gunzip(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const output = new PassThrough()
  const done = pipeline(source, createGunzip({ chunkSize: 256 * 1024 }), output)
  // The reader below meets the same error; this keeps it from being unhandled in between.
  done.catch(() => {})
  yield* output as AsyncIterable<Buffer>
  await done
}

/** Kinds of files that people hand over by mistake, found by their first bytes. */
function checkHead(file: InputFile, head: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  const isUtf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)
  if (isUtf16) throw new AppError('invalid_argument', `${file.name} is UTF-16: convert it to UTF-8 first`)
  if (/^\ufeff?\s*\[/.test(head.toString('utf8', 0, 256))) {
    throw new AppError(
      'invalid_argument',
      `${file.name} is a JSON array, not lines: convert it with \`jq -c '.[]'\` or post it to /lake/v1/ingest/osquery`,
    )
  }
  return head
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

/** The last piece with its last line ended, or without that line when it is no whole JSON. */
function endLastLine(rest: Buffer<ArrayBuffer>): { whole: Buffer<ArrayBuffer>; isCut: boolean } {
  const end = rest.lastIndexOf(newline) + 1
  const last = rest.toString('utf8', end)
  if (isJson(last)) return { whole: Buffer.concat([rest, Buffer.from('\n')]), isCut: false }
  return { whole: rest.subarray(0, end), isCut: last.trim() !== '' }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

interface CutStart {
  /** Lines before `body`. */
  readonly skipped: number
  readonly unsent: readonly UnsentLine[]
  readonly body: Buffer<ArrayBuffer>
}

/** Whole lines from the first one a piece may begin with: a body that begins with `[` is a JSON array to the API. */
function cutStart(bytes: Buffer<ArrayBuffer>, firstLine: number): CutStart {
  const unsent: UnsentLine[] = []
  let start = 0
  let skipped = 0
  while (start < bytes.length) {
    const end = bytes.indexOf(newline, start) + 1
    const line = bytes.toString('latin1', start, Math.min(end, start + 64)).trimStart()
    if (line !== '' && !line.startsWith('[')) break
    if (line !== '') unsent.push({ kind: 'unsent', line: firstLine + skipped, reason: 'no JSON object' })
    start = end
    skipped += 1
  }
  return { skipped, unsent, body: bytes.subarray(start) }
}

/** `head`: the first 64 KiB of a file, or all whole lines of a shorter one. */
function namesOf(head: Buffer): LogNames {
  const hash = createHash('sha256')
  const beginnings = []
  let begin = 0
  for (let end = head.indexOf(newline) + 1; end > 0 && end < head.length; end = head.indexOf(newline, end) + 1) {
    hash.update(head.subarray(begin, end))
    beginnings.push({ importId: hash.copy().digest('hex'), lines: beginnings.length + 1 })
    begin = end
  }
  return { importId: hash.update(head.subarray(begin)).digest('hex'), beginnings: beginnings.reverse() }
}

/** At most so many lines from the start, and where they end. */
function beginningOf(bytes: Buffer, linesMax: number): { lines: number; end: number } {
  let lines = 0
  let end = 0
  while (lines < linesMax && end < bytes.length) {
    end = bytes.indexOf(newline, end) + 1
    lines += 1
  }
  return { lines, end }
}

function countLines(bytes: Buffer): number {
  let lines = 0
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) lines += 1
  return lines
}
