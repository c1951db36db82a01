import { AppError } from '../../model/errors.ts'
import { at } from '../agent-config/findings.ts'

// JSON as agents read it from files (osquery's `stripConfigComments` and its parser): lines that begin with # or // are
// comments, a backslash at the end of a line joins the next one to it, a comma may stand before a closing bracket.
// Comments behind values are taken too, as packs in the wild have them.

export interface LenientJson {
  readonly value: unknown
  /** Paths of members given twice: the last one counts, an agent may take the first. */
  readonly repeated: readonly string[]
}

const nestingMax = 64

/** Throws `invalid_argument` with line and column for what is not JSON even so. */
export function parseLenientJson(text: string): LenientJson {
  const reader: Reader = { text: text.replace(/^\uFEFF/, ''), at: 0, repeated: [] }
  skipBlank(reader)
  const value = readValue(reader, '', 0)
  skipBlank(reader)
  if (reader.at < reader.text.length) throw refusal(reader, 'there is something behind the end')
  return { value, repeated: reader.repeated }
}

interface Reader {
  readonly text: string
  at: number
  readonly repeated: string[]
}

/** White space, comments, and backslashes at the ends of lines. */
const blank = /(?:[ \t\r\n]+|\\\r?\n|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y

function skipBlank(reader: Reader): void {
  blank.lastIndex = reader.at
  if (blank.test(reader.text)) reader.at = blank.lastIndex
}

/** Backslash-newline is nothing; a tab or line break as such is what osquery's parser takes too. */
const string = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y
const scalar = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

function readValue(reader: Reader, path: string, depth: number): unknown {
  if (depth > nestingMax) throw refusal(reader, `nested deeper than ${nestingMax} levels`)
  const first = reader.text[reader.at]
  if (first === '{') return readObject(reader, path, depth)
  if (first === '[') return readList(reader, path, depth)
  if (first === '"') return readString(reader)
  const text = take(reader, scalar)
  if (text === undefined) throw refusal(reader, first === undefined ? 'it ends too early' : 'this is no value')
  return JSON.parse(text)
}

function readString(reader: Reader): string {
  const start = reader.at
  const text = take(reader, string)
  if (text === undefined) throw refusal(reader, 'this text is not closed')
  const escaped = text
    .replace(/\\\r?\n/g, '')
    .replace(/[\u0000-\u001f]/g, character => JSON.stringify(character).slice(1, -1))
  try {
    return JSON.parse(escaped) as string
  } catch {
    reader.at = start
    throw refusal(reader, 'this text has an escape that JSON does not know')
  }
}

function readObject(reader: Reader, path: string, depth: number): object {
  const members = new Map<string, unknown>()
  readItems(reader, '}', () => {
    if (reader.text[reader.at] !== '"') throw refusal(reader, 'a name in double quotes is expected')
    const name = readString(reader)
    const place = at(path, name)
    skipBlank(reader)
    if (reader.text[reader.at] !== ':') throw refusal(reader, 'a colon is expected')
    reader.at += 1
    skipBlank(reader)
    if (members.has(name)) reader.repeated.push(place)
    members.set(name, readValue(reader, place, depth + 1))
  })
  return Object.fromEntries(members)
}

function readList(reader: Reader, path: string, depth: number): unknown[] {
  const items: unknown[] = []
  readItems(reader, ']', () => {
    items.push(readValue(reader, at(path, items.length), depth + 1))
  })
  return items
}

/** Items between the bracket that stands here and `end`, with commas between them and perhaps one behind the last. */
function readItems(reader: Reader, end: string, readItem: () => void): void {
  reader.at += 1
  for (;;) {
    skipBlank(reader)
    if (reader.text[reader.at] === end) break
    readItem()
    skipBlank(reader)
    if (reader.text[reader.at] === ',') reader.at += 1
    else if (reader.text[reader.at] !== end) throw refusal(reader, `a comma or ${end} is expected`)
  }
  reader.at += 1
}

function take(reader: Reader, pattern: RegExp): string | undefined {
  pattern.lastIndex = reader.at
  if (!pattern.test(reader.text)) return undefined
  const text = reader.text.slice(reader.at, pattern.lastIndex)
  reader.at = pattern.lastIndex
  return text
}

function refusal({ text, at: offset }: Reader, reason: string): AppError {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  const column = offset - before.lastIndexOf('\n')
  return new AppError('invalid_argument', `line ${line}:${column}: ${reason}`, { details: { line, column } })
}
