// Facts about one result-log line where TypeScript needs them before a query runs: which query it came from, which
// columns it brings, when it happened. Rows are made elsewhere, in SQL (row-sql/), which must agree with these rules.
// Forms and variations: osquery `core/query.cpp` (serializeQueryLogItem), `docs/wiki/deployment/logging.md`.

export interface LineKeys {
  /** As rows carry it: `pack/<pack>/<query>` is `query`, every other name stands as it is. */
  readonly queryName: string
  /** Names as the agent spells them, of all rows of the line. */
  readonly columns: readonly string[]
  /** Names of the decorations, whichever place they stand in, without the envelope's own keys. */
  readonly decorations: readonly string[]
  /** Milliseconds since the epoch; undefined when the line tells no time that we understand. */
  readonly time: number | undefined
}

/** Keys of a line's header: what else stands at its top level is a decoration (`--decorations_top_level`). */
const headerKeys: ReadonlySet<string> = new Set([
  'name',
  'hostIdentifier',
  'hostname',
  'calendarTime',
  'unixTime',
  'epoch',
  'counter',
  'numerics',
  'logNumericsAsNumbers',
  'decorations',
  'columns',
  'action',
  'snapshot',
  'diffResults',
])

/** The keys of a line, or undefined when it is no JSON object with a name. */
export function parseLineKeys(text: string): LineKeys | undefined {
  let line: unknown
  try {
    line = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(line)) return undefined
  const { name } = line
  if (typeof name !== 'string' || name === '') return undefined
  const columns = new Set<string>()
  for (const row of rowsOf(line)) for (const column of Object.keys(row)) columns.add(column)
  const decorations = new Set(isObject(line['decorations']) ? Object.keys(line['decorations']) : [])
  for (const key of Object.keys(line)) if (!headerKeys.has(key)) decorations.add(key)
  return { queryName: queryNameOf(name), columns: [...columns], decorations: [...decorations], time: timeOf(line) }
}

/** `pack/<pack>/<query>` → `query`. With another delimiter the parts cannot be told apart, so the name stays whole. */
export function queryNameOf(name: string): string {
  return /^pack\/[^/]+\/(.+)$/s.exec(name)?.[1] ?? name
}

/** Rows of all four forms: event, snapshot, snapshot as events, batch of differences. */
function rowsOf(line: Record<string, unknown>): Record<string, unknown>[] {
  const { columns, snapshot, diffResults } = line
  const rows: unknown[] = []
  if (columns !== undefined) rows.push(columns)
  if (Array.isArray(snapshot)) rows.push(...snapshot)
  if (isObject(diffResults)) {
    for (const part of [diffResults['added'], diffResults['removed']]) if (Array.isArray(part)) rows.push(...part)
  }
  return rows.filter(isObject)
}

/** `unixTime` (number or text) decides; `calendarTime`, which may be local time, only where that is missing. */
function timeOf(line: Record<string, unknown>): number | undefined {
  const { unixTime, calendarTime } = line
  const seconds = typeof unixTime === 'string' && unixTime !== '' ? Number(unixTime) : unixTime
  // Rounded first: 1433188255.253 · 1000 is a little less than 1433188255253.
  const isTime = typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0
  if (isTime) return Math.trunc(Math.round(seconds * 1e6) / 1000)
  return typeof calendarTime === 'string' ? parseCalendarTime(calendarTime) : undefined
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const asctimePattern = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d{2}):(\d{2}):(\d{2}) (\d{4})(?: UTC)?$/
const isoPattern = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(Z|[+-]\d{2}:?\d{2}| UTC)?$/

/** asctime, with or without ` UTC`, or ISO 8601; without a zone it is taken as UTC. Milliseconds since the epoch. */
export function parseCalendarTime(text: string): number | undefined {
  const asctime = asctimePattern.exec(text.trim())
  if (asctime !== null) {
    const month = months.indexOf(asctime[1]!)
    const [day, hours, minutes, seconds, year] = asctime.slice(2).map(Number) as [
      number,
      number,
      number,
      number,
      number,
    ]
    return month < 0 ? undefined : Date.UTC(year, month, day, hours, minutes, seconds)
  }
  const iso = isoPattern.exec(text.trim())
  if (iso === null) return undefined
  const withoutZone = iso[1] === undefined ? text.trim() : text.trim().slice(0, -iso[1].length)
  const zone = iso[1] === undefined || iso[1] === ' UTC' ? 'Z' : iso[1]
  const time = Date.parse(`${withoutZone.replace(' ', 'T')}${zone}`)
  return Number.isNaN(time) ? undefined : time
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
