import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRunRequest, type RunRequest } from '../../src/api/run-request.ts'

const bounds = { templateCharsMin: 1, templateCharsMax: 50_000, nameCharsMax: 300 }
const parse = (text: string): RunRequest => parseRunRequest(Buffer.from(text), bounds)
const adHoc = (members: object, rest: object = {}) =>
  parse(JSON.stringify({ adHocQuery: { template: 'SELECT 1', ...members }, ...rest }))

const additive = { limits: {}, keepUntil: undefined }
const bare = { variables: undefined, hostIds: undefined, window: { from: undefined, to: undefined }, ...additive }
const hostId = 'b51e2f6b-2c4c-4f65-8a0e-9d1c3a7e5f20'

test('the smallest JSON and the whole of it', () => {
  assert.deepEqual(adHoc({}), { source: { kind: 'adHoc', template: 'SELECT 1', name: undefined }, ...bare })
  const variables = [{ name: 'port', dataType: 'text', value: '44%', pivotType: 'ipAddress' }]
  const full = adHoc(
    { name: 'who listens' },
    { variables, matchEndpoints: { filters: [{ ids: [hostId] }] }, from: '2026-02-01', to: 'PT1H' },
  )
  assert.deepEqual(full, {
    source: { kind: 'adHoc', template: 'SELECT 1', name: 'who listens' },
    variables,
    hostIds: [hostId],
    window: { from: '2026-02-01', to: 'PT1H' },
    ...additive,
  })
})

test('a saved query, with and without its category', () => {
  const queryId = '082c521a-6300-4e9d-8ce0-946ee70dc598'
  const categoryId = '76fced42-1de6-4952-95be-1c9633e6e9a3'
  const of = (savedQuery: object) => parse(JSON.stringify({ savedQuery })).source
  assert.deepEqual(of({ queryId, categoryId }), { kind: 'saved', queryId, categoryId })
  assert.deepEqual(of({ queryId: `urn:uuid:${queryId.toUpperCase()}` }), {
    kind: 'saved',
    queryId,
    categoryId: undefined,
  })
  assert.deepEqual(of({ queryId, categoryId: '' }), { kind: 'saved', queryId, categoryId: undefined })
  assert.deepEqual(of({ queryId, categoryId: null }), { kind: 'saved', queryId, categoryId: undefined })
})

test('null and empty members are absent, unknown ones are ignored', () => {
  const rest = { variables: null, matchEndpoints: null, from: null, to: '', savedQuery: null, name: 'x', zoom: 3 }
  assert.deepEqual(adHoc({ name: null, variables: [1] }, rest), adHoc({}))
  assert.deepEqual(adHoc({}, { variables: [] }).variables, [])
  assert.deepEqual(adHoc({}, { matchEndpoints: {} }).hostIds, undefined)
  assert.deepEqual(adHoc({}, { matchEndpoints: { filters: [] } }).hostIds, undefined)
})

test('several filters are one set of ids, in lower case and without doubles', () => {
  const filters = [{ ids: [hostId.toUpperCase()] }, { ids: [hostId, `urn:uuid:${hostId.replace('b', 'c')}`] }]
  assert.deepEqual(adHoc({}, { matchEndpoints: { filters } }).hostIds, [hostId, hostId.replace('b', 'c')])
})

test('the SQL itself as the body, byte order mark and comment included', () => {
  const sql = '-- processes\nSELECT 1\n'
  assert.deepEqual(parse(sql).source, { kind: 'adHoc', template: sql, name: undefined })
  assert.deepEqual(parse(`\ufeff${sql}`).source, { kind: 'adHoc', template: sql, name: undefined })
  assert.deepEqual(parse('\n  (SELECT 1)').source.kind, 'adHoc')
})

const refusals: Readonly<Record<string, RegExp>> = {
  '': /^the body is empty/,
  ' \r\n\t': /^the body is empty/,
  '{': /^the body is not valid JSON: /,
  '[1, 2': /^the body is not valid JSON: /,
  '"abc': /^the body is not valid JSON: /,
  '""': /^the body must be object$/,
  '[]': /^the body must be object$/,
  '3': /^the body must be object$/,
  null: /^the body must be object$/,
  '{}': /^adHocQuery or savedQuery is required$/,
  '{"adHocQuery": {}}': /^adHocQuery must have required properties template$/,
  '{"adHocQuery": {"query": "SELECT 1"}}': /^adHocQuery must have required properties template$/,
  '{"adHocQuery": {"template": 7}}': /^adHocQuery\.template must be string$/,
  '{"adHocQuery": {"template": " "}}': /^adHocQuery\.template is empty$/,
  '{"adHocQuery": "SELECT 1"}': /^adHocQuery must be object$/,
  '{"savedQuery": {"queryId": "7"}}': /^savedQuery\.queryId must be a UUID$/,
  '{"savedQuery": {}}': /^savedQuery must have required properties queryId$/,
  [`{"savedQuery": {"queryId": "${hostId}", "categoryId": "x"}}`]: /^savedQuery\.categoryId must be a UUID$/,
  [`{"adHocQuery": {"template": "SELECT 1"}, "savedQuery": {"queryId": "${hostId}"}}`]: /exactly one of them/,
  '{"adHocQuery": {"template": "SELECT 1"}, "from": 7}': /^from must be string$/,
  'query.sql': /^the body is the file name query\.sql, not SQL: curl reads a file with --data-binary @query\.sql$/,
  '-- a commentSELECT 1': /^the body is one comment: .*--data-binary @query\.sql$/,
}

