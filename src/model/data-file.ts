// One immutable Parquet file of one tenant's lake table. Never rewritten, never renamed over; a path is used once.

export interface DataFile {
  readonly id: number
  readonly tenantId: string
  readonly table: string
  /** Path below the lake's root, `/`-separated. */
  readonly path: string
  /** Set when every row has this query name; undefined when the file mixes several. */
  readonly queryName: string | undefined
  /** 0 tail … see compaction: 1 flush, 2 day, 3 week. */
  readonly level: number
  readonly rows: number
  readonly bytes: number
  /** Bounds of each column, absent where nothing is known. */
  readonly stats: Readonly<Record<string, ColumnStats>>
}

/**
 * Bounds of one column in one file. Strings may be cut short (then `max` is rounded up), so a bound is only ever used
 * to
 * exclude. Timestamps are ms since the epoch. A column the file lacks has `nullCount` equal to the file's rows.
 */
export interface ColumnStats {
  readonly min?: string | number | boolean
  readonly max?: string | number | boolean
  readonly nullCount: number
}
