import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCalendarTime, parseLineKeys, queryNameOf } from '../../src/osquery/result-log.ts'

test('query names: a pack with / is taken off, no other delimiter can be told', () => {
  assert.equal(queryNameOf('processes'), 'processes')
  assert.equal(queryNameOf('pack/Global/processes'), 'processes')
  assert.equal(queryNameOf('pack/team-3/a/b'), 'a/b')
  assert.equal(queryNameOf('pack_incident_response_processes'), 'pack_incident_response_processes')
  assert.equal(queryNameOf('pack/x'), 'pack/x')
  assert.equal(queryNameOf('pack/x/'), 'pack/x/')
})

test('keys of the four forms', () => {
  const header = { name: 'pack/p/q', hostIdentifier: 'h', unixTime: 1_700_000_000, epoch: 0, counter: 1 }
  const keys = (more: object) => parseLineKeys(JSON.stringify({ ...header, ...more }))
  const expected = { queryName: 'q', decorations: [], time: 1_700_000_000_000 }
  assert.deepEqual(keys({ columns: { a: '1', b: '2' }, action: 'added' }), { ...expected, columns: ['a', 'b'] })
  assert.deepEqual(keys({ snapshot: [{ a: '1' }, { c: '2' }], action: 'snapshot' }), {
    ...expected,
    columns: ['a', 'c'],
  })
  assert.deepEqual(keys({ columns: { a: '1' }, action: 'snapshot' }), { ...expected, columns: ['a'] })
  assert.deepEqual(keys({ diffResults: { added: [{ a: '1' }], removed: [{ d: '1' }] } }), {
    ...expected,
    columns: ['a', 'd'],
  })
  assert.deepEqual(keys({ snapshot: [], action: 'snapshot' }), { ...expected, columns: [] })
  assert.deepEqual(keys({ snapshot: [1, null, ['x']], diffResults: 'no' }), { ...expected, columns: [] })
})

test('decorations, in their own object and at the top level', () => {
  const keys = parseLineKeys('{"name":"q","decorations":{"host_uuid":"1"},"site":"x","columns":{}}')
  assert.deepEqual(keys?.decorations, ['host_uuid', 'site'])
})

test('time: unixTime as number or text, else calendarTime, else none', () => {
  const time = (more: object) => parseLineKeys(JSON.stringify({ name: 'q', ...more }))?.time
  assert.equal(time({ unixTime: 1, calendarTime: 'Tue Nov 24 06:54:47 2026 UTC' }), 1000)
  assert.equal(time({ unixTime: '1700000000' }), 1_700_000_000_000)
  assert.equal(time({ unixTime: '', calendarTime: 'Tue Nov 24 06:54:47 2026 UTC' }), Date.UTC(2026, 10, 24, 6, 54, 47))
  assert.equal(time({ unixTime: 'yesterday' }), undefined)
  assert.equal(time({}), undefined)
})

test('calendar times', () => {
  const expected = Date.UTC(2026, 10, 4, 6, 54, 47)
  for (const text of [
    'Wed Nov  4 06:54:47 2026 UTC',
    'Wed Nov  4 06:54:47 2026',
    'Wed Nov 4 06:54:47 2026\n',
    '2026-11-04T06:54:47Z',
    '2026-11-04 06:54:47',
    '2026-11-04 06:54:47 UTC',
    '2026-11-04T06:54:47.000',
    '2026-11-04T07:54:47+01:00',
  ]) {
    assert.equal(parseCalendarTime(text), expected, text)
  }
  for (const text of ['', 'now', 'Wed Foo  4 06:54:47 2026', '2026-13-44T99:00:00Z', '1795503287']) {
    assert.equal(parseCalendarTime(text), undefined, text)
  }
})

test('what has no keys', () => {
  for (const text of ['', '[]', 'null', '{', '{}', '{"name":""}', '{"name":7}']) {
    assert.equal(parseLineKeys(text), undefined, text)
  }
})
