// Values of both sides in one form, guided by the type Trino gave: text for what has digits, so that nothing is lost,
// and doubles by twelve digits, since the order in which they are added is nobody's promise.

export type Canonical = string | boolean | null | readonly Canonical[]

/** A type as Trino prints it, taken apart: `map(varchar(3), array(bigint))`. */
export interface TypeTree {
  readonly name: string
  readonly items: readonly TypeTree[]
  /** A row's field names. */
  readonly names: readonly (string | undefined)[]
}

/** The type without what two right answers may differ in: the length of a varchar, blanks and capitals. */
export function comparableType(type: string): string {
  return type
    .toLowerCase()
    .replace(/\bvarchar\(\d+\)/g, 'varchar')
    .replace(/, /g, ',')
}

export function parseType(text: string): TypeTree {
  const open = text.indexOf('(')
  if (open === -1 || /^interval/i.test(text)) return { name: text, items: [], names: [] }
  const name = text.slice(0, open)
  if (!['array', 'map', 'row'].includes(name)) {
    return { name: text.includes('with time zone') ? `${name} with time zone` : name, items: [], names: [] }
  }
  const parts = splitTop(text.slice(open + 1, text.lastIndexOf(')')))
  if (name !== 'row') return { name, items: parts.map(parseType), names: [] }
  const fields = parts.map(part => {
    const named = /^("(?:[^"]|"")*"|[A-Za-z_]\w*) (.+)$/.exec(part)
    const isNamed = named !== null && !/^(time|timestamp|interval)\b/.test(part)
    return isNamed ? { name: named[1]!, type: named[2]! } : { name: undefined, type: part }
  })
  return { name, items: fields.map(field => parseType(field.type)), names: fields.map(field => field.name) }
}

function splitTop(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++
    if (text[at] === ')') depth--
    if (text[at] === ',' && depth === 0) {
      parts.push(text.slice(start, at).trim())
      start = at + 1
    }
  }
  parts.push(text.slice(start).trim())
  return parts
}

/** A value of Trino's JSON answer. */
export function fromTrino(value: unknown, type: TypeTree): Canonical {
  if (value === null || value === undefined) return null
  switch (type.name) {
    case 'array':
      return (value as unknown[]).map(item => fromTrino(item, type.items[0]!))
    case 'row':
      return (value as unknown[]).map((item, index) => fromTrino(item, type.items[index]!))
    case 'map':
      return entries(
        Object.entries(value as object).map(([key, item]) => [
          fromTrino(key, type.items[0]!),
          fromTrino(item, type.items[1]!),
        ]),
      )
    case 'varbinary':
      return Buffer.from(String(value), 'base64').toString('hex')
    case 'timestamp with time zone':
      return instantText(String(value))
    default:
      return scalar(value, type.name)
  }
}

/** A value of the engine's own JSON rows. */
export function fromEngine(value: unknown, type: TypeTree): Canonical {
  if (value === null || value === undefined) return null
  switch (type.name) {
    case 'array':
      return Array.isArray(value) ? value.map(item => fromEngine(item, type.items[0]!)) : String(value)
    case 'row':
      return Object.values(value as object).map((item, index) => fromEngine(item, type.items[index]!))
    case 'map':
      return entries(
        (value as { key: unknown; value: unknown }[]).map(entry => [
          fromEngine(entry.key, type.items[0]!),
          fromEngine(entry.value, type.items[1]!),
        ]),
      )
    case 'varbinary':
      return blobHex(String(value))
    case 'timestamp with time zone':
      return instantText(`${String(value)} UTC`)
    default:
      return scalar(value, type.name)
  }
}

function entries(pairs: (readonly [Canonical, Canonical])[]): Canonical {
  return pairs.map(pair => [...pair]).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

const doubleDigits = 12

function scalar(value: unknown, type: string): Canonical {
  if (typeof value === 'boolean') return value
  const text = String(value)
  switch (type) {
    case 'boolean':
      return text === 'true'
    case 'double':
    case 'real': {
      const number = Number(text)
      if (!Number.isFinite(number)) return text
      const digits = type === 'real' ? 6 : doubleDigits
      return String(Number(number.toPrecision(digits)) + 0)
    }
    case 'timestamp':
    case 'time':
      return trimFraction(text)
    case 'char':
      return text.trimEnd()
    default:
      return text
  }
}

/** `12:00:00.120` as `12:00:00.12`, `12:00:00.000` as `12:00:00`. */
function trimFraction(text: string): string {
  return text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')
}

/** A point in time in UTC, whatever zone it is shown in. */
function instantText(text: string): string {
  const match = /^(\S+ \d{2}:\d{2}:\d{2})(?:\.(\d+))? (\S+)$/.exec(text)
  if (match === null) return text
  const [, local, fraction = '', zone] = match
  const utc = Date.parse(`${local!.replace(' ', 'T')}Z`)
  // The zone's offset is that of the instant looked for, which the first offset is near enough to tell.
  const shifted = utc - zoneOffsetMs(zone!, utc - zoneOffsetMs(zone!, utc))
  if (Number.isNaN(shifted)) return text
  const shown = new Date(shifted).toISOString().replace('T', ' ').slice(0, 19)
  return trimFraction(`${shown}.${fraction.padEnd(1, '0')}`)
}

/** How far a zone's wall clock is ahead of UTC at the time `utc`. */
function zoneOffsetMs(zone: string, utc: number): number {
  if (zone === 'UTC' || zone === 'Z') return 0
  const fixed = /^([+-])(\d{2}):(\d{2})$/.exec(zone)
  if (fixed !== null) return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3])) * 60_000
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(utc)
  const name = parts.find(part => part.type === 'timeZoneName')?.value ?? 'GMT'
  return name === 'GMT' ? 0 : zoneOffsetMs(name.replace('GMT', ''), utc)
}

/** The engine prints bytes that are no ASCII letters as `\xNN`. */
function blobHex(text: string): string {
  let hex = ''
  for (let at = 0; at < text.length; ) {
    if (text.startsWith('\\x', at)) {
      hex += text.slice(at + 2, at + 4).toLowerCase()
      at += 4
    } else {
      hex += text.charCodeAt(at).toString(16).padStart(2, '0')
      at += 1
    }
  }
  return hex
}

/** The rows as one text: sorted, since without ORDER BY no order is right. */
export function multiset(rows: readonly (readonly Canonical[])[]): string {
  return JSON.stringify(rows.map(row => JSON.stringify(row)).sort())
}
