import { agentHeadBytesMax } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import { openLineScanner, reasons } from './line-scanner.ts'

// The body of an agent's log post: `{"node_key", "log_type", "data": [line, …]}`. Agents write the members in this
// order, so that who sends what is known before the first line; others may put them behind the lines. The lines are
// split by line-scanner.ts, from the bracket on. Source: osquery `plugins/logger/tls_logger.cpp`.

/** The members beside `data`, as far as they have come. */
export interface LogMembers {
  readonly nodeKey: string | undefined
  readonly logType: string | undefined
}

export type LogHead =
  /** The beginning ends before anything can be said. */
  | { readonly kind: 'more' }
  /** Lines begin with the bracket at `at`. */
  | { readonly kind: 'lines'; readonly at: number; readonly members: LogMembers }
  /** The body is complete and has no lines. */
  | { readonly kind: 'whole'; readonly members: LogMembers }

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a]
const [objectOpen, objectClose, arrayOpen, arrayClose] = [0x7b, 0x7d, 0x5b, 0x5d]

/**
 * What the beginning of a body says. Throws `invalid_argument` for what is no such body, and where its lines have not
 * begun after `agentHeadBytesMax` bytes.
 */
export function readLogHead(bytes: Buffer): LogHead {
  const members = new Map<string, unknown>()
  const start = skipSpace(bytes, 0)
  if (start < bytes.length && bytes[start] !== objectOpen) throw malformed('the body is no JSON object')
  let at = skipSpace(bytes, start + 1)
  while (at < bytes.length) {
    if (bytes[at] === objectClose) return { kind: 'whole', members: membersOf(members) }
    const keyEnd = bytes[at] === quote ? stringEnd(bytes, at) : malformedAt(at)
    const valueAt = skipSpace(bytes, skipSpace(bytes, keyEnd) + 1)
    if (keyEnd >= bytes.length || valueAt >= bytes.length) break
    if (bytes[skipSpace(bytes, keyEnd)] !== colon) throw malformed(`byte ${keyEnd + 1} of the body: no colon`)
    const key = parse(bytes, at, keyEnd)
    if (key === 'data' && bytes[valueAt] === arrayOpen) {
      return { kind: 'lines', at: valueAt, members: membersOf(members) }
    }
    const valueEnd = endOfValue(bytes, valueAt)
    if (valueEnd >= bytes.length) break
    const value = parse(bytes, valueAt, valueEnd)
    if (key === 'data' && value !== null) throw malformed('data is no array')
    members.set(String(key), value)
    at = skipSpace(bytes, valueEnd)
    if (bytes[at] === comma) at = skipSpace(bytes, at + 1)
    else if (at < bytes.length && bytes[at] !== objectClose) throw malformedAt(at)
  }
  if (bytes.length <= agentHeadBytesMax) return { kind: 'more' }
  throw malformed(`no data within the first ${agentHeadBytesMax} bytes of the body`)
}

/** The members behind the lines; undefined where the body's end is not what it should be. */
export function readLogTail(tail: Buffer): LogMembers | undefined {
  try {
    const parsed = JSON.parse(`{"data":0${tail.toString('utf8')}`) as Record<string, unknown>
    return membersOf(new Map(Object.entries(parsed)))
  } catch {
    return undefined
  }
}

/** The same of a body whose lines are all there, from the bracket on. */
export function readTailOf(lines: readonly Buffer[]): LogMembers | undefined {
  let tail: LogMembers | undefined
  const rejected = (_number: number, reason: string, text: Buffer) => {
    if (reason === reasons.textAfter) tail = readLogTail(text)
  }
  const scanner = openLineScanner({ line: () => undefined, rejected })
  for (const chunk of lines) scanner.push(chunk)
  scanner.end()
  return tail
}

/** The first line behind the bracket at `at`, where all of it is there and it is an object. */
export function firstLineOf(bytes: Buffer, at: number): string | undefined {
  const start = skipSpace(bytes, at + 1)
  if (bytes[start] !== objectOpen) return undefined
  const end = endOfValue(bytes, start)
  return end < bytes.length ? bytes.toString('utf8', start, end) : undefined
}

const endPattern = /\]\s*(?:,\s*"[^"\\]{1,100}"\s*:\s*(?:"[^"\\]*"|[\w.+-]+)\s*)*\}\s*$/

/**
 * True where a body's last bytes are those of a whole one: where no end of its lines was found, a line without its
 * closing quote is what swallowed it, and sending it again would change nothing.
 */
export function looksWhole(last: Buffer): boolean {
  return endPattern.test(last.toString('utf8'))
}

/**
 * An element of `data` that is no JSON object as the line that was meant: the text of a string, and control characters,
 * which cannot stand in JSON, as escapes. undefined: there is nothing to mend.
 */
export function mendLine(bytes: Buffer, start: number, end: number): Buffer | undefined {
  if (bytes[start] !== quote) return withEscapes(bytes.subarray(start, end))
  const quoted = withEscapes(bytes.subarray(start, end)) ?? bytes.subarray(start, end)
  const text = parseOr(quoted.toString('utf8'))
  if (typeof text !== 'string') return undefined
  const line = Buffer.from(text.toWellFormed().trim())
  return withEscapes(line) ?? line
}

/** With what is a control character within a string as `\u00XX`; undefined where there is none. */
function withEscapes(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = []
  let isString = false
  let from = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte === quote) isString = !isString
    else if (byte === backslash && isString) at++
    else if (byte < 0x20 && isString) {
      parts.push(bytes.subarray(from, at), Buffer.from(`\\u${byte.toString(16).padStart(4, '0')}`))
      from = at + 1
    }
  }
  return parts.length === 0 ? undefined : Buffer.concat([...parts, bytes.subarray(from)])
}

function membersOf(members: ReadonlyMap<string, unknown>): LogMembers {
  const text = (name: string) => {
    const value = members.get(name)
    return typeof value === 'string' ? value : undefined
  }
  return { nodeKey: text('node_key'), logType: text('log_type') }
}

function parse(bytes: Buffer, start: number, end: number): unknown {
  const value = parseOr(bytes.toString('utf8', start, end))
  if (value === undefined) throw malformed(`byte ${start + 1} of the body: not what JSON allows there`)
  return value
}

function parseOr(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Behind the value that begins at `start`; the length or more: it has not ended. */
function endOfValue(bytes: Buffer, start: number): number {
  if (bytes[start] === quote) return stringEnd(bytes, start)
  let depth = 0
  for (let at = start; at < bytes.length; ) {
    const byte = bytes[at]!
    if (byte === quote) at = stringEnd(bytes, at)
    else if (byte === objectOpen || byte === arrayOpen) {
      depth++
      at++
    } else if (depth > 0) {
      at++
      if ((byte === objectClose || byte === arrayClose) && --depth === 0) return at
    } else if (byte === comma || byte === objectClose || isSpace(byte)) {
      if (at === start) throw malformedAt(at)
      return at
    } else at++
  }
  return bytes.length
}

/** Behind the closing quote of the string that opens at `start`; more than the length: it has not ended. */
function stringEnd(bytes: Buffer, start: number): number {
  let at = start + 1
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1
  return at + 1
}

function skipSpace(bytes: Buffer, start: number): number {
  let at = start
  while (at < bytes.length && isSpace(bytes[at]!)) at++
  return at
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function malformed(message: string): AppError {
  return new AppError('invalid_argument', message)
}

function malformedAt(at: number): never {
  throw malformed(`byte ${at + 1} of the body: not what JSON allows there`)
}
