import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { DeclaredTable, TableDraft } from '../model/declared-table.ts'
import { AppError } from '../model/errors.ts'
import { columnTypes } from '../model/lake-type.ts'
import { formatInstant } from '../model/time-range.ts'
import { dropNulls, firstError } from './body.ts'
import { booleanParameter, type Parameters } from './parameters.ts'
import { present } from './present.ts'

// `/lake/v1/tables`: tables that a tenant declares for rows of its own sources. Names are compared without case, and
// are lower case in answers. Rows go in over `POST /lake/v1/ingest/tables/{table}`.

const Description = Type.String({ maxLength: 1_000 })

export const DeclaredColumn = Type.Object({
  name: Type.String({ description: '1 to 63 letters, digits and _; no digit first' }),
  type: Type.Enum([...columnTypes], { description: 'a value that is none of the type is kept in raw_values' }),
  description: Type.Optional(Description),
})

export const DeclaredTableBody = Type.Object({
  name: Type.String({ description: '1 to 63 letters, digits and _; a letter first' }),
  description: Type.Optional(Description),
  columns: Type.Array(DeclaredColumn, { minItems: 1 }),
  timeColumn: Type.Optional(
    Type.String({ description: "a timestamp column that a run's window is on; default: ingestion_timestamp" }),
  ),
  hostColumn: Type.Optional(Type.String({ description: 'a string column with the endpoint_id of a host' })),
})

export const WireDeclaredTable = Type.Object({
  ...DeclaredTableBody.properties,
  timeColumn: Type.String(),
  createdAt: Type.String(),
})
export type WireDeclaredTable = Static<typeof WireDeclaredTable>

export const DeclaredTableList = Type.Object({ items: Type.Array(WireDeclaredTable) })

export const TableName = Type.Object({ table: Type.String() })
export type TableName = Static<typeof TableName>

/** Of `DELETE /lake/v1/tables/{table}`. */
export const UndeclareQuery = Type.Object({
  dropRows: Type.Optional(Type.Boolean({ description: 'the rows go with the table; default: it must have none' })),
})

const body = Compile(DeclaredTableBody)

/** Only the members of the contract; what their values must be among one another is a rule of the model. */
export function parseDeclaredTable(value: unknown): TableDraft {
  const members = dropNulls(value)
  if (!body.Check(members)) throw new AppError('invalid_argument', firstError(body.Errors(members)))
  const { name, description, columns, timeColumn, hostColumn } = members
  return { name, columns, ...present({ description, timeColumn, hostColumn }) }
}

export function parseUndeclare(parameters: Parameters): { readonly dropsRows: boolean } {
  return { dropsRows: booleanParameter(parameters, 'dropRows') }
}

export function toWireDeclaredTable(table: DeclaredTable): WireDeclaredTable {
  const { name, description, columns, timeColumn, hostColumn, createdAt } = table
  return {
    name,
    ...(description === '' ? {} : { description }),
    columns: columns.map(column => ({
      name: column.name,
      type: column.type,
      ...present({ description: column.description }),
    })),
    timeColumn,
    ...present({ hostColumn }),
    createdAt: formatInstant(createdAt),
  }
}
