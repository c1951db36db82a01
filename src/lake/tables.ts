import type { LakeColumn, LakeTable } from '../model/lake-table.ts'
import { statusTable } from '../row-sql/status.ts'
import { reportTable, resultTable } from '../row-sql/tail.ts'
import {
  auditTableColumns,
  firewallTableColumns,
  managedDetectionTableColumns,
  reportTableColumns,
  statusTableColumns,
  wideColumns,
  wideDetectionColumns,
} from './shipped-columns.ts'

// The tables every lake has. A table without a time of its own has the time of receipt as its window's column.

const wide = { timeColumn: 'calendar_time', hostColumn: 'endpoint_id', hasQueryNames: true }
const own = { timeColumn: 'ingestion_timestamp', hostColumn: undefined, hasQueryNames: false }

export { statusTable }

/** Who did what with the tenant's lake: rows that only the lake itself writes. */
export const auditTable = 'lake_audit'

export const shippedTables: readonly LakeTable[] = [
  { name: resultTable, columns: wideColumns, ...wide },
  { name: 'xdr_ext_data', columns: wideColumns, ...wide },
  { name: 'xdr_ioc_view', columns: wideDetectionColumns, ...wide },
  { name: 'xdr_ti_data', columns: wideDetectionColumns, ...wide },
  { name: 'mdr_ioc_all', columns: managedDetectionTableColumns, ...own },
  { name: 'xgfw_data', columns: firewallTableColumns, ...own, timeColumn: 'timestamp' },
  { name: reportTable, columns: reportTableColumns, ...wide, hasQueryNames: false },
  { name: statusTable, columns: statusTableColumns, ...wide, hasQueryNames: false },
  { name: auditTable, columns: auditTableColumns, ...own, timeColumn: 'calendar_time' },
]

/** Tables whose rows come as they are, one a line, over `POST /lake/v1/ingest/tables/{table}`. */
export const flatTables: readonly string[] = ['xdr_ioc_view', 'xdr_ti_data', 'mdr_ioc_all', 'xgfw_data']

/** Names of the tables that have files. */
export const storedTables: readonly string[] = shippedTables
  .map(({ name }) => name)
  .filter(name => storedTableOf(name) === name)

/** The table with the columns that rows brought after those it has by itself. */
export function withGrownColumns(table: LakeTable, grown: readonly LakeColumn[]): LakeTable {
  return grown.length === 0 ? table : { ...table, columns: [...table.columns, ...grown] }
}

/** The table whose files and lines a table reads: `xdr_ext_data` is another name of the wide table. */
export function storedTableOf(table: string): string {
  return table === 'xdr_ext_data' ? resultTable : table
}
