import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shippedTables } from '../../src/lake/tables.ts'
import type { LakeColumn, LakeSchema, LakeTable } from '../../src/model/lake-table.ts'
import { packSchema, unpackSchema } from '../../src/query/sql-thread-schema.ts'

const grown: LakeColumn = { name: 'asset_tag', type: 'string', fieldId: 10_000 }
const [wide, ...others] = shippedTables as [LakeTable, ...LakeTable[]]
const schemaOf = (...tables: readonly LakeTable[]): LakeSchema => ({ tables, queryNames: [], envelope: ['query_name'] })

test('a tenant’s schema is the same behind the thread, without the columns that ship', () => {
  const declared: LakeTable = { ...others[0]!, name: 'proxy', columns: [grown], isDeclared: true }
  const schema = schemaOf({ ...wide, columns: [...wide.columns, grown] }, ...others, declared)
  const packed = packSchema(schema)
  assert.deepEqual(unpackSchema(structuredClone(packed)), schema)
  const sent = packed.tables.flatMap(table => ('shipped' in table ? table.grown : table.columns))
  assert.deepEqual(sent, [grown, grown])
})

test('a table that only bears a shipped one’s name is sent whole', () => {
  const likeWide: readonly LakeTable[] = [
    { ...wide, columns: [grown] },
    { ...wide, columns: wide.columns.slice(1) },
    { ...wide, columns: wide.columns.slice(0, -1) },
    { ...wide, timeColumn: 'ingestion_timestamp' },
    { ...wide, description: 'another' },
  ]
  for (const table of likeWide) {
    const packed = packSchema(schemaOf(table))
    assert.deepEqual(packed.tables, [table])
    assert.deepEqual(unpackSchema(packed), schemaOf(table))
  }
})
