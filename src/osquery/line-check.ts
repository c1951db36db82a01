// The structure check of one result-log line, over bytes: is it one JSON object, and whose? It walks the grammar's
// tokens (braces, brackets, commas, colons, strings) and parses no value: numbers and literals only need to be made of
// their characters, escapes are not decoded. What such a value means is the converter's question, which keeps the raw
// text where it has no answer. On the hot path of ingest: one pass, no allocation for a line of the host before it.

/** Levels of braces and brackets in one line; osquery uses three. Bounded by the bits of the stack below. */
const depthMax = 30

const hostIdentifierKey = Buffer.from('hostIdentifier')
const hostnameKey = Buffer.from('hostname')
const snapshotKey = Buffer.from('snapshot')
const columnsKey = Buffer.from('columns')
const messageKey = Buffer.from('message')
const diffResultsKey = Buffer.from('diffResults')
const eventKey = Buffer.from('event')
const logKey = Buffer.from('log')

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
const refused = 0
const start = 1
const value = 2
const valueOrEnd = 3
const key = 4
const keyOrEnd = 5
const colonOnly = 6
const commaOrEnd = 7
const nothing = 8

// Kinds of keys, one bit each.
const otherKey = 0
const identifierKind = 1
const hostnameKind = 2
const rowsKind = 4
const wrapperKind = 8

/** `transitions[state * 10 + kind]`. What depends on the brackets around it is in `check`. */
const transitions = new Uint8Array(90)
const allow = (state: number, kind: number, next: number) => {
  transitions[state * 10 + kind] = next
}
for (let state = start; state <= nothing; state++) allow(state, whitespace, state)
allow(start, objectOpen, keyOrEnd)
for (const state of [value, valueOrEnd]) {
  allow(state, quote, commaOrEnd)
  allow(state, scalar, commaOrEnd)
  allow(state, objectOpen, keyOrEnd)
  allow(state, arrayOpen, valueOrEnd)
}
for (const state of [key, keyOrEnd]) allow(state, quote, colonOnly)
allow(colonOnly, colon, value)
allow(commaOrEnd, comma, value)
allow(commaOrEnd, objectClose, commaOrEnd)
allow(commaOrEnd, arrayClose, commaOrEnd)
allow(keyOrEnd, objectClose, commaOrEnd)
allow(valueOrEnd, arrayClose, commaOrEnd)

export interface LineCheck {
  /** Why the last line is no JSON object; undefined when it is one. */
  reason: string | undefined
  /** The line's own `hostIdentifier`, else its `hostname`: top level, strings, the first of each. */
  host: string | undefined
  /** A key at the top level under which shippers put a line of theirs, and none under which osquery puts rows. */
  isWrapper: boolean
  /** Behind the first object; 0 where it is not whole. */
  end: number
  /** Where text after it begins, which is a reason but leaves the object's host known; 0 where there is none. */
  rest: number
}

/**
 * A checker with a memory of the last host. `check` looks at `bytes[begin, end)`, which must begin and end with a byte
 * that is not white space, and returns the same object at every call.
 */
export function openLineChecker(): (bytes: Uint8Array, begin: number, end: number) => LineCheck {
  const result: LineCheck = { reason: undefined, host: undefined, isWrapper: false, end: 0, rest: 0 }
  const identifiers = openStringCache()
  const hostnames = openStringCache()

  return function check(bytes, begin, end) {
    let state = start
    let depth = 0
    // One bit a level, the innermost lowest: 1 object, 0 array.
    let stack = 0
    // The key, at the top level, that the next value belongs to, and all those that were there.
    let wanted = otherKey
    let seen = 0
    let host: string | undefined
    let hostname: string | undefined
    result.host = undefined
    result.isWrapper = false
    result.end = 0
    result.rest = 0
    for (let at = begin; at < end; at++) {
      const kind = kinds[bytes[at]!]!
      let next = transitions[state * 10 + kind]!
      if (next === refused) {
        if (state !== nothing) return fail(refusal(state, at - begin))
        result.rest = at
        break
      }
      switch (kind) {
        case quote: {
          const opened = at + 1
          at = stringEnd(bytes, opened, end)
          if (at < 0) return fail(`byte ${-at - begin}: a control character in a string`)
          if (at >= end) return fail('a string is not closed')
          if (depth > 1) break
          if (next === colonOnly) {
            wanted = keyKind(bytes, opened, at)
            seen |= wanted
          } else if (wanted === identifierKind) host ??= identifiers(bytes, opened, at)
          else if (wanted === hostnameKind) hostname ??= hostnames(bytes, opened, at)
          break
        }
        case scalar:
          while (at + 1 < end && kinds[bytes[at + 1]!] === scalar) at++
          break
        case comma:
          if ((stack & 1) === 1) next = key
          break
        case objectOpen:
        case arrayOpen:
          if (depth === depthMax) return fail(`nested deeper than ${depthMax} levels`)
          depth++
          stack = (stack << 1) | (kind === objectOpen ? 1 : 0)
          break
        case objectClose:
        case arrayClose:
          if ((stack & 1) !== (kind === objectClose ? 1 : 0)) return fail(refusal(state, at - begin))
          stack >>>= 1
          if (--depth === 0) {
            next = nothing
            result.end = at + 1
          }
      }
      state = next
    }
    if (state !== nothing) return fail(state === start ? 'not a JSON object' : 'the object is not closed')
    result.reason = result.rest === 0 ? undefined : 'text after the object'
    result.host = host ?? hostname
    result.isWrapper = (seen & wrapperKind) !== 0 && (seen & rowsKind) === 0
    return result
  }

  function fail(reason: string): LineCheck {
    result.reason = reason
    return result
  }
}

/**
 * Where the string that begins at `from` has its closing quote; `end` or more: nowhere; -(n + 1): byte n is a control.
 */
function stringEnd(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    const byte = bytes[at]!
    if (byte === 0x22) return at
    if (byte === 0x5c) at++
    else if (byte < 0x20) return -at - 1
  }
  return end
}

function refusal(state: number, offset: number): string {
  return state === start ? 'not a JSON object' : `byte ${offset + 1}: not what JSON allows there`
}

function keyKind(bytes: Uint8Array, from: number, end: number): number {
  switch (end - from) {
    case 14:
      return equal(bytes, from, hostIdentifierKey) ? identifierKind : otherKey
    case 8:
      if (equal(bytes, from, snapshotKey)) return rowsKind
      return equal(bytes, from, hostnameKey) ? hostnameKind : otherKey
    case 7:
      if (equal(bytes, from, columnsKey)) return rowsKind
      return equal(bytes, from, messageKey) ? wrapperKind : otherKey
    case 11:
      return equal(bytes, from, diffResultsKey) ? rowsKind : otherKey
    case 5:
      return equal(bytes, from, eventKey) ? wrapperKind : otherKey
    case 3:
      return equal(bytes, from, logKey) ? wrapperKind : otherKey
    default:
      return otherKey
  }
}

function equal(bytes: Uint8Array, from: number, expected: Uint8Array): boolean {
  for (let at = 0; at < expected.length; at++) if (bytes[from + at] !== expected[at]) return false
  return true
}

/** Decodes the inside of a JSON string; the same bytes as at the call before give the same string without decoding. */
function openStringCache(): (bytes: Uint8Array, from: number, end: number) => string | undefined {
  let lastBytes: Uint8Array = new Uint8Array(0)
  let last: string | undefined
  return (bytes, from, end) => {
    if (last !== undefined && end - from === lastBytes.length && equal(bytes, from, lastBytes)) return last
    lastBytes = bytes.slice(from, end)
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
