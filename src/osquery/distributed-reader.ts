import {
  liveAnswerBytesMax,
  liveAnswerRowsMax,
  liveMessageCharsMax,
  liveQueriesPerWriteMax,
  liveRowBytesMax,
} from '../limits/live.ts'
import { AppError } from '../model/errors.ts'
import type { DistributedAnswer, DistributedRow, DistributedStats, DistributedWrite } from './distributed.ts'

// A distributed/write body taken apart as its bytes arrive: an agent sends a refused body for ever, so a huge one is
// read to its end, its rows counted, and no more of it held than the bounds allow. Brackets and strings are followed by
// the byte; each row, and each of the small members, is parsed on its own.
//
// Where the reader is, by open brackets: 1 in the body · 2 in `queries` · 3 in the rows of a query · 4 in a row.

export interface DistributedBounds {
  readonly rowsMax: number
  /** Of one query's rows, as they came. */
  readonly bytesMax: number
  readonly rowBytesMax: number
  readonly queriesMax: number
}

export interface DistributedReader {
  /** The chunk must not change afterwards. Throws `invalid_argument` for what cannot be a JSON object. */
  push(chunk: Buffer): void
  /** The body is complete. */
  end(): DistributedWrite
}

const defaults: DistributedBounds = {
  rowsMax: liveAnswerRowsMax,
  bytesMax: liveAnswerBytesMax,
  rowBytesMax: liveRowBytesMax,
  queriesMax: liveQueriesPerWriteMax,
}

/** All that stands beside the rows: keys, statuses, messages, figures. */
const memberBytesMax = 4 * 1024 * 1024
const depthMax = 64

interface Rows {
  readonly rows: DistributedRow[]
  bytes: number
  dropped: number
  /** A bound is reached: what is kept is the beginning. */
  isFull: boolean
}

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a]
const [objectOpen, objectClose, arrayOpen, arrayClose] = [0x7b, 0x7d, 0x5b, 0x5d]

export function openDistributedReader(given: Partial<DistributedBounds> = {}): DistributedReader {
  const bounds = { ...defaults, ...given }
  const members = new Map<string, unknown>()
  const queries = new Map<string, Rows>()
  let depth = 0
  let isEnded = false
  let isString = false
  let isEscaped = false
  let isInQueries = false
  /** Keys of the body and of `queries`; undefined: the next string is one. */
  let member: string | undefined
  let query: string | undefined
  // The piece under way: a key, a member's value or a row.
  let piece: Buffer[] | undefined
  let pieceBytes = 0
  let pieceStart = 0

  function begin(at: number): void {
    piece = []
    pieceBytes = 0
    pieceStart = at
  }

  /** Takes what the chunk has of the piece; past the bound its bytes are counted only. */
  function take(chunk: Buffer, end: number): void {
    if (piece === undefined) return
    pieceBytes += end - pieceStart
    if (pieceBytes <= memberBytesMax) piece.push(chunk.subarray(pieceStart, end))
    else piece = []
    pieceStart = 0
  }

  /** The piece's text; undefined: it was too long. */
  function finish(chunk: Buffer, end: number): string | undefined {
    take(chunk, end)
    const held = piece ?? []
    const isWhole = pieceBytes <= memberBytesMax
    piece = undefined
    return isWhole ? (held.length === 1 ? held[0]! : Buffer.concat(held)).toString('utf8') : undefined
  }

  function endKey(text: string | undefined): void {
    const key = text === undefined ? '' : (parse(text) as string)
    if (depth === 1) member = key
    else query = key
  }

  function endMember(text: string | undefined): void {
    if (member !== undefined && text !== undefined && text.trim() !== '') members.set(member, parse(text))
    member = undefined
  }

  function endQuery(): void {
    // A failed query has an empty text in place of rows.
    if (query !== undefined && !queries.has(query)) rowsOf(query, true)
    query = undefined
  }

  function rowsOf(id: string, isNew: boolean): Rows | undefined {
    const known = queries.get(id)
    if (known !== undefined && !isNew) return known
    if (known === undefined && queries.size >= bounds.queriesMax) return undefined
    const rows = { rows: [], bytes: 0, dropped: 0, isFull: false }
    queries.set(id, rows)
    return rows
  }

  function endRow(text: string | undefined): void {
    const target = query === undefined ? undefined : rowsOf(query, false)
    if (target === undefined) return
    const { rows } = target
    if (rows.length >= bounds.rowsMax || target.bytes + pieceBytes > bounds.bytesMax) target.isFull = true
    const isWanted = !target.isFull && pieceBytes <= bounds.rowBytesMax
    const row = isWanted && text !== undefined ? parseRow(text) : undefined
    if (row === undefined) {
      target.dropped += 1
      return
    }
    target.bytes += pieceBytes
    rows.push(row)
  }

  function openBracket(byte: number, at: number): void {
    depth++
    if (isEnded || depth > depthMax || (depth === 1 && byte !== objectOpen)) throw malformed()
    if (depth === 2 && member === 'queries' && byte === objectOpen) {
      isInQueries = true
      piece = undefined
    } else if (depth === 3 && isInQueries && query !== undefined && byte === arrayOpen) rowsOf(query, true)
    else if (depth === 4 && isInQueries && byte === objectOpen) begin(at)
  }

  function closeBracket(chunk: Buffer, at: number): void {
    if (depth === 4 && isInQueries && piece !== undefined) endRow(finish(chunk, at + 1))
    else if (depth === 2 && isInQueries) {
      endQuery()
      isInQueries = false
    } else if (depth === 1) endMember(piece === undefined ? undefined : finish(chunk, at))
    if (--depth < 0) throw malformed()
    if (depth === 0) isEnded = true
  }

  /** Whether a string that opens here is a key of the body or of `queries`. */
  function isKey(): boolean {
    return depth === 1 ? member === undefined : depth === 2 && isInQueries && query === undefined
  }

  function sign(chunk: Buffer, at: number): void {
    const byte = chunk[at]!
    if (byte === objectOpen || byte === arrayOpen) openBracket(byte, at)
    else if (byte === objectClose || byte === arrayClose) closeBracket(chunk, at)
    else if (byte === comma && depth === 1) endMember(piece === undefined ? undefined : finish(chunk, at))
    else if (byte === comma && depth === 2 && isInQueries) endQuery()
    else if (byte === colon && depth === 1) begin(at + 1)
  }

  function push(chunk: Buffer): void {
    let isInKey = isString && piece !== undefined && isKey()
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!
      if (isString) {
        if (isEscaped) isEscaped = false
        else if (byte === backslash) isEscaped = true
        else if (byte === quote) {
          isString = false
          if (isInKey) endKey(finish(chunk, at + 1))
          isInKey = false
        }
        continue
      }
      if (byte === quote) {
        isString = true
        isInKey = isKey()
        if (isInKey) begin(at)
        if (depth === 0) throw malformed()
      } else if (byte === objectOpen || byte === arrayOpen || byte > 0x2b) sign(chunk, at)
    }
    take(chunk, chunk.length)
  }

  function end(): DistributedWrite {
    if (!isEnded || depth !== 0 || isString) throw malformed()
    const nodeKey = members.get('node_key')
    const answers = new Map<string, DistributedAnswer>()
    const [statuses, messages, stats] = ['statuses', 'messages', 'stats'].map(name => entriesOf(members.get(name)))
    const ids = new Set([...queries.keys(), ...statuses!.keys()])
    for (const id of [...ids].slice(0, bounds.queriesMax)) {
      const { rows, dropped } = queries.get(id) ?? { rows: [], dropped: 0 }
      const status = statusOf(statuses!.get(id))
      const figures = { stats: statsOf(stats!.get(id)) }
      answers.set(id, { status, message: messageOf(messages!.get(id)), rows, droppedRows: dropped, ...figures })
    }
    return { nodeKey: typeof nodeKey === 'string' ? nodeKey : undefined, answers }
  }

  return { push, end }
}

