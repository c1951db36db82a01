// A second reading of osquery's result lines, by the specification and in plain TypeScript, so that what the lake gives
// back can be compared with what went in. It shares no code with the product.

/** How a column's text becomes the value the API shows. */
export type ColumnReading = 'string' | 'number'

/** Column → value as the API renders it. What a line does not say is not in it (and must be null in the lake). */
export type ExpectedRow = Readonly<Record<string, string | number | boolean | null>>

interface ResultLine {
  readonly name: string
  readonly hostIdentifier?: string
  readonly hostname?: string
  readonly unixTime: number | string
  readonly epoch: number | string
  readonly counter: number | string
  readonly numerics?: boolean
  readonly logNumericsAsNumbers?: boolean
  readonly decorations?: Readonly<Record<string, string>>
  readonly action?: string
  readonly columns?: LoggedRow
  readonly snapshot?: readonly LoggedRow[]
  readonly diffResults?: { readonly added?: readonly LoggedRow[]; readonly removed?: readonly LoggedRow[] }
}

type LoggedRow = Readonly<Record<string, string | number>>

const headerKeys: ReadonlySet<string> = new Set([
  ...['name', 'hostIdentifier', 'calendarTime', 'unixTime', 'epoch', 'counter', 'numerics', 'logNumericsAsNumbers'],
  ...['decorations', 'action', 'columns', 'snapshot', 'diffResults'],
])

/** The rows of one line in the line's order; `readingOf` says which columns the lake keeps as numbers. */
export function expectedRows(line: string, readingOf: (column: string) => ColumnReading): readonly ExpectedRow[] {
  const parsed = JSON.parse(line) as ResultLine
  const rows = loggedRows(parsed)
  const header = expectedHeader(parsed, readingOf)
  const uploadSize = Math.floor(Buffer.byteLength(line) / Math.max(rows.length, 1))
  return rows.map(({ action, row }) => {
    const columns = Object.entries(row).map(([name, value]) => [name, shown(value, readingOf(name))])
    return { ...header, osquery_action: action, upload_size: uploadSize, ...Object.fromEntries(columns) }
  })
}

function loggedRows(line: ResultLine): readonly { action: string; row: LoggedRow }[] {
  if (line.snapshot !== undefined) return line.snapshot.map(row => ({ action: 'snapshot', row }))
  if (line.diffResults !== undefined) {
    const { added = [], removed = [] } = line.diffResults
    return [...added.map(row => ({ action: 'added', row })), ...removed.map(row => ({ action: 'removed', row }))]
  }
  return [{ action: line.action!, row: line.columns! }]
}

function expectedHeader(line: ResultLine, readingOf: (column: string) => ColumnReading): ExpectedRow {
  const time = new Date(Number(line.unixTime) * 1000).toISOString()
  const decorations = Object.entries(decorationsOf(line)).map(([key, value]) => {
    const name = key.startsWith('meta_') ? key : `meta_${key}`
    return [name, shown(value, readingOf(name))]
  })
  return {
    query_name: /^pack\/[^/]+\/(.*)$/.exec(line.name)?.[1] ?? line.name,
    host_identifier: line.hostIdentifier ?? line.hostname!,
    calendar_time: time,
    unix_time: time,
    epoch: Number(line.epoch),
    counter: Number(line.counter),
    numerics: line.numerics ?? line.logNumericsAsNumbers ?? null,
    ...Object.fromEntries(decorations),
  }
}

/** With `--decorations_top_level` they stand beside the header's own keys. */
function decorationsOf(line: ResultLine): Readonly<Record<string, string>> {
  if (line.decorations !== undefined) return line.decorations
  const isDecoration = (key: string): boolean =>
    !headerKeys.has(key) && !(key === 'hostname' && line.hostIdentifier === undefined)
  return Object.fromEntries(Object.entries(line).filter(([key]) => isDecoration(key)))
}

function shown(value: string | number, reading: ColumnReading): string | number | null {
  if (reading === 'string') return String(value)
  return value === '' ? null : Number(value)
}
