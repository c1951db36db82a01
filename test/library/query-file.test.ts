import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseQueryFile } from '../../src/library/query-file.ts'

const head = `-- name: Example
-- id: 5D0B1C55-6A0C-4A39-9E5B-0B6C0F1E2D3C
-- category: threatHunting network
-- attack: T1059.001 M1051
-- variable: hash text sha256
-- variable: days integer = 7
-- variable: device text deviceName = a b%`

const file = `${head}
--
-- One line
-- and its rest.
--
-- Another paragraph.

SELECT 1

-- a comment inside
FROM xdr_data
`

test('a file is read whole', () => {
  assert.deepEqual(parseQueryFile('example', file), {
    id: '5d0b1c55-6a0c-4a39-9e5b-0b6c0f1e2d3c',
    code: 'example',
    name: 'Example',
    categoryCodes: ['threatHunting', 'network'],
    attackIds: ['T1059.001', 'M1051'],
    platforms: [],
    variables: [
      { name: 'hash', dataType: 'text', pivotType: 'sha256' },
      { name: 'days', dataType: 'integer', value: '7' },
      { name: 'device', dataType: 'text', pivotType: 'deviceName', value: 'a b%' },
    ],
    description: 'One line and its rest.\n\nAnother paragraph.\n\nATT&CK: T1059.001, M1051',
    template: 'SELECT 1\n\n-- a comment inside\nFROM xdr_data',
  })
})

test('line ends of Windows are read as well', () => {
  assert.deepEqual(parseQueryFile('example', file.replaceAll('\n', '\r\n')), parseQueryFile('example', file))
})

const refusals: readonly (readonly [string, (text: string) => string, RegExp])[] = [
  ['no statement', text => text.slice(0, text.indexOf('\n\n')), /^example\.sql: head, description and statement/],
  ['no description', () => `${head}\n\nSELECT 1`, /head, description and statement/],
  ['an unknown field', text => text.replace('-- attack', '-- attacks'), /'attacks: .*' is no field/],
  ['an empty field', text => text.replace('-- name: Example', '-- name:'), /'name:' is no field/],
  ['no name', text => text.replace('-- name: Example\n', ''), /one name is expected/],
  ['two ids', text => text.replace('-- category', '-- id: x\n-- category'), /one id is expected/],
  ['an id of another version', text => text.replace('-4A39-', '-1A39-'), /is no version-4 UUID/],
  ['an id of another variant', text => text.replace('-9E5B-', '-CE5B-'), /is no version-4 UUID/],
  ['a tactic', text => text.replace('T1059.001', 'TA0001'), /example\.sql: TA0001/],
  ['an unknown type', text => text.replace('days integer', 'days number'), /'days number = 7' is no variable/],
  ['an unknown pivot', text => text.replace(' sha256', ' sha1'), /pivot type sha1/],
  ['code in the head', text => text.replace('-- attack', 'SELECT'), /is no line of a head/],
]

for (const [what, change, message] of refusals) {
  test(`refused: ${what}`, () => {
    assert.notEqual(change(file), file)
    assert.throws(() => parseQueryFile('example', change(file)), { name: 'RangeError', message })
  })
}

test('a query for hosts says where it runs', () => {
  const live = file.replace('-- variable: hash', '-- os: windows linux\n-- variable: hash')
  assert.deepEqual(parseQueryFile('example', live).platforms, ['windows', 'linux'])
  assert.throws(() => parseQueryFile('example', live.replace('linux', 'beos')), /there is no system beos/)
})
