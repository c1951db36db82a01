import { decodeText, elementsOf, type Slice } from '../../osquery/json-members.ts'
import { type LineCheck, openLineChecker } from '../../osquery/line-check.ts'
import { linesInObject, linesInText } from '../../osquery/wrapped-line.ts'

// An event of a shipper's, whatever it is about, as lines of the lake. Osquery's own lines stay byte for byte what they
// are. Anything else becomes one line of the same form, so that it is queried like every other row:
//
//   query_name        sourcetype, else source, else `event`
//   hostIdentifier    host, else the address that sent it
//   unixTime          time, else that of receipt
//   columns           the event's own members, also where it is a text of them; `message` holds any other event
//   meta_*            source, sourcetype, index, and the indexed fields

/** What the shipper says of an event, beside it. */
export interface EventFacts {
  readonly host: string | undefined
  readonly source: string | undefined
  readonly sourcetype: string | undefined
  readonly index: string | undefined
  /** Seconds since the epoch, as decimal digits; undefined: it does not say. */
  readonly time: string | undefined
  /** Indexed fields by name, as JSON text without line ends. */
  readonly fields: ReadonlyMap<string, string> | undefined
}

export interface EventDefaults {
  /** For events that name no host. */
  readonly host: string
  /** For events that name no time: seconds, as decimal digits. */
  readonly time: string
}

export interface EventLines {
  /** The lines of one event: its value is `bytes[start, end)`, out of an object that passed the line check. */
  ofValue(bytes: Buffer, value: Slice, facts: EventFacts): readonly Buffer[]
  /** The lines of a text that is an event as a whole; it is not blank. */
  ofText(text: string, facts: EventFacts): readonly Buffer[]
}

export function openEventLines(defaults: EventDefaults): EventLines {
  const check = openLineChecker()

  function withHost(line: Buffer, facts: EventFacts): Buffer {
    const { reason, host }: LineCheck = check(line, 0, line.length)
    if (reason !== undefined || host !== undefined) return line
    const member = `{"hostIdentifier":${JSON.stringify(facts.host ?? defaults.host)},`
    return Buffer.concat([Buffer.from(member), line.subarray(1)])
  }

  /** `columns`: JSON text of an object, without any line end that would cut it. */
  function generic(columns: Buffer | string, facts: EventFacts): Buffer {
    const { source, sourcetype, index, fields } = facts
    const hostIdentifier = facts.host ?? defaults.host
    const said = Object.entries({ hostname: hostIdentifier, source, sourcetype, index })
      .filter(([key, value]) => value !== undefined && fields?.has(key) !== true)
      .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
    const decorations = [...said, ...Array.from(fields ?? [], ([key, json]) => `${JSON.stringify(key)}:${json}`)]
    const head =
      `{"name":${JSON.stringify(sourcetype ?? source ?? 'event')},"hostIdentifier":${JSON.stringify(hostIdentifier)},` +
      `"unixTime":${facts.time ?? defaults.time},"decorations":{${decorations.join(',')}},"columns":`
    return Buffer.concat([Buffer.from(head), Buffer.from(columns), Buffer.from('}')])
  }

  function ofObject(bytes: Buffer, value: Slice, facts: EventFacts): readonly Buffer[] {
    const lines = linesInObject(check, bytes, value)
    if (lines !== undefined) return lines.map(line => withHost(withoutLineEnds(line), facts))
    return [generic(withoutLineEnds(bytes.subarray(value.start, value.end)), facts)]
  }

  function ofText(text: string, facts: EventFacts): readonly Buffer[] {
    const lines = linesInText(check, text)
    if (lines !== undefined) return lines.map(line => withHost(withoutLineEnds(line), facts))
    const object = /^\s*\{/.test(text) ? Buffer.from(text.trim()) : undefined
    const isObject = object !== undefined && check(object, 0, object.length).reason === undefined && isJson(text)
    if (isObject) return [generic(withoutLineEnds(object), facts)]
    return [generic(JSON.stringify({ message: text.toWellFormed() }), facts)]
  }

  function ofArray(bytes: Buffer, value: Slice, facts: EventFacts): readonly Buffer[] | undefined {
    const lines: Buffer[] = []
    for (const element of elementsOf(bytes, value.start, value.end)) {
      const found = bytes[element.start] === 0x7b ? linesInObject(check, bytes, element) : undefined
      if (found === undefined) return undefined
      lines.push(...found)
    }
    return lines.length === 0 ? undefined : lines.map(line => withHost(withoutLineEnds(line), facts))
  }

  function ofValue(bytes: Buffer, value: Slice, facts: EventFacts): readonly Buffer[] {
    const first = bytes[value.start]
    if (first === 0x7b) return ofObject(bytes, value, facts)
    const text = decodeText(bytes, value)
    if (text !== undefined) return ofText(text, facts)
    const lines = first === 0x5b ? ofArray(bytes, value, facts) : undefined
    if (lines !== undefined) return lines
    return [generic(JSON.stringify({ message: bytes.toString('utf8', value.start, value.end) }), facts)]
  }

  return { ofValue, ofText }
}

/** The line check looks at no value: this does. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Line ends stand between the tokens of a pretty-printed object, never inside a string: there they are no JSON. */
function withoutLineEnds(json: Buffer): Buffer {
  if (!json.includes(0x0a) && !json.includes(0x0d)) return json
  const line = Buffer.from(json)
  for (let at = 0; at < line.length; at++) if (line[at] === 0x0a || line[at] === 0x0d) line[at] = 0x20
  return line
}
