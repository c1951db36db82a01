import assert from 'node:assert/strict'
import test from 'node:test'
import type { WireSavedQuery } from '../../../src/api/saved-queries.ts'
import { pivotTypesOf } from '../../../web/src/pivot/pivot-types.ts'
import { pivotsFor } from '../../../web/src/pivot/pivots.ts'

test('what a value is, by its column and its looks', () => {
  const cases: readonly (readonly [column: string, value: unknown, types: readonly string[]])[] = [
    ['meta_hostname', 'FIN-WS-01', ['deviceName']],
    ['endpoint_id', 'b51e2f6b-2c4c-4f65-8a0e-9d1c3a7e5f20', ['deviceId']],
    ['username', 'CORP\\ada', ['username']],
    ['meta_username', 'ada', ['username']],
    ['sha256', 'a'.repeat(64), ['sha256']],
    ['hash', 'A0'.repeat(32), ['sha256']],
    ['remote_address', '203.0.113.66', ['ipAddress']],
    ['remote_address', '::1', ['ipAddress']],
    ['parent_sophos_pid', '4120:133512345678901234', ['sophosPid']],
    ['path', 'C:\\Windows\\System32\\cmd.exe', ['filePath']],
    ['file', '/usr/bin/ssh', ['filePath']],
    ['cmdline', 'C:\\Windows\\System32\\cmd.exe /c dir', []],
    ['key_path', 'HKEY_LOCAL_MACHINE\\SOFTWARE', ['registryKey']],
    ['address', 'https://example.test/a', ['url', 'ipAddress']],
    ['port', 443, []],
    ['meta_hostname', null, []],
    ['meta_hostname', '', []],
  ]
  for (const [column, value, types] of cases) assert.deepEqual(pivotTypesOf(column, value), types, `${column} ${value}`)
})

function query(name: string, variables: WireSavedQuery['variables']): WireSavedQuery {
  const times = { createdAt: '', updatedAt: '' }
  return {
    id: name,
    name,
    description: '',
    type: 'canned',
    template: `SELECT '${name}'`,
    variables,
    categories: [],
    ...times,
  }
}

const library = [
  query('by hash', [{ name: 'sha', dataType: 'text', pivotType: 'sha256' }]),
  query('by host', [{ name: 'host', dataType: 'text', pivotType: 'deviceName' }]),
  query('host and days', [
    { name: 'days', dataType: 'integer' },
    { name: 'host', dataType: 'text', pivotType: 'deviceName' },
  ]),
  query('no variables', []),
]

test('prepared queries that take the value get it, the others are not offered', () => {
  const pivots = pivotsFor({ column: 'meta_hostname', value: 'FIN-WS-01' }, library, new Set())
  assert.deepEqual(
    pivots.map(({ title, isComplete }) => [title, isComplete]),
    [
      ['by host', true],
      ['host and days', false],
    ],
  )
  assert.deepEqual(pivots[1]?.variables, [
    { name: 'days', dataType: 'integer' },
    { name: 'host', dataType: 'text', pivotType: 'deviceName', value: 'FIN-WS-01' },
  ])
})

test('what is about the value comes before what can be narrowed to it', () => {
  const narrowing = query('listening', [{ name: 'host', dataType: 'text', pivotType: 'deviceName', value: '%' }])
  const pivots = pivotsFor(
    { column: 'meta_hostname', value: 'A' },
    [narrowing, library[1]!],
    new Set(['meta_hostname']),
  )
  assert.deepEqual(
    pivots.map(({ title }) => title),
    ['by host', 'What reports this meta_hostname', 'Rows with this meta_hostname', 'listening'],
  )
})

test('a column of the lake can be searched for the same value, quotes and all', () => {
  const pivots = pivotsFor({ column: 'Name', value: "it's" }, [], new Set(['name']))
  assert.deepEqual(
    pivots.map(({ id }) => id),
    ['same-value-names', 'same-value-rows'],
  )
  assert.match(pivots[1]?.template ?? '', /WHERE name = 'it''s'\n/)
})

test('an empty library and a column of nobody lead nowhere', () => {
  assert.deepEqual(pivotsFor({ column: 'n', value: 'x' }, [], new Set(['name'])), [])
  assert.deepEqual(pivotsFor({ column: 'name', value: null }, library, new Set(['name'])), [])
})
