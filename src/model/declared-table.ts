import { AppError } from './errors.ts'
import type { LakeColumn, LakeTable } from './lake-table.ts'
import type { ColumnType } from './lake-type.ts'

// A table that those who manage a tenant declared: rows of their own sources, beside osquery's. Pure rules.

export interface DeclaredTable {
  /** Lower case. */
  readonly name: string
  readonly description: string
  /** As declared, in that order, with their field ids. */
  readonly columns: readonly LakeColumn[]
  /** The column a run's window is on: one of `columns`, or the time of receipt. */
  readonly timeColumn: string
  /** The column that holds a host's id; undefined: rows belong to no host. */
  readonly hostColumn: string | undefined
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number
  /** Set while the rows it had are being dropped; nobody can name it any more. */
  readonly undeclaredAt: number | undefined
}

/** What somebody wants declared; names in any letter case. */
export interface TableDraft {
  readonly name: string
  readonly description?: string | undefined
  readonly columns: readonly {
    readonly name: string
    readonly type: ColumnType
    readonly description?: string | undefined
  }[]
  readonly timeColumn?: string | undefined
  readonly hostColumn?: string | undefined
}

/** Of every table: when the row came in. */
const receiptColumn = 'ingestion_timestamp'

/** Columns that the lake adds to every declared table. */
const lakeColumns: readonly LakeColumn[] = [
  { name: 'customer_id', type: 'string', fieldId: 10, description: 'Id of the tenant' },
  { name: receiptColumn, type: 'timestamp', fieldId: 11, description: 'Time of receipt, UTC' },
  {
    name: 'raw_values',
    type: 'string',
    fieldId: 12,
    description: 'JSON object of values that fit no column or not its type',
  },
]

/** Declared columns take ids from here on; what rows bring beside them gets ids like any grown column. */
const fieldIdMin = 100
export const declaredColumnsMax = 200
const namePattern = /^[a-z][a-z0-9_]{0,62}$/
const columnPattern = /^[a-z_][a-z0-9_]{0,62}$/
/** Tables of the lake itself and of engines begin so, now or later. */
const reservedPrefixes = [
  'lake_',
  'xdr_',
  'mdr_',
  'xgfw_',
  'osquery_',
  'duckdb_',
  'sqlite_',
  'pg_',
  'information_schema',
]
/** Columns that the lake decides, or that mean something to it in every table. */
const reservedColumns = [
  ...lakeColumns.map(({ name }) => name),
  ...['row_segment', 'row_ordinal', 'message_identifier', 'record_identifier', 'ingest_date', 'stream_ingest_date'],
  ...['upload_size', 'query_name', 'raw_line', 'raw_value'],
]

/** The table a draft describes. Throws `invalid_argument` naming what is wrong with it. */
export function declareTable(draft: TableDraft, now: number): DeclaredTable {
  const name = draft.name.toLowerCase()
  if (!namePattern.test(name)) {
    throw wrong(`the table's name ${JSON.stringify(draft.name)} must be 1 to 63 letters, digits and _, a letter first`)
  }
  const prefix = reservedPrefixes.find(each => name.startsWith(each))
  if (prefix !== undefined) throw wrong(`names that begin with ${prefix} are the lake's own`)
  if (draft.columns.length === 0) throw wrong('a table needs at least one column')
  if (draft.columns.length > declaredColumnsMax) {
    throw wrong(`${draft.columns.length} columns: a table is declared with at most ${declaredColumnsMax}`)
  }
  const columns = draft.columns.map(({ name: columnName, type, description }, at): LakeColumn => {
    const column = { name: columnName.toLowerCase(), type, fieldId: fieldIdMin + at }
    return description === undefined ? column : { ...column, description }
  })
  for (const [at, column] of columns.entries()) {
    checkColumnName(column.name)
    const isTwice = columns.findIndex(({ name: other }) => other === column.name) < at
    if (isTwice) throw wrong(`the column ${column.name} is declared twice`)
  }
  const timeColumn = draft.timeColumn?.toLowerCase() ?? receiptColumn
  if (timeColumn !== receiptColumn) requireColumn(columns, 'time column', timeColumn, 'timestamp')
  const hostColumn = draft.hostColumn?.toLowerCase()
  if (hostColumn !== undefined) requireColumn(columns, 'host column', hostColumn, 'string')
  return {
    ...{ name, description: draft.description ?? '', columns, timeColumn, hostColumn },
    ...{ createdAt: now, undeclaredAt: undefined },
  }
}

function checkColumnName(name: string): void {
  if (!columnPattern.test(name)) {
    throw wrong(`the column's name ${JSON.stringify(name)} must be 1 to 63 letters, digits and _, no digit first`)
  }
  if (reservedColumns.includes(name)) throw wrong(`${name} is a column of the lake's own`)
}

function requireColumn(columns: readonly LakeColumn[], what: string, name: string, type: ColumnType): void {
  const column = columns.find(each => each.name === name)
  if (column === undefined) throw wrong(`the ${what} ${JSON.stringify(name)} is none of the columns`)
  if (column.type !== type) throw wrong(`the ${what} ${name} must be a ${type}, it is a ${column.type}`)
}

function wrong(message: string): AppError {
  return new AppError('invalid_argument', message)
}

/** The declaration of a table of the lake; undefined where nobody declared it. When that was is not known. */
export function declarationOf(table: LakeTable): DeclaredTable | undefined {
  if (table.isDeclared !== true) return undefined
  const { name, description = '', timeColumn, hostColumn } = table
  const columns = table.columns.filter(
    ({ fieldId }) => fieldId >= fieldIdMin && fieldId < fieldIdMin + declaredColumnsMax,
  )
  return { name, description, columns, timeColumn, hostColumn, createdAt: 0, undeclaredAt: undefined }
}

/** As the lake sees it: with the columns that the lake adds. */
export function asLakeTable({ name, description, columns, timeColumn, hostColumn }: DeclaredTable): LakeTable {
  return {
    ...{ name, columns: [...columns, ...lakeColumns], timeColumn, hostColumn, hasQueryNames: false, isDeclared: true },
    ...(description === '' ? {} : { description }),
  }
}
