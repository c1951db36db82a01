import type { LakeColumn } from '../model/lake-table.ts'
import { duckdbTypes } from '../model/lake-type.ts'
import { headerColumns } from './columns.ts'
import { rowsPerLineMax } from './identity.ts'
import { quoteName, quoteText } from './quote.ts'

// One small row for every result line, also for a snapshot without rows: that a query ran somewhere at some time cannot
// be told from its rows alone.

/** The columns that read otherwise over a line than over a row. */
const lineColumns: Readonly<Record<string, string>> = {
  row_ordinal: `ordinal * ${rowsPerLineMax}`,
  action: 'x.action',
  row_count: 'coalesce(len(rs), 0)',
}

/** SELECT of `columns` over lines (`FROM` text: a subquery or a table with what `linesSql` gives). */
export function reportsSql(lines: string, columns: readonly LakeColumn[], tenantId: string): string {
  const selected = columns.map(column => {
    const value =
      column.name === 'customer_id' ? quoteText(tenantId) : (lineColumns[column.name] ?? headerColumns[column.name])
    if (value === undefined) throw new RangeError(`a report has no column ${column.name}`)
    return `(${value})::${duckdbTypes[column.type]} AS ${quoteName(column.name)}`
  })
  return `SELECT ${selected.join(', ')} FROM ${lines}`
}
