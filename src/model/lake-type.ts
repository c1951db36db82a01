// The types a lake column can have, and what each is called by each party.

export const columnTypes = ['string', 'bigint', 'integer', 'double', 'boolean', 'timestamp'] as const

/** Timestamps are naive UTC, cut to milliseconds. */
export type ColumnType = (typeof columnTypes)[number]

export const duckdbTypes: Readonly<Record<ColumnType, string>> = {
  string: 'VARCHAR',
  bigint: 'BIGINT',
  integer: 'INTEGER',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMP',
}

/** The type words of `metadata.columns` in a result. */
export const wireTypes = [
  'string',
  'int',
  'long',
  'double',
  'boolean',
  'timestamp',
  'date',
  'array',
  'map',
  'row',
] as const

export type WireType = (typeof wireTypes)[number]

/** One column of a run's result, in SELECT order, named as the statement's alias was typed. */
export interface ResultColumn {
  readonly name: string
  readonly type: WireType
}