for (const [body, message] of Object.entries(refusals)) {
  test(`refused: ${JSON.stringify(body)}`, () => {
    assert.throws(() => parse(body), { code: 'invalid_argument', message })
  })
}

test('variables and ids that are wrong are named by their place', () => {
  const of = (rest: object) => () => adHoc({}, rest)
  assert.throws(of({ variables: [{ name: 'a', dataType: 'colour' }] }), {
    message: 'variables.0.dataType must be one of text, integer, double, boolean, dateTime',
  })
  assert.throws(of({ variables: [{ dataType: 'text' }] }), {
    message: 'variables.0 must have required properties name',
  })
  assert.throws(of({ variables: [{ name: 'a', dataType: 'text', value: 7 }] }), {
    message: 'variables.0.value must be string',
  })
  assert.throws(of({ variables: [{ name: 'a', dataType: 'text', value: 'x'.repeat(5001) }] }), {
    message: 'variables.0.value must not have more than 5000 characters',
  })
  const twice = (...values: (string | undefined)[]) => ({
    variables: values.map(value => ({ name: 'a', dataType: 'text', value })),
  })
  const ambiguous = { message: 'variables has "a" more than once, with different types or values' }
  assert.throws(of(twice('1', '2')), ambiguous)
  assert.throws(of(twice('1', '1', '2')), ambiguous)
  assert.throws(of(twice(undefined, '2')), ambiguous)
  assert.equal(adHoc({}, twice('1', '1')).variables?.length, 2)
  assert.throws(of({ matchEndpoints: { filters: [{ hostnameContains: 'x' }] } }), {
    message: 'matchEndpoints.filters.0 must have required properties ids',
  })
  assert.throws(of({ matchEndpoints: { filters: [{ ids: ['nope'] }] } }), {
    message: 'matchEndpoints.filters.ids has "nope": no UUID',
  })
  assert.throws(of({ matchEndpoints: { filters: [{ ids: [] }] } }), { code: 'invalid_argument' })
  const ids = (count: number) => Array.from({ length: count }, () => crypto.randomUUID())
  assert.equal(adHoc({}, { matchEndpoints: { filters: [{ ids: ids(1000) }] } }).hostIds?.length, 1000)
  assert.throws(of({ matchEndpoints: { filters: [{ ids: ids(1001) }] } }), { code: 'invalid_argument' })
  assert.throws(of({ matchEndpoints: { filters: [{ ids: ids(600) }, { ids: ids(600) }] } }), {
    message: 'matchEndpoints.filters.ids has 1200 ids: at most 1000',
  })
})

test('bounds of template and name', () => {
  assert.throws(() => parse(JSON.stringify({ adHocQuery: { template: 'x'.repeat(50_001) } })), {
    message: 'adHocQuery.template has 50001 characters: 1 to 50000 are allowed',
  })
  assert.ok(parse(JSON.stringify({ adHocQuery: { template: 'x'.repeat(50_000) } })))
  assert.throws(() => adHoc({ name: 'x'.repeat(301) }), {
    message: 'adHocQuery.name has 301 characters: at most 300 are allowed',
  })
  const vendor = { ...bounds, templateCharsMin: 15 }
  assert.throws(() => parseRunRequest(Buffer.from('SELECT 1'), vendor), {
    message: 'the SQL has 8 characters: 15 to 50000 are allowed',
  })
})

test('bytes that are no UTF-8, and JSON nested without end', () => {
  assert.throws(() => parseRunRequest(Buffer.from([0x53, 0xff, 0xfe]), bounds), { message: 'the body is not UTF-8' })
  const deep = `${'{"adHocQuery":'.repeat(50_000)}1${'}'.repeat(50_000)}`
  assert.throws(() => parse(deep), { code: 'invalid_argument' })
})
