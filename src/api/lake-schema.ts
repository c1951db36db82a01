import Type, { type Static } from 'typebox'
import { columnTypes } from '../model/lake-type.ts'

// `GET /lake/v1/schema`: what a tenant can name in SQL. Carries an ETag; answers 304 to `If-None-Match`.

export const SchemaColumn = Type.Object({
  name: Type.String({ description: 'lower case' }),
  type: Type.Enum([...columnTypes]),
  description: Type.Optional(Type.String()),
  isGrown: Type.Optional(Type.Boolean({ description: "true: brought by the tenant's own agents" })),
})
export type SchemaColumn = Static<typeof SchemaColumn>

export const SchemaTable = Type.Object({
  name: Type.String(),
  description: Type.Optional(Type.String()),
  timeColumn: Type.String({ description: "the column a run's window is on" }),
  hasQueryNames: Type.Boolean({ description: 'true: each query name is also a view' }),
  isDeclared: Type.Optional(Type.Boolean({ description: 'true: the tenant declared it' })),
  columns: Type.Array(SchemaColumn),
})
export type SchemaTable = Static<typeof SchemaTable>

export const SchemaQueryName = Type.Object({
  name: Type.String({ description: 'as first seen' }),
  table: Type.String(),
  columns: Type.Array(Type.String(), { description: 'columns its rows carry beside the envelope; lower case' }),
  firstSeen: Type.String(),
  lastSeen: Type.String(),
  rows: Type.Integer(),
})
export type SchemaQueryName = Static<typeof SchemaQueryName>

export const LakeSchemaReply = Type.Object({
  tables: Type.Array(SchemaTable),
  queryNames: Type.Array(SchemaQueryName),
  envelope: Type.Array(Type.String(), { description: 'columns on every row of a table with query names' }),
})
export type LakeSchemaReply = Static<typeof LakeSchemaReply>
