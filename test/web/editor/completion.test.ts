import assert from 'node:assert/strict'
import test from 'node:test'
import { type Knowledge, type Offer, offersAt } from '../../../web/src/editor/completion.ts'

const knowledge: Knowledge = {
  schema: {
    envelope: ['query_name', 'calendar_time'],
    tables: [
      {
        name: 'xdr_data',
        timeColumn: 'calendar_time',
        hasQueryNames: true,
        columns: ['query_name', 'calendar_time', 'port', 'cmdline', 'sha256'].map(name => ({
          name,
          type: 'string' as const,
        })),
      },
      {
        name: 'xgfw_data',
        timeColumn: 'timestamp',
        hasQueryNames: false,
        columns: [{ name: 'src_ip', type: 'string' }],
      },
    ],
    queryNames: [
      { name: 'listening_ports', table: 'xdr_data', columns: ['port'], rows: 10, firstSeen: '', lastSeen: '' },
      { name: 'processes-now', table: 'xdr_data', columns: ['cmdline'], rows: 1000, firstSeen: '', lastSeen: '' },
    ],
  },
  functions: [
    {
      name: 'split_part',
      kind: 'scalar',
      signatures: ['split_part(string, delimiter, index) → varchar'],
      isSupported: true,
    },
    { name: 'now', kind: 'scalar', signatures: ['now() → timestamp'], isSupported: true },
    { name: 'table_changes', kind: 'table', signatures: ['table_changes(x)'], isSupported: false, reason: 'no' },
  ],
}

/** Offers where `|` stands. */
function at(text: string, isAsked = false): readonly Offer[] {
  const found = offersAt(text.replace('|', ''), text.indexOf('|'), knowledge, isAsked)
  return found?.offers ?? []
}

const labels = (offers: readonly Offer[], kind: Offer['kind']): string[] =>
  offers.filter(offer => offer.kind === kind).map(offer => offer.label)

test('query names inside the string they are compared with', () => {
  assert.deepEqual(labels(at("SELECT 1 FROM xdr_data WHERE query_name = 'li|'"), 'queryName'), [
    'listening_ports',
    'processes-now',
  ])
  assert.deepEqual(at("SELECT 1 FROM xdr_data WHERE name = 'li|'"), [])
  const found = offersAt("WHERE query_name = '", 20, knowledge, false)
  assert.equal(found?.from, 20)
})

test('tables and views after FROM, JOIN and a comma among tables', () => {
  for (const text of ['SELECT 1 FROM |', 'SELECT 1 FROM a JOIN |', 'SELECT 1 FROM a, |']) {
    const offers = at(text, true)
    assert.deepEqual(labels(offers, 'table'), ['xdr_data', 'xgfw_data'], text)
    assert.deepEqual(labels(offers, 'view'), ['listening_ports', 'processes-now'], text)
    assert.deepEqual(labels(offers, 'column'), [], text)
  }
  assert.equal(at('SELECT 1 FROM p|').find(offer => offer.label === 'processes-now')?.insert, '"processes-now"')
})

test('names of a WITH clause are tables', () => {
  const offers = at('WITH seen AS (SELECT 1), late AS (SELECT 2) SELECT * FROM |', true)
  assert.deepEqual(labels(offers, 'table'), ['xdr_data', 'xgfw_data', 'seen', 'late'])
})

test('columns of the query names in use come first', () => {
  const offers = at("SELECT | FROM xdr_data WHERE query_name = 'processes-now'", true)
  const sorted = offers.filter(offer => offer.kind === 'column').toSorted((a, b) => b.boost - a.boost)
  assert.deepEqual(
    sorted.map(offer => offer.label),
    ['cmdline', 'query_name', 'calendar_time', 'port', 'sha256'],
  )
})

test('columns of the table that is read', () => {
  assert.deepEqual(labels(at('SELECT s| FROM xgfw_data'), 'column'), ['src_ip'])
})

test('only what contains the letters typed, and nothing once a keyword is written out', () => {
  assert.deepEqual(labels(at('SELECT HA| FROM xdr_data'), 'column'), ['sha256'])
  assert.deepEqual(at('SELECT port FROM xdr_data ORDER BY port desc|'), [])
  assert.deepEqual(labels(at('SELECT port FROM xdr_data ORDER BY port des|'), 'keyword'), ['DESC'])
})

test('after a dot there are columns only', () => {
  const kinds = new Set(at('SELECT d.| FROM xdr_data d').map(offer => offer.kind))
  assert.deepEqual([...kinds], ['column'])
})

test('functions come with their signature; refused ones do not come', () => {
  const offers = at('SELECT | FROM xdr_data', true)
  assert.deepEqual(labels(offers, 'function'), ['split_part', 'now'])
  const [splitPart, now] = offers.filter(offer => offer.kind === 'function')
  assert.equal(splitPart?.detail, '(string, delimiter, index) → varchar')
  assert.deepEqual([splitPart?.insert, splitPart?.cursor], ['split_part()', 1])
  assert.deepEqual([now?.insert, now?.cursor], ['now()', 0])
})

test('types after the AS of a cast, and not after another AS', () => {
  assert.deepEqual(new Set(at('SELECT CAST(x AS v|').map(offer => offer.kind)), new Set(['type']))
  assert.ok(labels(at('SELECT x AS |', true), 'keyword').includes('SELECT'))
})

test('nothing in comments, numbers and other strings, nor before a letter is typed', () => {
  for (const text of ['-- fro|', '/* x| */', 'SELECT 1|', "SELECT 'x|'", 'SELECT "x|"', 'SELECT |', 'SELECT $$a|$$']) {
    assert.deepEqual(at(text), [], text)
  }
  assert.notDeepEqual(at('SELECT |', true), [])
})

test('without a schema there are keywords and functions', () => {
  const found = offersAt('SELECT s', 8, { schema: undefined, functions: knowledge.functions }, false)
  assert.deepEqual(labels(found?.offers ?? [], 'column'), [])
  assert.ok(labels(found?.offers ?? [], 'keyword').includes('SELECT'))
})
