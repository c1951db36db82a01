// The structure check of one result-log line, over bytes: is it one JSON object, and whose? It walks the grammar's
// tokens (braces, brackets, commas, colons, strings) and parses no value: numbers and literals only need to be made of
// their characters, escapes are not decoded. What such a value means is the converter's question, which keeps the raw
// text where it has no answer. On the hot path of ingest: one pass, no allocation for a line of the host before it.

/** Levels of braces and brackets in one line; osquery uses three. Bounded by the bits of the stack below. */
const depthMax = 30

const hostIdentifierKey = Buffer.from('hostIdentifier')
const hostnameKey = Buffer.from('hostname')

// Kinds of bytes outside strings, from `quote` on in the order of the text below. Zero: cannot stand there.
const whitespace = 1
const quote = 2
const objectOpen = 3
const objectClose = 4
const arrayOpen = 5
const arrayClose = 6
const colon = 7
const comma = 8
const scalar = 9

const kinds = new Uint8Array(256)
for (const byte of Buffer.from(' \t\r\n')) kinds[byte] = whitespace
for (const byte of Buffer.from('0123456789+-.eEtrufalsn')) kinds[byte] = scalar
for (const [at, byte] of Buffer.from('"{}[]:,').entries()) kinds[byte] = quote + at

// What may come next.
const expectsValue = 0
const expectsKeyOrEnd = 1
const expectsKey = 2
const expectsColon = 3
const expectsCommaOrEnd = 4
const expectsValueOrEnd = 5
const expectsNothing = 6

export interface LineCheck {
  /** Why the last line is no JSON object; undefined when it is one. */
  reason: string | undefined
  /** The line's own `hostIdentifier`, else its `hostname`: top level, strings, the first of each. */
  host: string | undefined
  /** No byte of the line is above 0x7f. */
  isAscii: boolean
}

/**
 * A checker with a memory of the last host. `check` looks at `bytes[start, end)`, which must begin and end with a byte
 * that is not white space, and returns the same object at every call.
 */
export function openLineChecker(): (bytes: Uint8Array, start: number, end: number) => LineCheck {
  const result: LineCheck = { reason: undefined, host: undefined, isAscii: true }
  const identifiers = openStringCache()
  const hostnames = openStringCache()

  return function check(bytes, start, end) {
    let state = expectsValue
    let depth = 0
    // One bit a level, the innermost lowest: 1 object, 0 array.
    let stack = 0
    let seen = 0
    // Which of the two keys, at the top level, the next value belongs to: 0 neither, 1 hostIdentifier, 2 hostname.
    let wanted = 0
    let host: string | undefined
    let hostname: string | undefined
    result.host = undefined
    for (let at = start; at < end; at++) {
      const kind = kinds[bytes[at]!]!
      switch (kind) {
        case quote: {
          const opened = at
          for (at++; at < end; at++) {
            const byte = bytes[at]!
            if (byte !== 0x22 && byte !== 0x5c && byte >= 0x20) {
              seen |= byte
              continue
            }
            if (byte === 0x22) break
            if (byte !== 0x5c) return fail(`byte ${at - start + 1}: a control character in a string`)
            at++
            seen |= bytes[at] ?? 0
          }
          if (at >= end) return fail('a string is not closed')
          if (state === expectsKey || state === expectsKeyOrEnd) {
            state = expectsColon
            if (depth === 1) wanted = wantedKey(bytes, opened + 1, at)
          } else if (state === expectsValue || state === expectsValueOrEnd) {
            if (depth === 0) return fail('not a JSON object')
            state = expectsCommaOrEnd
            if (depth === 1 && wanted !== 0) {
              if (wanted === 1) host ??= identifiers(bytes, opened + 1, at)
              else hostname ??= hostnames(bytes, opened + 1, at)
            }
          } else return fail(unexpected(state, depth, opened - start))
          break
        }
        case whitespace:
          break
        case colon:
          if (state !== expectsColon) return fail(unexpected(state, depth, at - start))
          state = expectsValue
          break
        case comma:
          if (state !== expectsCommaOrEnd) return fail(unexpected(state, depth, at - start))
          state = (stack & 1) === 1 ? expectsKey : expectsValue
          break
        case objectOpen:
        case arrayOpen:
          if (state !== expectsValue && state !== expectsValueOrEnd) return fail(unexpected(state, depth, at - start))
          if (depth === 0 && kind === arrayOpen) return fail('not a JSON object')
          if (depth === depthMax) return fail(`nested deeper than ${depthMax} levels`)
          depth++
          stack = (stack << 1) | (kind === objectOpen ? 1 : 0)
          state = kind === objectOpen ? expectsKeyOrEnd : expectsValueOrEnd
          break
        case objectClose:
          if ((state !== expectsCommaOrEnd && state !== expectsKeyOrEnd) || (stack & 1) === 0)
            return fail(unexpected(state, depth, at - start))
          stack >>>= 1
          state = --depth === 0 ? expectsNothing : expectsCommaOrEnd
          break
        case arrayClose:
          if ((state !== expectsCommaOrEnd && state !== expectsValueOrEnd) || (stack & 1) === 1) {
            return fail(unexpected(state, depth, at - start))
          }
          stack >>>= 1
          depth--
          state = expectsCommaOrEnd
          break
        case scalar:
          if (depth === 0 && state === expectsValue) return fail('not a JSON object')
          if (state !== expectsValue && state !== expectsValueOrEnd) return fail(unexpected(state, depth, at - start))
          while (at + 1 < end && kinds[bytes[at + 1]!] === scalar) at++
          state = expectsCommaOrEnd
          break
        default:
          if (depth === 0 && state === expectsValue) return fail('not a JSON object')
          return fail(unexpected(state, depth, at - start))
      }
    }
    if (state !== expectsNothing) return fail(depth === 0 ? 'not a JSON object' : 'the object is not closed')
    result.reason = undefined
    result.host = host ?? hostname
    result.isAscii = seen < 0x80
    return result
  }

  function fail(reason: string): LineCheck {
    result.reason = reason
    return result
  }
}

function unexpected(state: number, depth: number, offset: number): string {
  if (depth === 0 && state === expectsNothing) return 'text after the object'
  return `byte ${offset + 1}: not what JSON allows there`
}

function wantedKey(bytes: Uint8Array, start: number, end: number): 0 | 1 | 2 {
  const length = end - start
  if (length === hostIdentifierKey.length) return equal(bytes, start, hostIdentifierKey) ? 1 : 0
  if (length === hostnameKey.length) return equal(bytes, start, hostnameKey) ? 2 : 0
  return 0
}

function equal(bytes: Uint8Array, start: number, expected: Uint8Array): boolean {
  for (let at = 0; at < expected.length; at++) if (bytes[start + at] !== expected[at]) return false
  return true
}

/** Decodes the inside of a JSON string; the same bytes as at the call before give the same string without decoding. */
function openStringCache(): (bytes: Uint8Array, start: number, end: number) => string | undefined {
  let lastBytes: Uint8Array = new Uint8Array(0)
  let last: string | undefined
  return (bytes, start, end) => {
    if (last !== undefined && end - start === lastBytes.length && equal(bytes, start, lastBytes)) return last
    lastBytes = bytes.slice(start, end)
    last = decodeString(lastBytes)
    return last
  }
}

function decodeString(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  if (!text.includes('\\')) return text
  try {
    return (JSON.parse(`"${text}"`) as string).toWellFormed()
  } catch {
    // An escape JSON does not know: the line is kept, but says nothing of its host.
    return undefined
  }
}
