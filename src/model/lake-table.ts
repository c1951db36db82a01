import type { ColumnType } from './lake-type.ts'

/** A column of a lake table. Names compare case-insensitively and are spelled in lower case. */
export interface LakeColumn {
  readonly name: string
  readonly type: ColumnType
  /** Iceberg field id; shipped columns below 10,000, columns that agents brought from 10,000 on. Never reused. */
  readonly fieldId: number
  readonly description?: string
}

/** A lake table as one tenant sees it: shipped columns and those its own agents brought. */
export interface LakeTable {
  readonly name: string
  readonly columns: readonly LakeColumn[]
  /** The column the run's window is on. */
  readonly timeColumn: string
  /** The column `matchEndpoints` is on; undefined: the table has none. */
  readonly hostColumn: string | undefined
  /** True for a wide table whose rows carry a `query_name`: each name is offered as a view. */
  readonly hasQueryNames: boolean
  /** Those who manage the tenant declared it: what its rows do not say has no meaning that the lake knows. */
  readonly isDeclared?: true
  readonly description?: string
}

/** A query name that has rows, with the columns its rows carry beside the envelope. */
export interface QueryName {
  readonly name: string
  /** Lower-case column names. */
  readonly columns: readonly string[]
}

/** Everything the SQL front end knows of one tenant's lake. */
export interface LakeSchema {
  readonly tables: readonly LakeTable[]
  readonly queryNames: readonly QueryName[]
  /** Columns every row of a `hasQueryNames` table carries. */
  readonly envelope: readonly string[]
}
