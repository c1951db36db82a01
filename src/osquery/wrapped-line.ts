import { decodeText, membersOf, type Slice } from './json-members.ts'
import type { LineCheck } from './line-check.ts'

// Shippers send what they tailed inside records of their own: Fluent Bit `{"date": …, "log": "<line>"}`, Vector and
// Logstash `{"message": "<line>", "host": …}`, others `{"event": {the line}}`. Where the record itself is no line of
// osquery's but what it carries is, the line is taken out, byte for byte as osquery wrote it; what the shipper says of
// it is left behind, so that one line is one line whichever way it came.

/** Members that may carry a line, first come first. */
const carriers = ['log', 'message', 'event']

/** A container's log file wraps a line, and the shipper of that file wraps it again. */
const levelsMax = 3

type Check = (bytes: Buffer, start: number, end: number) => LineCheck

/**
 * The lines that a shipper's record carries, each with its own bytes; undefined where it carries none, or something
 * beside them. `bytes[start, end)` passed the line check.
 */
export function unwrapLine(check: Check, bytes: Buffer, start: number, end: number): readonly Buffer[] | undefined {
  const members = membersOf(bytes, start, end)
  return isOsqueryLine(bytes, members) ? undefined : carriedLines(check, bytes, members, levelsMax)
}

/** The lines in a text: one or several, one behind the other; undefined where it holds anything else. */
export function linesInText(check: Check, text: string, levels = levelsMax): readonly Buffer[] | undefined {
  const bytes = Buffer.from(text)
  const lines: Buffer[] = []
  let at = skipSpace(bytes, 0)
  while (at < bytes.length) {
    if (bytes[at] !== 0x7b) return undefined
    const { reason, end, rest } = check(bytes, at, bytes.length)
    if (reason !== undefined && rest === 0) return undefined
    const found = linesInObject(check, bytes, { start: at, end }, levels)
    if (found === undefined) return undefined
    lines.push(...found)
    at = skipSpace(bytes, end)
  }
  return lines.length === 0 ? undefined : lines
}

/** The object where it is a line itself, or the lines it carries; `object` passed the line check. */
export function linesInObject(
  check: Check,
  bytes: Buffer,
  { start, end }: Slice,
  levels = levelsMax,
): readonly Buffer[] | undefined {
  const members = membersOf(bytes, start, end)
  if (isOsqueryLine(bytes, members)) return [bytes.subarray(start, end)]
  return levels === 0 ? undefined : carriedLines(check, bytes, members, levels)
}

function carriedLines(
  check: Check,
  bytes: Buffer,
  members: ReadonlyMap<string, Slice>,
  levels: number,
): readonly Buffer[] | undefined {
  for (const carrier of carriers) {
    const value = members.get(carrier)
    if (value === undefined) continue
    const text = decodeText(bytes, value)
    const isObject = bytes[value.start] === 0x7b
    const lines = isObject
      ? linesInObject(check, bytes, value, levels - 1)
      : text === undefined
        ? undefined
        : linesInText(check, text, levels - 1)
    if (lines !== undefined) return lines
  }
  return undefined
}

/** A result line has a name and rows, a status line its place in the source. */
function isOsqueryLine(bytes: Buffer, members: ReadonlyMap<string, Slice>): boolean {
  const name = members.get('name')
  const hasRows = members.has('columns') || members.has('snapshot') || members.has('diffResults')
  if (hasRows && name !== undefined && decodeText(bytes, name)) return true
  return ['severity', 'filename', 'message', 'hostIdentifier'].every(key => members.has(key))
}

function skipSpace(bytes: Buffer, start: number): number {
  let at = start
  while (at < bytes.length && (bytes[at] === 0x20 || (bytes[at]! >= 0x09 && bytes[at]! <= 0x0d))) at++
  return at
}
