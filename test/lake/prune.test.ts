import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LiveFile } from '../../src/lake/data-files.ts'
import { boundMightMatch, prune, type Wanted } from '../../src/lake/prune.ts'
import type { ColumnStats } from '../../src/model/data-file.ts'
import type { ColumnBound } from '../../src/model/scan-scope.ts'

type Value = string | number | boolean | null
type Row = Readonly<Record<string, Value>>

/** A file of these rows with exact statistics; `lacks` columns are not in them. */
function fileOf(id: number, rows: readonly Row[], lacks: readonly string[] = []): LiveFile {
  const columns = [...new Set(rows.flatMap(row => Object.keys(row)))].filter(name => !lacks.includes(name))
  const times = rows.map(row => row['time']).filter(time => typeof time === 'number')
  return {
    ...{ id, tenantId: 't', table: 'xdr_data', path: `f${id}`, level: 1, rows: rows.length, bytes: 1 },
    queryNames: [...new Set(rows.map(row => String(row['query_name']).toLowerCase()))],
    minTime: times.length === 0 ? undefined : Math.min(...times),
    maxTime: times.length === 0 ? undefined : Math.max(...times),
    ...{ minIngested: 0, maxIngested: 0, addedVersion: 1, createdAt: 0 },
    stats: Object.fromEntries(columns.map(name => [name, statsOf(rows.map(row => row[name] ?? null))])),
  }
}

function statsOf(values: readonly Value[]): ColumnStats {
  const present = values.filter(value => value !== null).sort(compare)
  const nullCount = values.length - present.length
  return present.length === 0 ? { nullCount } : { min: present[0]!, max: present.at(-1)!, nullCount }
}

function compare(a: string | number | boolean, b: string | number | boolean): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return Number(a) - Number(b)
}

function matches(row: Row, wanted: Wanted): boolean {
  const { range, queryNames, hosts, bounds } = wanted
  const time = row['time']
  if (range !== undefined) {
    if (typeof time !== 'number' || time < range.start || (range.end !== undefined && time >= range.end)) return false
  }
  const name = String(row['query_name']).toLowerCase()
  if (queryNames !== undefined && !queryNames.some(wantedName => wantedName.toLowerCase() === name)) return false
  if (hosts !== undefined && !hosts.ids.includes(String(row[hosts.column]))) return false
  return bounds.every(bound => satisfies(row[bound.column] ?? null, bound))
}

function satisfies(value: Value, bound: ColumnBound): boolean {
  if (value === null) return false
  if ('in' in bound) return bound.in.includes(value)
  const isAbove = bound.min === undefined || (typeof value === typeof bound.min && compare(value, bound.min) >= 0)
  const isBelow = bound.max === undefined || (typeof value === typeof bound.max && compare(value, bound.max) <= 0)
  return isAbove && isBelow
}

const text = fc.string({ unit: 'binary', maxLength: 3 })
const number = fc.integer({ min: -5, max: 20 })
const row: fc.Arbitrary<Row> = fc.record({
  time: fc.option(number, { nil: null, freq: 8 }),
  query_name: fc.constantFrom('a', 'A', 'b', 'c'),
  endpoint_id: fc.constantFrom('h1', 'h2', 'h3'),
  text: fc.option(text, { nil: null, freq: 4 }),
  number: fc.option(number, { nil: null, freq: 4 }),
  flag: fc.option(fc.boolean(), { nil: null, freq: 4 }),
})
const files = fc
  .array(fc.tuple(fc.array(row, { minLength: 1, maxLength: 4 }), fc.subarray(['text', 'number', 'flag'])), {
    maxLength: 6,
  })
  .map(list => list.map(([rows, lacks], id) => ({ file: fileOf(id, rows, lacks), rows })))
