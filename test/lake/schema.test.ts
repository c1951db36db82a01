import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '../../src/db/db.ts'
import { learnTail } from '../../src/lake/learn.ts'
import { columnsOf, growColumns, schemaOf } from '../../src/lake/schema.ts'
import { envelopeNames } from '../../src/lake/shipped-columns.ts'
import { shippedTables } from '../../src/lake/tables.ts'
import { grownColumnsMax, grownFieldIdMin } from '../../src/limits.ts'

async function grownOf(store: ReturnType<typeof openStore>, tenantId: string) {
  const columns = await columnsOf(store, tenantId, 'xdr_data')
  return columns.filter(({ fieldId }) => fieldId >= grownFieldIdMin).map(({ name, fieldId }) => [name, fieldId])
}

test('shipped columns have one name and one field id each, below those of grown ones', () => {
  for (const { name: table, columns } of shippedTables) {
    assert.equal(new Set(columns.map(({ name }) => name)).size, columns.length, table)
    assert.equal(new Set(columns.map(({ fieldId }) => fieldId)).size, columns.length, table)
    for (const { name, fieldId, description } of columns) {
      assert.ok(fieldId > 2 && fieldId < grownFieldIdMin, `${table}.${name}`)
      assert.equal(name, name.toLowerCase())
      assert.ok(description, `${table}.${name} has a description`)
    }
  }
})

test('every table has its time and host columns', () => {
  for (const { columns, timeColumn, hostColumn, name } of shippedTables) {
    assert.equal(columns.find(column => column.name === timeColumn)?.type, 'timestamp', name)
    if (hostColumn !== undefined)
      assert.ok(
        columns.some(column => column.name === hostColumn),
        name,
      )
  }
})

test('columns get ids in order, once, and not another tenant', async () => {
  const store = openStore(':memory:')
  await growColumns(store, 't', 'xdr_data', ['b', 'a', 'b', 'pid'], 1)
  await growColumns(store, 't', 'xdr_data', ['a', 'c'], 2)
  assert.deepEqual(await grownOf(store, 't'), [
    ['b', 10_000],
    ['a', 10_001],
    ['c', 10_002],
  ])
  assert.deepEqual(await grownOf(store, 'u'), [])
  await growColumns(store, 'u', 'xdr_data', ['z'], 3)
  assert.deepEqual(await grownOf(store, 'u'), [['z', 10_000]])
  const names = (await schemaOf(store, 't')).tables.filter(({ columns }) => columns.some(({ name }) => name === 'b'))
  assert.deepEqual(
    names.map(({ name }) => name),
    ['xdr_data', 'xdr_ext_data'],
  )
  await store.destroy()
})

test('decorations that agents brought are on every query name’s rows, of this tenant', async () => {
  const store = openStore(':memory:')
  await growColumns(store, 't', 'xdr_data', ['own', 'meta_source'], 1)
  assert.deepEqual((await schemaOf(store, 't')).envelope, [...envelopeNames, 'meta_source'])
  assert.deepEqual((await schemaOf(store, 'u')).envelope, envelopeNames)
  await store.destroy()
})

test('two callers at once give every column one id and every id one column', async () => {
  const store = openStore(':memory:')
  const lists = [['a', 'b', 'c'], ['c', 'd'], ['b', 'e', 'a'], ['f']]
  await Promise.all(lists.map(names => growColumns(store, 't', 'xdr_data', names, 1)))
  const grown = await grownOf(store, 't')
  assert.deepEqual(grown.map(([name]) => name).sort(), ['a', 'b', 'c', 'd', 'e', 'f'])
  assert.deepEqual(
    grown.map(([, id]) => id),
    [10_000, 10_001, 10_002, 10_003, 10_004, 10_005],
  )
  await store.destroy()
})

test('names that cannot be columns are left out', async () => {
  const store = openStore(':memory:')
  const refused = [
    '',
    'Upper',
    'epoch',
    'row_segment',
    'raw_values',
    'raw_line',
    'customer_id',
    'a\0b',
    'a\nb',
    'x'.repeat(129),
  ]
  await growColumns(store, 't', 'xdr_data', [...refused, 'meta_site', 'x'.repeat(128), "it's"], 1)
  assert.deepEqual(
    (await grownOf(store, 't')).map(([name]) => name),
    ['meta_site', 'x'.repeat(128), "it's"],
  )
  await store.destroy()
})

test('past the bound no column is added, and the ones there stay', async () => {
  const store = openStore(':memory:')
  const names = Array.from({ length: grownColumnsMax - 1 }, (_, index) => `c${index}`)
  await growColumns(store, 't', 'xdr_data', names, 1)
  await growColumns(store, 't', 'xdr_data', ['last', 'too many'], 2)
  await growColumns(store, 't', 'xdr_data', ['too many'], 3)
  const grown = await grownOf(store, 't')
  assert.equal(grown.length, grownColumnsMax)
  assert.deepEqual(grown.at(-1), ['last', grownFieldIdMin + grownColumnsMax - 1])
  await store.destroy()
})

test('what the tail brings is known before it is converted', async () => {
  const store = openStore(':memory:')
  const tail = {
    queryNames: [{ name: 'Ports', columns: ['port', 'fresh', 'epoch'] }],
    decorations: ['site', 'meta_rack'],
  }
  assert.equal(await learnTail(store, 't', tail, 5), true)
  assert.equal(await learnTail(store, 't', tail, 6), false)
  assert.deepEqual((await schemaOf(store, 't')).queryNames, [{ name: 'Ports', columns: ['fresh', 'port'] }])
  assert.deepEqual(await grownOf(store, 't'), [
    ['fresh', 10_000],
    ['meta_site', 10_001],
    ['meta_rack', 10_002],
  ])
  const more = { queryNames: [{ name: 'PORTS', columns: ['address'] }], decorations: [] }
  assert.equal(await learnTail(store, 't', more, 7), true)
  assert.deepEqual((await schemaOf(store, 't')).queryNames, [{ name: 'Ports', columns: ['address', 'fresh', 'port'] }])
  assert.deepEqual((await schemaOf(store, 'u')).queryNames, [])
  await store.destroy()
})

test('names of live runs take no room from those of scheduled queries; their columns are there', async () => {
  const store = openStore(':memory:')
  const queryNames = [
    { name: 'live/who runs', columns: ['answered'] },
    { name: 'Live/7f1c', columns: ['answered'] },
    { name: 'lively', columns: ['pid'] },
  ]
  assert.equal(await learnTail(store, 't', { queryNames, decorations: ['live_run_id'] }, 1), true)
  const { tables, queryNames: noted } = await schemaOf(store, 't')
  assert.deepEqual(
    noted.map(({ name }) => name),
    ['lively'],
  )
  const columns = tables.find(({ name }) => name === 'xdr_data')?.columns.map(({ name }) => name)
  assert.ok(columns?.includes('answered') && columns.includes('meta_live_run_id'))
  assert.equal(await learnTail(store, 't', { queryNames, decorations: [] }, 2), false)
  await store.destroy()
})