/** The body of distributed/write. Throws `invalid_argument` for one that is no JSON object. */
export function parseDistributedWrite(bytes: Buffer, bounds?: Partial<DistributedBounds>): DistributedWrite {
  const reader = openDistributedReader(bounds)
  reader.push(bytes)
  return reader.end()
}

function malformed(cause?: unknown): AppError {
  return new AppError('invalid_argument', 'the body is not a JSON object', { cause })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw malformed(error)
  }
}

/** A number that is a value: alone, behind a name. */
const bareNumber = /:\s*-?\d/
/** Half a character, which no text of the lake, and few readers of its answers, can hold. */
const surrogate = /\\u[dD][89a-fA-F]/

/** The row with every value as text, numbers with the digits they came with; undefined for what is no JSON. */
function parseRow(text: string): DistributedRow | undefined {
  let value: Record<string, unknown>
  try {
    value = bareNumber.test(text)
      ? JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown)
      : JSON.parse(text)
  } catch {
    return undefined
  }
  const entries = Object.entries(value)
  const isHalved = surrogate.test(text)
  if (!isHalved && entries.every(([, each]) => typeof each === 'string')) return value as DistributedRow
  return Object.fromEntries(
    entries.map(([name, each]) =>
      isHalved ? [name.toWellFormed(), textOf(each)?.toWellFormed() ?? null] : [name, textOf(each)],
    ),
  )
}

function keepDigits(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  return typeof value === 'number' ? (context.source ?? String(value)) : value
}

function textOf(value: unknown): string | null {
  if (value === null || typeof value === 'string') return value
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function entriesOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : [])
}

/** A code of SQLite, as number or text. Before there were statuses, rows meant success. */
function statusOf(value: unknown): number {
  if (value === undefined || value === null) return 0
  const code = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof code === 'number' && Number.isInteger(code) ? code : 1
}

function messageOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.slice(0, liveMessageCharsMax).toWellFormed()
}

function statsOf(value: unknown): DistributedStats {
  const members = entriesOf(value)
  const figure = (name: string) => {
    const text = members.get(name)
    const number = typeof text === 'string' && text.trim() !== '' ? Number(text) : text
    return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? Math.trunc(number) : undefined
  }
  return {
    wallTimeMs: figure('wall_time_ms'),
    userTimeMs: figure('user_time'),
    systemTimeMs: figure('system_time'),
    memoryBytes: figure('memory'),
  }
}