const bound: fc.Arbitrary<ColumnBound> = fc.oneof(
  fc.record({ column: fc.constant('text'), in: fc.array(text, { maxLength: 3 }) }),
  fc.record({ column: fc.constant('number'), in: fc.array(number, { maxLength: 3 }) }),
  fc.record({ column: fc.constant('flag'), in: fc.array(fc.boolean(), { maxLength: 2 }) }),
  fc.record({ column: fc.constant('number'), min: number, max: number }),
  fc.record({ column: fc.constant('number'), min: number }),
  fc.record({ column: fc.constant('text'), max: text }),
  fc.record({ column: fc.constantFrom('text', 'number'), min: fc.oneof(text, number) }),
)
const wanted: fc.Arbitrary<Wanted> = fc.record({
  range: fc.option(fc.record({ start: number, end: fc.option(number, { nil: undefined }) }), { nil: undefined }),
  queryNames: fc.option(fc.array(fc.constantFrom('a', 'B', 'c', 'd'), { maxLength: 2 }), { nil: undefined }),
  hosts: fc.option(fc.record({ column: fc.constant('endpoint_id'), ids: fc.subarray(['h1', 'h2', 'h3', 'h4']) }), {
    nil: undefined,
  }),
  bounds: fc.array(bound, { maxLength: 2 }),
})

test('pruned and unpruned files give the same rows', () => {
  fc.assert(
    fc.property(files, wanted, (list, asked) => {
      const kept = new Set(
        prune(
          list.map(({ file }) => file),
          asked,
        ),
      )
      for (const { file, rows } of list) {
        const hit = rows.find(candidate => matches(candidate, asked))
        if (hit !== undefined) assert.ok(kept.has(file), `the file of ${JSON.stringify(hit)} was left out`)
      }
    }),
    { numRuns: 2_000 },
  )
})

const any: Wanted = { range: undefined, queryNames: undefined, hosts: undefined, bounds: [] }
const one = fileOf(1, [
  { time: 10, query_name: 'Ports', endpoint_id: 'h2', number: 5, text: 'm' },
  { time: 20, query_name: 'Ports', endpoint_id: 'h2', number: 9, text: 'p' },
])

for (const [what, asked] of [
  ['an earlier window', { ...any, range: { start: 0, end: 10 } }],
  ['a later window', { ...any, range: { start: 21, end: undefined } }],
  ['another query name', { ...any, queryNames: ['sockets'] }],
  ['no query name at all', { ...any, queryNames: [] }],
  ['another host', { ...any, hosts: { column: 'endpoint_id', ids: ['h1', 'h3'] } }],
  ['a smaller number', { ...any, bounds: [{ column: 'number', max: 4 }] }],
  ['a greater number', { ...any, bounds: [{ column: 'number', min: 10 }] }],
  ['other numbers', { ...any, bounds: [{ column: 'number', in: [4, 10] }] }],
  ['another text', { ...any, bounds: [{ column: 'text', in: ['a', 'z'] }] }],
  [
    'one of two bounds',
    {
      ...any,
      bounds: [
        { column: 'number', in: [5] },
        { column: 'text', in: ['z'] },
      ],
    },
  ],
] satisfies [string, Wanted][]) {
  test(`a file is left out for ${what}`, () => assert.deepEqual(prune([one], asked), []))
}

for (const [what, asked] of [
  ['nothing in particular', any],
  ['a window that ends with its last row', { ...any, range: { start: 20, end: 21 } }],
  ['its query name in other letters', { ...any, queryNames: ['PORTS'] }],
  ['a column it says nothing of', { ...any, bounds: [{ column: 'unknown', in: ['x'] }] }],
  ['a number compared with a text', { ...any, bounds: [{ column: 'number', min: 'x' }] }],
] satisfies [string, Wanted][]) {
  test(`a file is kept for ${what}`, () => assert.deepEqual(prune([one], asked), [one]))
}

test('a file whose statistics are not loaded is kept', () => {
  const wanted = { ...any, bounds: [{ column: 'number', in: [99] }] }
  assert.deepEqual(prune([{ ...one, stats: undefined }], wanted).length, 1)
})

test('a column of nulls matches no comparison, a column without bounds matches any', () => {
  assert.equal(boundMightMatch({ nullCount: 2 }, 2, { column: 'x', in: ['a'] }), false)
  assert.equal(boundMightMatch({ nullCount: 1 }, 2, { column: 'x', in: ['a'] }), true)
  assert.equal(boundMightMatch({ nullCount: 0, min: 'b' }, 2, { column: 'x', max: 'a' }), false)
  assert.equal(boundMightMatch({ nullCount: 0, min: 'b' }, 2, { column: 'x', min: 'z' }), true)
})
