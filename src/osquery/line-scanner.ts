import { isAscii, isUtf8 } from 'node:buffer'
import { lineBytesMax, rejectedTextBytesMax } from '../limits.ts'
import { openLineChecker } from './line-check.ts'

// Splits a body into result-log lines as its bytes arrive: NDJSON, or one JSON array whose elements are the lines (when
// the first byte that is not white space is `[`). Any split into chunks gives the same lines. A line that is no JSON
// object is reported and passed over; it never costs the lines around it (in an array that needs its brackets and
// quotes to balance).
//
// Modes: start (nothing but white space and a byte order mark so far) → lines, or array → after the array.

export interface LineSink {
  /**
   * A line that is a JSON object: `bytes[start, end)`, valid UTF-8, no white space around it. `number` counts the
   * body's physical lines from 1 (blank ones included), or the array's elements. The bytes stay as they are.
   */
  line(bytes: Buffer, start: number, end: number, host: string | undefined, number: number): void
  /** A line that is not one; `text` is its beginning, at most `rejectedTextBytesMax` bytes. */
  rejected(number: number, reason: string, text: Buffer): void
}

export interface LineScanner {
  /** The chunk must not change afterwards: lines refer to it. */
  push(chunk: Buffer): void
  /** The body is complete: hands over what has no line end. Called once, last. Returns the number of the last line. */
  end(): number
}

const newline = 0x0a
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

export function openLineScanner(sink: LineSink): LineScanner {
  const check = openLineChecker()
  let mode: 'start' | 'lines' | 'array' | 'after' = 'start'
  /** Bytes of a byte order mark seen so far. */
  let offset = 0
  /** Most are: then no line of it has to be looked at for UTF-8. */
  let isChunkAscii = false
  /** Lines or elements that have ended. */
  let count = 0
  // The line or element under way in earlier chunks. Past `lineBytesMax` only its beginning is held.
  let held: Buffer[] = []
  let heldBytes = 0
  // In an array, within an element: open brackets, and whether a string is open or its next byte is escaped.
  let depth = 0
  let isString = false
  let isEscaped = false

  function push(chunk: Buffer): void {
    let at = 0
    isChunkAscii = isAscii(chunk)
    if (mode === 'start') at = start(chunk)
    if (mode === 'lines') splitLines(chunk, at)
    else if (mode === 'array') at = splitArray(chunk, at)
    if (mode === 'after') hold(chunk, at, chunk.length)
  }

  function start(chunk: Buffer): number {
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!
      if (offset < byteOrderMark.length && byte === byteOrderMark[offset]) {
        offset++
        continue
      }
      offset = byteOrderMark.length
      if (byte === newline) count++
      else if (byte === 0x5b) {
        mode = 'array'
        count = 0
        return at + 1
      } else if (!isSpace(byte)) {
        mode = 'lines'
        return at
      }
    }
    return chunk.length
  }

  function splitLines(chunk: Buffer, from: number): void {
    let at = from
    while (at < chunk.length) {
      const end = chunk.indexOf(newline, at)
      if (end < 0) {
        hold(chunk, at, chunk.length)
        return
      }
      count++
      finish(chunk, at, end)
      at = end + 1
    }
  }

  function splitArray(chunk: Buffer, from: number): number {
    let begin = from
    let at = from
    // Locals, because this loop sees every byte.
    let level = depth
    while (at < chunk.length) {
      if (isString) at = skipString(chunk, at)
      for (; at < chunk.length; at++) {
        const byte = chunk[at]!
        if (byte === 0x22) {
          isString = true
          at++
          break
        }
        if (byte === 0x7b || byte === 0x5b) level++
        else if (level > 0) {
          if (byte === 0x7d || byte === 0x5d) level--
        } else if (byte === 0x2c || byte === 0x5d) {
          element(chunk, begin, at, byte === 0x5d)
          begin = at + 1
          if (mode === 'after') return begin
        }
      }
    }
    depth = level
    hold(chunk, begin, chunk.length)
    return chunk.length
  }

  /** From within a string to behind its closing quote, or to the chunk's end. */
  function skipString(chunk: Buffer, from: number): number {
    let at = from
    if (isEscaped) {
      isEscaped = false
      at++
    }
    for (; at < chunk.length; at++) {
      const byte = chunk[at]!
      if (byte === 0x22) {
        isString = false
        return at + 1
      }
      if (byte === 0x5c) at++
    }
    isEscaped = at > chunk.length
    return chunk.length
  }

  function element(chunk: Buffer, begin: number, end: number, isLast: boolean): void {
    if (isLast) mode = 'after'
    count++
    const isEmpty = !finish(chunk, begin, end)
    if (!isEmpty) return
    // `[]` has no element; anywhere else a place without one is a mistake worth saying.
    if (isLast && count === 1) count = 0
    else sink.rejected(count, 'the array has an empty element', Buffer.alloc(0))
  }

  function hold(chunk: Buffer, begin: number, end: number): void {
    const wasWithin = heldBytes <= lineBytesMax
    heldBytes += end - begin
    if (heldBytes <= lineBytesMax) held.push(chunk.subarray(begin, end))
    else if (wasWithin) {
      held.push(chunk.subarray(begin, end))
      held = [Buffer.from(Buffer.concat(held).subarray(0, rejectedTextBytesMax))]
    }
  }

  /** The line that ends here, with what was held of it. False: it is blank. */
  function finish(chunk: Buffer, begin: number, end: number): boolean {
    if (heldBytes === 0) return hand(chunk, begin, end, end - begin, isChunkAscii)
    hold(chunk, begin, end)
    const length = heldBytes
    const bytes = takeHeld()
    return hand(bytes, 0, bytes.length, length, false)
  }

  function takeHeld(): Buffer {
    const bytes = held.length === 1 ? held[0]! : Buffer.concat(held)
    held = []
    heldBytes = 0
    return bytes
  }

  function hand(bytes: Buffer, begin: number, end: number, length: number, isPlain: boolean): boolean {
    let first = begin
    let last = end
    if (length > lineBytesMax) {
      sink.rejected(count, `longer than ${lineBytesMax} bytes`, copy(bytes, begin, end))
      return true
    }
    while (first < last && isSpace(bytes[first]!)) first++
    while (last > first && isSpace(bytes[last - 1]!)) last--
    if (first === last) return false
    const { reason, host } = check(bytes, first, last)
    if (reason !== undefined) sink.rejected(count, reason, copy(bytes, first, last))
    else if (isPlain || isUtf8(bytes.subarray(first, last))) sink.line(bytes, first, last, host, count)
    else {
      const repaired = Buffer.from(bytes.toString('utf8', first, last))
      sink.line(repaired, 0, repaired.length, host, count)
    }
    return true
  }

  function end(): number {
    const nothing = Buffer.alloc(0)
    if (mode === 'lines' && heldBytes > 0) {
      count++
      finish(nothing, 0, 0)
    } else if (mode === 'array') {
      count++
      if (!finish(nothing, 0, 0)) count--
      sink.rejected(++count, 'the array is not closed', nothing)
    } else if (mode === 'after' && heldBytes > 0) {
      const rest = takeHeld()
      if (!rest.every(isSpace)) sink.rejected(++count, 'text after the array', copy(rest, 0, rest.length))
    }
    return count
  }

  return { push, end }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** The beginning, apart from the body it stands in. */
function copy(bytes: Buffer, start: number, end: number): Buffer {
  return Buffer.from(bytes.subarray(start, Math.min(end, start + rejectedTextBytesMax)))
}
