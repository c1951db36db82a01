import { isAscii, isUtf8 } from 'node:buffer'
import { lineBytesMax, rejectedTextBytesMax } from '../limits.ts'
import { openLineChecker } from './line-check.ts'
import { unwrapLine } from './wrapped-line.ts'

// Splits a body into result-log lines as its bytes arrive: NDJSON, objects one behind the other without anything in
// between, or one JSON array whose elements are the lines (when the first byte that is not white space is `[`). Any
// split into chunks gives the same lines. A line that is no JSON object is reported and passed over; it never costs the
// lines around it (in an array that needs its brackets and quotes to balance, among objects in one line its own).
//
// Modes: start (nothing but white space and a byte order mark so far) → lines, or array → after the array.

export interface LineSink {
  /**
   * A line that is a JSON object: `bytes[start, end)`, valid UTF-8, no white space around it. `number` counts the
   * body's physical lines from 1 (blank ones included), or the array's elements: objects of one physical line share
   * it. The bytes stay as they are.
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
/** A line of the largest size, with its quotes escaped, in a shipper's record. */
const heldBytesMax = 2 * lineBytesMax + 64 * 1024

export interface LineScannerOptions {
  /** Lines may come inside shippers' records (wrapped-line.ts), and are then taken out of them. */
  readonly isWrapped?: boolean
  /** What was meant by an element that is no JSON object; undefined: that cannot be said. */
  readonly mend?: ((bytes: Buffer, start: number, end: number) => Buffer | undefined) | undefined
}

/** What the end of a body is reported as, where it is not what it should be. */
export const reasons = { notClosed: 'the array is not closed', textAfter: 'text after the array' } as const

export function openLineScanner(sink: LineSink, { isWrapped = false, mend }: LineScannerOptions = {}): LineScanner {
  const check = openLineChecker()
  let mode: 'start' | 'lines' | 'array' | 'after' = 'start'
  /** Bytes of a byte order mark seen so far. */
  let offset = 0
  /** Most are: then no line of it has to be looked at for UTF-8. */
  let isChunkAscii = false
  /** Lines or elements that have ended. */
  let count = 0
  // The line or element under way in earlier chunks. Past `heldBytesMax` only its beginning is held.
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
    const wasWithin = heldBytes <= heldBytesMax
    heldBytes += end - begin
    if (wasWithin) held.push(chunk.subarray(begin, end))
    if (heldBytes <= heldBytesMax || !wasWithin) return
    const bytes = Buffer.concat(held)
    const passed = mode === 'lines' ? passWholeObjects(bytes) : 0
    heldBytes = bytes.length - passed
    const keptEnd = heldBytes <= heldBytesMax ? bytes.length : passed + rejectedTextBytesMax
    held = [Buffer.from(bytes.subarray(passed, keptEnd))]
  }

  /**
   * Hands over the objects at the start of a line that goes on; returns where the first one that is not whole begins.
   */
  function passWholeObjects(bytes: Buffer): number {
    let at = 0
    for (;;) {
      while (at < bytes.length && isSpace(bytes[at]!)) at++
      if (bytes[at] !== objectOpen) return at
      const { end, host, isWrapper, rest } = check(bytes, at, bytes.length)
      if (rest === 0 || bytes[rest] !== objectOpen || end - at > heldBytesMax) return at
      pass(bytes, at, end, { host, isWrapper, number: count + 1, isPlain: false })
      at = rest
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
    if (length > end - begin) {
      reject(bytes, begin, end, tooLong)
      return true
    }
    while (first < last && isSpace(bytes[first]!)) first++
    while (last > first && isSpace(bytes[last - 1]!)) last--
    if (first === last) return false
    for (;;) {
      const { reason, host, isWrapper, end: objectEnd, rest } = check(bytes, first, last)
      const hasNext = rest > 0 && bytes[rest] === objectOpen
      const size = hasNext ? objectEnd - first : last - first
      if (size > heldBytesMax || (!hasNext && reason !== undefined)) {
        if (size <= heldBytesMax && passMended(bytes, first, last)) return true
        reject(bytes, first, last, size > lineBytesMax ? tooLong : reason!)
        return true
      }
      pass(bytes, first, objectEnd, { host, isWrapper, number: count, isPlain })
      if (!hasNext) return true
      first = rest
    }
  }

  function passMended(bytes: Buffer, start: number, end: number): boolean {
    const line = mend?.(bytes, start, end)
    if (line === undefined) return false
    const { reason, host, isWrapper } = check(line, 0, line.length)
    if (reason !== undefined) return false
    pass(line, 0, line.length, { host, isWrapper, number: count, isPlain: false })
    return true
  }

  interface Passed {
    readonly host: string | undefined
    readonly isWrapper: boolean
    readonly number: number
    readonly isPlain: boolean
  }

  function pass(bytes: Buffer, start: number, end: number, { host, isWrapper, number, isPlain }: Passed): void {
    const carried = isWrapped && isWrapper ? unwrapLine(check, bytes, start, end) : undefined
    if (carried !== undefined) {
      for (const line of carried) {
        const { host: own } = check(line, 0, line.length)
        if (line.length > lineBytesMax) reject(line, 0, line.length, tooLong, number)
        else passText(line, 0, line.length, own, number)
      }
    } else if (end - start > lineBytesMax) reject(bytes, start, end, tooLong, number)
    else if (isPlain) sink.line(bytes, start, end, host, number)
    else passText(bytes, start, end, host, number)
  }

  function passText(bytes: Buffer, start: number, end: number, host: string | undefined, number: number): void {
    if (isUtf8(bytes.subarray(start, end))) sink.line(bytes, start, end, host, number)
    else {
      const repaired = Buffer.from(bytes.toString('utf8', start, end))
      sink.line(repaired, 0, repaired.length, host, number)
    }
  }

  function reject(bytes: Buffer, start: number, end: number, reason: string, number = count): void {
    sink.rejected(number, reason, copy(bytes, start, end))
  }

  function end(): number {
    const nothing = Buffer.alloc(0)
    if (mode === 'lines' && heldBytes > 0) {
      count++
      finish(nothing, 0, 0)
    } else if (mode === 'array') {
      count++
      if (!finish(nothing, 0, 0)) count--
      sink.rejected(++count, reasons.notClosed, nothing)
    } else if (mode === 'after' && heldBytes > 0) {
      const rest = takeHeld()
      if (!rest.every(isSpace)) sink.rejected(++count, reasons.textAfter, copy(rest, 0, rest.length))
    }
    return count
  }

  return { push, end }
}

const objectOpen = 0x7b
const tooLong = `longer than ${lineBytesMax} bytes`

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** The beginning, apart from the body it stands in. */
function copy(bytes: Buffer, start: number, end: number): Buffer {
  return Buffer.from(bytes.subarray(start, Math.min(end, start + rejectedTextBytesMax)))
}
