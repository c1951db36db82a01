import type { LakeColumn } from '../model/lake-table.ts'
import { duckdbTypes } from '../model/lake-type.ts'
import { valuesSql } from './columns.ts'
import { identityColumns } from './identity.ts'
import { rowsSql, type SegmentSource } from './lines.ts'
import { quoteName } from './quote.ts'

/** The lake table that osquery's result lines become rows of. */
export const resultTable = 'xdr_data'

/**
 * A SELECT of exactly `columns` and then row_segment and row_ordinal, over the durable prefixes of segments that are not yet
 * data files. Only what is asked for is computed. A table that lines never become rows of gives no row, with the same columns.
 */
export function tailRowsSql(
  segments: readonly SegmentSource[],
  table: string,
  tenantId: string,
  columns: readonly LakeColumn[],
): string {
  const selected = [...columns.filter(column => !identityColumns.includes(column)), ...identityColumns]
  const isEmpty = table !== resultTable || segments.length === 0
  return isEmpty ? emptySql(selected) : valuesSql(`(${rowsSql(segments)})`, selected, tenantId)
}

function emptySql(columns: readonly LakeColumn[]): string {
  const nulls = columns.map(column => `NULL::${duckdbTypes[column.type]} AS ${quoteName(column.name)}`)
  return `SELECT ${nulls.join(', ')} WHERE false`
}
