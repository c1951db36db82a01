import type { Store } from '../db/db.ts'
import { findRunColumns } from '../db/runs.ts'
import { sliceBytesMax } from '../limits.ts'
import type { ResultColumn } from '../model/lake-type.ts'
import type { ManyRunPart } from '../model/many-run.ts'
import type { Queries } from './runs.ts'

// Pages over the results of many tenants: the rows of one after those of another, each with whose it is. The text of a
// row is passed on as it is, so no number loses its digits.

/** What the lake adds to each row. No statement may have a column of its own with these names. */
export const ownColumns: readonly string[] = ['tenant_id', 'tenant_name']

export interface ManyResultPage {
  /** Text of a JSON array of row objects. */
  readonly itemsJson: string
  readonly count: number
  readonly nextRow: number | undefined
  /** The tenants' columns together; a row has null where its tenant has none. */
  readonly columns: readonly ResultColumn[]
  readonly rowCount: number
}

/** The parts in order; those that did not succeed have no rows. */
export async function readManyResultPage(
  deps: { readonly store: Store; readonly queries: Pick<Queries, 'results'> },
  parts: readonly ManyRunPart[],
  range: { readonly firstRow: number; readonly rowCount: number },
): Promise<ManyResultPage> {
  const succeeded = parts.filter(part => part.state === 'succeeded' && part.runId !== undefined)
  const columnsOf = await readColumns(deps.store, succeeded)
  const union = new Map<string, ResultColumn>()
  for (const columns of columnsOf)
    for (const column of columns) if (!union.has(column.name)) union.set(column.name, column)
  const rowCount = succeeded.reduce((sum, part) => sum + (part.rowCount ?? 0), 0)
  const end = Math.min(rowCount, range.firstRow + range.rowCount)
  const rows: string[] = []
  let bytes = 0
  let start = 0
  for (const [at, part] of succeeded.entries()) {
    const next = range.firstRow + rows.length
    const partStart = start
    start += part.rowCount ?? 0
    if (next >= start || next >= end) continue
    // A page ends early at rows that are huge, as the pages of one run do.
    if (bytes > sliceBytesMax) break
    const wanted = { firstRow: next - partStart, rowCount: Math.min(end, start) - next }
    const page = await deps.queries.results(part.tenantId, part.runId ?? '', wanted)
    bytes += page.itemsJson.length
    const own = columnsOf[at] ?? []
    const missing = [...union.keys()].filter(name => !own.some(column => column.name === name))
    for (const row of splitRows(page.itemsJson)) rows.push(withTenant(row, part, missing))
    if (page.count < wanted.rowCount) break
  }
  const nextRow = range.firstRow + rows.length
  return {
    itemsJson: `[${rows.join(',')}]`,
    count: rows.length,
    nextRow: rows.length > 0 && nextRow < rowCount ? nextRow : undefined,
    columns: [...ownColumns.map((name): ResultColumn => ({ name, type: 'string' })), ...union.values()],
    rowCount,
  }
}

async function readColumns(store: Store, parts: readonly ManyRunPart[]): Promise<ResultColumn[][]> {
  const texts = []
  for (const { tenantId, runId = '' } of parts) texts.push((await findRunColumns(store, tenantId, runId)) ?? '[]')
  return texts.map(text => JSON.parse(text))
}

function withTenant(row: string, part: ManyRunPart, missing: readonly string[]): string {
  const members = [
    `"tenant_id":${JSON.stringify(part.tenantId)}`,
    `"tenant_name":${JSON.stringify(part.tenantName)}`,
    row.slice(1, -1),
    ...missing.map(name => `${JSON.stringify(name)}:null`),
  ]
  return `{${members.filter(text => text !== '').join(',')}}`
}

const [quote, backslash, open, close] = [0x22, 0x5c, 0x7b, 0x7d]

/** The texts of the objects in a JSON array of objects, without the space around them. */
export function splitRows(json: string): string[] {
  const rows: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at)
    if (code === quote) at = endOfString(json, at)
    else if (code === open) {
      if (depth === 0) start = at
      depth += 1
    } else if (code === close) {
      depth -= 1
      if (depth === 0) rows.push(json.slice(start, at + 1))
    }
  }
  return rows
}

/** Index of the quote that closes the string opened at `start`. */
function endOfString(json: string, start: number): number {
  for (let at = json.indexOf('"', start + 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let before = at - 1
    while (json.charCodeAt(before) === backslash) before -= 1
    if ((at - before) % 2 === 1) return at
  }
  return json.length
}
