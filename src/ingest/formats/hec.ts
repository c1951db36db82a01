import { lineBytesMax } from '../../limits.ts'
import { decodeText, elementsOf, membersOf, type Slice } from '../../osquery/json-members.ts'
import { openLineChecker } from '../../osquery/line-check.ts'
import { type EventDefaults, type EventFacts, type EventLines, isJson, openEventLines } from './event-line.ts'
import { openObjectSplitter } from './object-splitter.ts'

// The bodies of the HTTP Event Collector (Splunk, "Format events for HTTP Event Collector") as lines of the lake. Both
// readers take the body as it arrives and give NDJSON.
//
// Of a body with an invalid event HEC takes the events before it and nothing from it on, and says its number: the lines
// end there, the body is still read to its end, and `refusal` says what was wrong.

export type HecRefusalKind =
  | 'noData'
  | 'invalidDataFormat'
  | 'incorrectIndex'
  | 'eventRequired'
  | 'eventBlank'
  | 'indexedFields'

export interface HecRefusal {
  readonly kind: HecRefusalKind
  /** From 0; undefined where it is about no event. */
  readonly eventNumber: number | undefined
}

export interface HecBody {
  /** NDJSON, to be read once. Fails as the body fails. */
  readonly lines: AsyncIterable<Buffer>
  /** After `lines` has ended; undefined: the whole body was taken. */
  refusal(): HecRefusal | undefined
}

/** What the request says for events that do not say it themselves; the keys of HEC's query string. */
export type HecDefaults = Pick<EventFacts, 'host' | 'source' | 'sourcetype' | 'index'>

/** An event with its string escaped and facts around it. */
const eventBytesMax = 2 * lineBytesMax + 64 * 1024
const newline = Buffer.from('\n')

/**
 * `/services/collector/event`: JSON objects one behind the other, each with an `event`. An event too long for a line is
 * handed on cut and without its end, so that the lake counts and keeps it among its rejected lines.
 */
export function readHecEvents(body: AsyncIterable<Buffer>, defaults: EventDefaults, request: HecDefaults): HecBody {
  const lines = openEventLines(defaults)
  const check = openLineChecker()
  let refusal: HecRefusal | undefined
  let count = 0
  let pending: Buffer[] = []

  const refuse = (kind: HecRefusalKind): void => {
    refusal ??= { kind, eventNumber: count }
  }
  const splitter = openObjectSplitter(
    {
      object(bytes) {
        if (refusal !== undefined) return
        const isWhole = check(bytes, 0, bytes.length).reason === undefined && isJson(bytes.toString('utf8'))
        const found = isWhole ? readEvent(bytes, lines, request) : invalid
        if (typeof found === 'string') return refuse(found)
        for (const line of found) pending.push(line, newline)
        count++
      },
      tooLong(beginning) {
        if (refusal !== undefined) return
        pending.push(tooLongLine(beginning), newline)
        count++
      },
      garbage: () => refuse('invalidDataFormat'),
    },
    eventBytesMax,
  )
  function* take(): Generator<Buffer> {
    if (pending.length > 0) yield Buffer.concat(pending)
    pending = []
  }
  async function* read(): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      splitter.push(chunk)
      yield* take()
    }
    if (splitter.end()) refuse('invalidDataFormat')
    else if (count === 0 && refusal === undefined) refusal = { kind: 'noData', eventNumber: undefined }
  }
  return { lines: read(), refusal: () => refusal }
}

const invalid = 'invalidDataFormat'

/** The lake's scanner says of such a line that it is too long, and keeps its beginning. */
function tooLongLine(beginning: Buffer): Buffer {
  return Buffer.concat([beginning, Buffer.alloc(lineBytesMax, ' '), Buffer.from('.')])
}

