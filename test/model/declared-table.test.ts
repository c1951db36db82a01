import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  asLakeTable,
  declarationOf,
  declaredColumnsMax,
  declareTable,
  type TableDraft,
} from '../../src/model/declared-table.ts'

const columns = [
  { name: 'At', type: 'timestamp' },
  { name: 'host', type: 'string', description: 'Who' },
  { name: 'bytes', type: 'bigint' },
] as const
const draft = (more: Partial<TableDraft> = {}): TableDraft => ({ name: 'Proxy_Logs', columns, ...more })

test('a table is declared in lower case, its columns with ids for ever', () => {
  assert.deepEqual(declareTable(draft({ timeColumn: 'AT', hostColumn: 'Host', description: 'd' }), 7), {
    ...{ name: 'proxy_logs', description: 'd', timeColumn: 'at', hostColumn: 'host' },
    columns: [
      { name: 'at', type: 'timestamp', fieldId: 100 },
      { name: 'host', type: 'string', fieldId: 101, description: 'Who' },
      { name: 'bytes', type: 'bigint', fieldId: 102 },
    ],
    ...{ createdAt: 7, undeclaredAt: undefined },
  })
  const plain = declareTable(draft(), 7)
  assert.deepEqual([plain.timeColumn, plain.hostColumn, plain.description], ['ingestion_timestamp', undefined, ''])
})

test('the lake adds its own columns, and the declaration can be read back', () => {
  const declared = declareTable(draft({ hostColumn: 'host' }), 0)
  const table = asLakeTable(declared)
  assert.deepEqual(
    table.columns.map(({ name, fieldId }) => [name, fieldId]),
    [
      ['at', 100],
      ['host', 101],
      ['bytes', 102],
      ['customer_id', 10],
      ['ingestion_timestamp', 11],
      ['raw_values', 12],
    ],
  )
  const grown = [...table.columns, { name: 'new', type: 'string', fieldId: 10_000 } as const]
  assert.deepEqual(declarationOf({ ...table, columns: grown }), declared)
  const { isDeclared: _, ...shipped } = table
  assert.equal(declarationOf(shipped), undefined)
})

const many = Array.from({ length: declaredColumnsMax + 1 }, (_, at) => ({ name: `c${at}`, type: 'string' as const }))
const refusals: readonly (readonly [Partial<TableDraft>, RegExp])[] = [
  [{ name: '' }, /^the table's name "" must be 1 to 63 letters, digits and _, a letter first$/],
  [{ name: '1st' }, /must be 1 to 63 letters/],
  [{ name: 'a'.repeat(64) }, /must be 1 to 63 letters/],
  [{ name: 'my table' }, /must be 1 to 63 letters/],
  [{ name: 'näme' }, /must be 1 to 63 letters/],
  [{ name: 'a;drop' }, /must be 1 to 63 letters/],
  [{ name: 'lake_mine' }, /^names that begin with lake_ are the lake's own$/],
  [{ name: 'XDR_data' }, /^names that begin with xdr_/],
  [{ name: 'pg_tables' }, /^names that begin with pg_/],
  [{ columns: [] }, /^a table needs at least one column$/],
  [{ columns: many }, /^201 columns: a table is declared with at most 200$/],
  [{ columns: [{ name: 'a b', type: 'string' }] }, /^the column's name "a b" must be/],
  [{ columns: [{ name: 'raw_values', type: 'string' }] }, /^raw_values is a column of the lake's own$/],
  [{ columns: [{ name: 'Ingestion_Timestamp', type: 'timestamp' }] }, /^ingestion_timestamp is a column/],
  [{ columns: [...columns, { name: 'HOST', type: 'bigint' }] }, /^the column host is declared twice$/],
  [{ timeColumn: 'when' }, /^the time column "when" is none of the columns$/],
  [{ timeColumn: 'bytes' }, /^the time column bytes must be a timestamp, it is a bigint$/],
  [{ hostColumn: 'bytes' }, /^the host column bytes must be a string, it is a bigint$/],
]

for (const [more, message] of refusals) {
  test(`refused: ${JSON.stringify(more).slice(0, 80)}`, () => {
    assert.throws(() => declareTable(draft(more), 0), { code: 'invalid_argument', message })
  })
}
