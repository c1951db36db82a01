import { decorationsOf, type SimulatedHost } from './hosts.ts'

// Lines of osquery's result log in its four forms (osquery core/query.cpp, docs/wiki/deployment/logging.md).

/** A row as osquery reports it: every value is text. */
export type Row = Readonly<Record<string, string>>

/** What one execution of a scheduled query reports. */
export interface Report {
  readonly queryName: string
  /** Seconds since the epoch. */
  readonly time: number
  readonly counter: number
  /** `schedule_epoch`; default: 0. */
  readonly epoch?: number
  readonly content:
    | { readonly kind: 'differences'; readonly added: readonly Row[]; readonly removed: readonly Row[] }
    | { readonly kind: 'snapshot'; readonly rows: readonly Row[] }
}

/**
 * The report as log lines, without line ends, in the host's style. Nothing to report is no line. `extraDecorations` is
 * asked once for each line, with the number of its rows.
 */
export function resultLines(
  host: SimulatedHost,
  report: Report,
  extraDecorations?: (rows: number) => Row,
): readonly string[] {
  const start = withoutEnd(header(host, report))
  if (extraDecorations === undefined) {
    return bodies(host, report).map(({ members }) => `${start},${JSON.stringify(members).slice(1)}`)
  }
  // The decorations are the last of the header.
  const open = start.slice(0, -1)
  return bodies(host, report).map(({ members, rows }) => {
    const extra = JSON.stringify(extraDecorations(rows)).slice(1, -1)
    return `${open}${extra === '' ? '' : `,${extra}`}},${JSON.stringify(members).slice(1)}`
  })
}

function withoutEnd(object: object): string {
  return JSON.stringify(object).slice(0, -1)
}

function header(host: SimulatedHost, report: Report): object {
  return {
    name: `${host.style.namePrefix}${report.queryName}`,
    hostIdentifier: host.identifier,
    calendarTime: calendarTime(report.time),
    unixTime: report.time,
    epoch: report.epoch ?? 0,
    counter: report.counter,
    numerics: host.style.hasNumerics,
    decorations: decorationsOf(host),
  }
}

interface LineBody {
  readonly members: object
  readonly rows: number
}

function bodies({ style }: SimulatedHost, { content }: Report): readonly LineBody[] {
  const shown = (row: Row): object => (style.hasNumerics ? withNumbers(row) : row)
  const oneRow = (columns: object, action: string): LineBody => ({ members: { columns, action }, rows: 1 })
  if (content.kind === 'snapshot') {
    const rows = content.rows.map(shown)
    if (style.snapshots === 'events') return rows.map(columns => oneRow(columns, 'snapshot'))
    return [{ members: { snapshot: rows, action: 'snapshot' }, rows: rows.length }]
  }
  const added = content.added.map(shown)
  const removed = content.removed.map(shown)
  const rows = added.length + removed.length
  if (rows === 0) return []
  if (style.differences === 'batch') return [{ members: { diffResults: { added, removed } }, rows }]
  return [...removed.map(columns => oneRow(columns, 'removed')), ...added.map(columns => oneRow(columns, 'added'))]
}

/** With `logger_numerics` whole numbers are written bare; what a number cannot hold stays text. */
function withNumbers(row: Row): object {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, /^-?(0|[1-9]\d{0,14})$/.test(value) ? Number(value) : value]),
  )
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** C's asctime in UTC with the zone behind it: `Tue Feb  3 07:59:40 2026 UTC`. */
export function calendarTime(seconds: number): string {
  const date = new Date(seconds * 1000)
  const day = String(date.getUTCDate()).padStart(2, ' ')
  const clock = date.toISOString().slice(11, 19)
  return `${weekdays[date.getUTCDay()]} ${months[date.getUTCMonth()]} ${day} ${clock} ${date.getUTCFullYear()} UTC`
}
