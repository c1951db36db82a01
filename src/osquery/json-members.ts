// The members of a JSON object as places in its bytes: what stands there can be handed on as it was written, digits and
// escapes included, which parsing and writing again would change.

/** `bytes[start, end)`, without white space around it. */
export interface Slice {
  readonly start: number
  readonly end: number
}

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c

/**
 * Where the value of each member at the top level stands; of two with one name the last. `bytes[start, end)` is an
 * object that passed the line check, begin and end at its braces.
 */
export function membersOf(bytes: Buffer, start: number, end: number): ReadonlyMap<string, Slice> {
  const members = new Map<string, Slice>()
  let at = skipSpace(bytes, start + 1)
  while (at < end - 1) {
    const keyEnd = stringEnd(bytes, at)
    const valueStart = skipSpace(bytes, skipSpace(bytes, keyEnd) + 1)
    const valueEnd = endOfValue(bytes, valueStart)
    members.set(decodeText(bytes, { start: at, end: keyEnd }) ?? '', { start: valueStart, end: valueEnd })
    at = skipSpace(bytes, valueEnd)
    if (bytes[at] === comma) at = skipSpace(bytes, at + 1)
  }
  return members
}

/** Where the elements of an array stand; `bytes[start, end)` is one, of an object that passed the line check. */
export function elementsOf(bytes: Buffer, start: number, end: number): readonly Slice[] {
  const elements: Slice[] = []
  let at = skipSpace(bytes, start + 1)
  while (at < end - 1) {
    const valueEnd = endOfValue(bytes, at)
    elements.push({ start: at, end: valueEnd })
    at = skipSpace(bytes, valueEnd)
    if (bytes[at] === comma) at = skipSpace(bytes, at + 1)
  }
  return elements
}

/** The text of a JSON string; undefined for another value, and where an escape is none that JSON knows. */
export function decodeText(bytes: Buffer, { start, end }: Slice): string | undefined {
  if (bytes[start] !== quote) return undefined
  const text = bytes.toString('utf8', start + 1, end - 1)
  if (!text.includes('\\')) return text
  try {
    return (JSON.parse(`"${text}"`) as string).toWellFormed()
  } catch {
    return undefined
  }
}

function endOfValue(bytes: Buffer, start: number): number {
  const first = bytes[start]
  if (first === quote) return stringEnd(bytes, start)
  let at = start
  if (first !== 0x7b && first !== 0x5b) {
    while (!isValueEnd(bytes[at]!)) at++
    return at
  }
  let depth = 0
  for (;;) {
    const byte = bytes[at]!
    if (byte === quote) {
      at = stringEnd(bytes, at)
      continue
    }
    at++
    if (byte === 0x7b || byte === 0x5b) depth++
    else if ((byte === 0x7d || byte === 0x5d) && --depth === 0) return at
  }
}

/** Behind the closing quote of the string that opens at `start`. */
function stringEnd(bytes: Buffer, start: number): number {
  let at = start + 1
  while (bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1
  return at + 1
}

function isValueEnd(byte: number): boolean {
  return byte === comma || byte === 0x7d || byte === 0x5d || isSpace(byte)
}

function skipSpace(bytes: Buffer, start: number): number {
  let at = start
  while (isSpace(bytes[at]!)) at++
  return at
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
