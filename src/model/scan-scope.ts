// What a statement needs of the lake, worked out from its syntax tree. Conservative: in doubt, everything.

/** A value compared with a column by the statement itself, in every branch that reads the relation. */
export type ColumnBound =
  | { readonly column: string; readonly in: readonly (string | number | boolean)[] }
  | { readonly column: string; readonly min?: string | number; readonly max?: string | number }

/** One relation of the lake the statement reads. A table read in two places is two scopes with the same name. */
export interface RelationScope {
  /** The table (`xdr_data`), lower case. */
  readonly table: string
  /** The name the statement's text uses, resolved: the table's name or a query name's view. Lower case. */
  readonly relation: string
  /** Query names its rows are limited to; undefined: any. */
  readonly queryNames: readonly string[] | undefined
  /** Lower-case columns read; undefined: all of them (`SELECT *`). */
  readonly columns: readonly string[] | undefined
  /** Bounds that hold for every row this relation can contribute. Timestamps as ms since the epoch. */
  readonly bounds: readonly ColumnBound[]
}

export interface ScanScope {
  readonly relations: readonly RelationScope[]
}
