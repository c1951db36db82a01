import type { LakeColumn } from '../model/lake-table.ts'
import { duckdbTypes } from '../model/lake-type.ts'
import { valuesSql } from './columns.ts'
import { type DeclaredRows, flatRowsSql, flatValuesSql } from './flat.ts'
import { identityColumns } from './identity.ts'
import { linesSql, type RowFilter, rowsSql, type SegmentSource } from './lines.ts'
import { quoteName } from './quote.ts'
import { reportsSql } from './reports.ts'
import { statusRowsSql, statusTable } from './status.ts'

/** The lake tables that osquery's result lines become rows of: their rows, and one report a line. */
export const resultTable = 'xdr_data'
export const reportTable = 'lake_reports'

/**
 * A SELECT of exactly `columns` and then row_segment and row_ordinal, over the durable prefixes of segments that are
 * not yet data files. Only what is asked for is computed. Without segments it gives no row, with the same columns. Rows
 * outside `only` may be left out early, and need not be. `declared`: of a table that the lake does not ship. Assumes
 * the session's time zone is UTC.
 */
export function tailRowsSql(
  segments: readonly SegmentSource[],
  table: string,
  tenantId: string,
  columns: readonly LakeColumn[],
  only: RowFilter = {},
  declared?: DeclaredRows,
): string {
  const selected = [
    ...columns.filter(({ name }) => !identityColumns.some(identity => identity.name === name)),
    ...identityColumns,
  ]
  if (segments.length > 0 && table === resultTable) {
    return valuesSql(`(${rowsSql(`(${linesSql(segments, only)})`)})`, selected, tenantId)
  }
  if (segments.length > 0 && table === reportTable)
    return reportsSql(`(${linesSql(segments, only)})`, selected, tenantId)
  if (segments.length > 0 && table === statusTable) {
    return valuesSql(`(${statusRowsSql(segments, only)})`, selected, tenantId)
  }
  if (segments.length > 0) return flatValuesSql(`(${flatRowsSql(segments, table)})`, selected, tenantId, declared)
  return emptySql(selected)
}

function emptySql(columns: readonly LakeColumn[]): string {
  const nulls = columns.map(column => `NULL::${duckdbTypes[column.type]} AS ${quoteName(column.name)}`)
  return `SELECT ${nulls.join(', ')} WHERE false`
}