/** `/services/collector/raw`: a text, each line of it an event. */
export function readHecRaw(body: AsyncIterable<Buffer>, defaults: EventDefaults, request: HecDefaults): HecBody {
  const lines = openEventLines(defaults)
  const facts: EventFacts = { ...request, time: undefined, fields: undefined }
  let held: Buffer[] = []
  let heldBytes = 0
  let count = 0

  function finish(): readonly Buffer[] {
    const bytes = Buffer.concat(held)
    const isTooLong = heldBytes > eventBytesMax
    held = []
    heldBytes = 0
    const text = bytes.toString('utf8')
    if (text.trim() === '') return []
    count++
    const found = isTooLong ? [tooLongLine(bytes)] : lines.ofText(text.replace(/\r$/, ''), facts)
    return found.flatMap(line => [line, newline])
  }
  function hold(bytes: Buffer): void {
    const isWithin = heldBytes <= eventBytesMax
    heldBytes += bytes.length
    if (!isWithin) return
    held.push(bytes)
    if (heldBytes > eventBytesMax) held = [Buffer.from(Buffer.concat(held).subarray(0, 4 * 1024))]
  }
  async function* read(): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      const found: Buffer[] = []
      let begin = 0
      for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, begin)) {
        hold(chunk.subarray(begin, end))
        found.push(...finish())
        begin = end + 1
      }
      hold(chunk.subarray(begin))
      if (found.length > 0) yield Buffer.concat(found)
    }
    const last = finish()
    if (last.length > 0) yield Buffer.concat(last)
  }
  return { lines: read(), refusal: () => (count === 0 ? { kind: 'noData', eventNumber: undefined } : undefined) }
}

/** The lines of one event, or why it is none. */
function readEvent(bytes: Buffer, lines: EventLines, request: HecDefaults): readonly Buffer[] | HecRefusalKind {
  const members = membersOf(bytes, 0, bytes.length)
  const event = members.get('event')
  if (event === undefined || isNull(bytes, event)) return 'eventRequired'
  if (isBlank(bytes, event)) return 'eventBlank'
  const texts = { host: request.host, source: request.source, sourcetype: request.sourcetype, index: request.index }
  for (const key of ['host', 'source', 'sourcetype', 'index'] as const) {
    const value = members.get(key)
    if (value === undefined || isNull(bytes, value)) continue
    const text = plainText(bytes, value)
    if (text === undefined) return key === 'index' ? 'incorrectIndex' : 'invalidDataFormat'
    if (text !== '') texts[key] = text
  }
  const time = readTime(bytes, members.get('time'))
  if (time === null) return 'invalidDataFormat'
  const fields = readFields(bytes, members.get('fields'))
  if (fields === null) return 'indexedFields'
  return lines.ofValue(bytes, event, { ...texts, time, fields })
}

function isNull(bytes: Buffer, { start, end }: Slice): boolean {
  return end - start === 4 && bytes.toString('latin1', start, end) === 'null'
}

function isBlank(bytes: Buffer, value: Slice): boolean {
  const text = decodeText(bytes, value)
  if (text !== undefined) return text.trim() === ''
  return bytes[value.start] === 0x7b && membersOf(bytes, value.start, value.end).size === 0
}

/** The text of a string, number or truth value; undefined for anything else. */
function plainText(bytes: Buffer, value: Slice): string | undefined {
  const text = decodeText(bytes, value)
  if (text !== undefined) return text
  const json = bytes.toString('latin1', value.start, value.end)
  return /^(?:true|false|-?\d[\d.eE+-]*)$/.test(json) ? json : undefined
}

/** Later than any time in seconds that a timestamp can hold, and before any in milliseconds that matters: 1973. */
const millisecondsMin = 100_000_000_000

/**
 * Seconds as decimal digits, from a number or a text of one, in milliseconds where it cannot be seconds; undefined: it
 * says none; null: what it says is no time.
 */
function readTime(bytes: Buffer, value: Slice | undefined): string | null | undefined {
  if (value === undefined || isNull(bytes, value)) return undefined
  const text = plainText(bytes, value)?.trim() ?? ''
  if (text === '') return decodeText(bytes, value) === undefined ? null : undefined
  const number = Number(text)
  if (!/^\d+(?:\.\d*)?(?:[eE][+-]?\d+)?$/.test(text) || !Number.isFinite(number)) return null
  if (number >= millisecondsMin) return String(number / 1000)
  return /^(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text) ? text : String(number)
}

/** null: one of them is an object, or an array of anything but plain values. */
function readFields(bytes: Buffer, value: Slice | undefined): ReadonlyMap<string, string> | null | undefined {
  if (value === undefined || isNull(bytes, value)) return undefined
  if (bytes[value.start] !== 0x7b) return null
  const fields = new Map<string, string>()
  for (const [key, field] of membersOf(bytes, value.start, value.end)) {
    const isArray = bytes[field.start] === 0x5b
    const plain = isArray ? elementsOf(bytes, field.start, field.end) : [field]
    if (plain.some(({ start }) => bytes[start] === 0x7b || bytes[start] === 0x5b)) return null
    fields.set(key, bytes.toString('utf8', field.start, field.end).replace(/[\r\n]/g, ' '))
  }
  return fields
}
