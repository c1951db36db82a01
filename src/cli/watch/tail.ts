import type { FileHandle } from 'node:fs/promises'
import { AppError } from '../../model/errors.ts'
import { lineBytesMax, pieceBytes } from '../log-lines.ts'
import { beginningOf, countLines, cutStart, isJson, type UnsentLine } from '../whole-lines.ts'

// What a plain file holds behind a place, as pieces of whole lines. A last line without its end waits: its writer may
// be in the middle of it.

/** A line begins at `offset`, with this number, from 1. */
export interface TailPlace {
  readonly offset: number
  readonly line: number
}

export interface TailPiece {
  /** Whole lines, each ended by LF; empty where every line is known or not worth sending. */
  readonly body: Buffer<ArrayBuffer>
  readonly firstLine: number
  readonly lines: number
  /** Lines that need not be sent: the lake has them. */
  readonly known: number
  readonly unsent: readonly UnsentLine[]
  /** Where to go on. A last line that was sent without its end is looked at again, and known by its number. */
  readonly end: TailPlace
}

export interface TailOptions {
  /** Bytes of the file that are looked at: what is appended meanwhile is for the next look. */
  readonly bytes: number
  /** Lines with a lower number are known. */
  readonly wantedFrom: number
  /** A last line that is whole JSON counts as ended. */
  readonly isEnded: boolean
}

const readBytes = 1024 * 1024
const newline = 0x0a

/** Throws `invalid_argument` for a line that no result log has. */
export async function* readTail(
  file: FileHandle,
  name: string,
  from: TailPlace,
  { bytes, wantedFrom, isEnded }: TailOptions,
): AsyncGenerator<TailPiece> {
  let held: Buffer<ArrayBuffer> = Buffer.alloc(0)
  let { offset, line } = from

  function piece(whole: Buffer<ArrayBuffer>, wholeBytes: number, hasOpenEnd: boolean): TailPiece {
    const { lines: known, end } = beginningOf(whole, wantedFrom - line)
    const { skipped, unsent, body } = cutStart(whole.subarray(end), line + known)
    const firstLine = line + known + skipped
    const lines = countLines(body)
    const next = firstLine + lines
    const openBytes = hasOpenEnd ? wholeBytes - (whole.lastIndexOf(newline, whole.length - 2) + 1) : 0
    offset += wholeBytes - openBytes
    line = hasOpenEnd ? next - 1 : next
    return { body, firstLine, lines, known, unsent, end: { offset, line } }
  }

  for (let at = offset; at < bytes; ) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(readBytes, bytes - at)), { position: at })
    if (bytesRead === 0) return
    at += bytesRead
    held = Buffer.concat([held, buffer.subarray(0, bytesRead)])
    if (held.length < pieceBytes) continue
    const end = held.lastIndexOf(newline) + 1
    if (end > 0) {
      const whole = held.subarray(0, end)
      held = Buffer.from(held.subarray(end))
      yield piece(whole, end, false)
    } else if (held.length > lineBytesMax) {
      throw new AppError('invalid_argument', `${name} line ${line} is longer than 32 MiB: this is no result log`)
    }
  }
  const { whole, wholeBytes, isOpen } = endOf(held, isEnded)
  if (wholeBytes > 0) yield piece(whole, wholeBytes, isOpen)
}

export interface WholeEnd {
  readonly whole: Buffer<ArrayBuffer>
  /** Of the file. */
  readonly wholeBytes: number
  /** The last line of `whole` has no end in the file. */
  readonly isOpen: boolean
}

/** The whole lines of a file's end; with `isEnded` also a last one that only lacks its end. */
export function endOf(bytes: Buffer<ArrayBuffer>, isEnded: boolean): WholeEnd {
  const end = bytes.lastIndexOf(newline) + 1
  const isOpen = isEnded && end < bytes.length && isJson(bytes.toString('utf8', end))
  if (!isOpen) return { whole: bytes.subarray(0, end), wholeBytes: end, isOpen }
  return { whole: Buffer.concat([bytes, Buffer.from('\n')]), wholeBytes: bytes.length, isOpen }
}
