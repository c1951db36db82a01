import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/model/errors.ts'
import {
  emptyDistributedRead,
  isDenylisted,
  parseDistributedRead,
  renderDistributedRead,
} from '../../src/osquery/distributed.ts'
import { openDistributedReader, parseDistributedWrite } from '../../src/osquery/distributed-reader.ts'
import { type Random, randomOf } from '../fuzz/random.ts'

const noStats = { wallTimeMs: undefined, userTimeMs: undefined, systemTimeMs: undefined, memoryBytes: undefined }
const plain = { status: 0, message: undefined, rows: [], droppedRows: 0, stats: noStats }

function parsed(text: string | object, bounds = {}) {
  const body = typeof text === 'string' ? text : JSON.stringify(text)
  const { nodeKey, answers } = parseDistributedWrite(Buffer.from(body), bounds)
  return { nodeKey, answers: Object.fromEntries(answers) }
}

test('an agent of today: rows, statuses, messages, figures', () => {
  const body = {
    node_key: 'key',
    queries: {
      a: [
        { pid: '1', name: 'init' },
        { pid: '2', name: '' },
      ],
      b: [],
    },
    statuses: { a: 0, b: 1 },
    messages: { a: '', b: 'no such table: nope' },
    stats: { a: { wall_time_ms: 12, user_time: 3, system_time: 1, memory: 4096 } },
  }
  assert.deepEqual(parsed(body), {
    nodeKey: 'key',
    answers: {
      a: {
        status: 0,
        message: undefined,
        rows: [
          { pid: '1', name: 'init' },
          { pid: '2', name: '' },
        ],
        droppedRows: 0,
        stats: { wallTimeMs: 12, userTimeMs: 3, systemTimeMs: 1, memoryBytes: 4096 },
      },
      b: { ...plain, status: 1, message: 'no such table: nope' },
    },
  })
})

test('what agents of other ages and hands send', () => {
  const cases: readonly (readonly [string, string, object])[] = [
    ['nothing but a key', '{"node_key":"k"}', {}],
    ['no statuses yet: rows are a success', '{"queries":{"a":[{"x":"1"}]}}', { a: { ...plain, rows: [{ x: '1' }] } }],
    ['an empty text for a failed query', '{"queries":{"a":""},"statuses":{"a":1}}', { a: { ...plain, status: 1 } }],
    [
      'a status without rows',
      '{"statuses":{"a":1},"messages":{"a":"m"}}',
      { a: { ...plain, status: 1, message: 'm' } },
    ],
    [
      'statuses as text',
      '{"queries":{"a":[],"b":[]},"statuses":{"a":"0","b":"21"}}',
      { a: plain, b: { ...plain, status: 21 } },
    ],
    [
      'a status that is none',
      '{"statuses":{"a":true,"b":"","c":1.5,"d":null}}',
      { a: { ...plain, status: 1 }, b: { ...plain, status: 1 }, c: { ...plain, status: 1 }, d: plain },
    ],
    [
      'numbers with all their digits',
      '{"queries":{"a":[{"n": 18446744073709551615,"m":-0.5,"t":true,"z":null,"l":[1,{"a":2}]}]}}',
      { a: { ...plain, rows: [{ n: '18446744073709551615', m: '-0.5', t: 'true', z: null, l: '["1",{"a":"2"}]' }] } },
    ],
    [
      'NULs, escapes and brackets in texts',
      '{"queries":{"a\\"]":[{"x":"\\u0000}]\\\\","y\\u0041":"{["}]}}',
      { 'a"]': { ...plain, rows: [{ x: '\u0000}]\\', yA: '{[' }] } },
    ],
    [
      'members nobody knows',
      '{"queries":{"a":[]},"later":{"queries":{"b":[{}]}},"x":[[],{}],"statuses":{"a":0}}',
      { a: plain },
    ],
    [
      'an id twice: the last counts',
      '{"queries":{"a":[{"x":"1"}],"a":[{"x":"2"}]}}',
      { a: { ...plain, rows: [{ x: '2' }] } },
    ],
    [
      'white space everywhere',
      ' {\n "queries" : { "a" : [ { "x" : "1" } , { } ] } , "statuses" : { "a" : 0 } } \n',
      { a: { ...plain, rows: [{ x: '1' }, {}] } },
    ],
    [
      'names of Object',
      '{"queries":{"__proto__":[{"__proto__":"1"}]}}',
      JSON.parse(`{"__proto__":${JSON.stringify({ ...plain, rows: [{}] }).replace('{}', '{"__proto__":"1"}')}}`),
    ],
    ['queries that are no object', '{"queries":["a",{"b":[]}],"statuses":{"a":0}}', { a: plain }],
    [
      'figures as text, or nonsense',
      '{"statuses":{"a":0},"stats":{"a":{"wall_time_ms":"7","user_time":-1,"system_time":"x","memory":null}}}',
      { a: { ...plain, stats: { ...noStats, wallTimeMs: 7 } } },
    ],
    [
      'a message that is no text',
      '{"statuses":{"a":1},"messages":{"a":{"b":1}}}',
      { a: { ...plain, status: 1, message: '{"b":1}' } },
    ],
  ]
  for (const [name, body, answers] of cases) {
    const nodeKey = body.includes('node_key') ? 'k' : undefined
    assert.equal(JSON.stringify(parsed(body)), JSON.stringify({ nodeKey, answers }), name)
  }
})

test('broken UTF-8 and a row that is no JSON cost nothing but themselves', () => {
  const bytes = Buffer.concat([
    Buffer.from('{"queries":{"a":[{"x":"'),
    Buffer.from([0xff, 0xc3]),
    Buffer.from('"},{"x":nope},{"x":"2"}]}}'),
  ])
  assert.deepEqual(Object.fromEntries(parseDistributedWrite(bytes).answers), {
    a: { ...plain, rows: [{ x: '\ufffd\ufffd' }, { x: '2' }], droppedRows: 1 },
  })
})

test('what is over a bound is counted, the beginning kept', () => {
  const rows = Array.from({ length: 10 }, (_, n) => ({ n: String(n) }))
  const body = { queries: { a: rows, b: rows.slice(0, 2) } }
  const kept = (answer: object) => JSON.parse(JSON.stringify(answer))
  const byRows = parsed(body, { rowsMax: 3 }).answers
  assert.deepEqual([kept(byRows['a']!).rows, byRows['a']!.droppedRows], [rows.slice(0, 3), 7])
  assert.equal(byRows['b']!.droppedRows, 0)
  const byBytes = parsed(body, { bytesMax: 18 }).answers
  assert.deepEqual([byBytes['a']!.rows.length, byBytes['a']!.droppedRows], [2, 8])
  const long = { queries: { a: [{ x: '1' }, { x: 'y'.repeat(100) }, { x: '3' }] } }
  const byRow = parsed(long, { rowBytesMax: 50 }).answers
  assert.deepEqual([byRow['a']!.rows, byRow['a']!.droppedRows], [[{ x: '1' }, { x: '3' }], 1])
  const byQueries = parsed({ queries: { a: [], b: [], c: [{}] }, statuses: { d: 1 } }, { queriesMax: 2 })
  assert.deepEqual(Object.keys(byQueries.answers), ['a', 'b'])
})

test('a huge answer is read to its end and not held', () => {
  const reader = openDistributedReader({ rowsMax: 1_000 })
  reader.push(Buffer.from('{"queries":{"a":['))
  const row = `{"path":"${'/x'.repeat(100)}"},`
  const chunk = Buffer.from(row.repeat(5_000))
  for (let n = 0; n < 100; n++) reader.push(chunk)
  // One row larger than any member may be.
  reader.push(Buffer.from('{"x":"'))
  for (let n = 0; n < 80; n++) reader.push(Buffer.alloc(65_536, 'y'))
  reader.push(Buffer.from('"}]},"node_key":"k","statuses":{"a":0}}'))
  const { nodeKey, answers } = reader.end()
  assert.equal(nodeKey, 'k')
  assert.deepEqual([answers.get('a')!.rows.length, answers.get('a')!.droppedRows], [1_000, 499_001])
})

test('what is no JSON object is refused', () => {
  const bodies = [
    '',
    ' ',
    'null',
    '[]',
    '"x"',
    '{',
    '{"a":1',
    '{"a":"',
    '{}{}',
    '}',
    '{"statuses":{nope}}',
    '{"queries":{"a":[{]}}',
    '{"a":1}}',
  ]
  for (const body of bodies) {
    const isRefused = (error: unknown) => error instanceof AppError && error.message === 'the body is not a JSON object'
    assert.throws(() => parsed(body), isRefused, body)
  }
  assert.throws(() => parsed(`{"a":${'['.repeat(100)}${']'.repeat(100)}}`), AppError)
})

test('the body of a read', () => {
  assert.equal(parseDistributedRead(Buffer.from('{"node_key":"k"}')), 'k')
  assert.equal(parseDistributedRead(Buffer.from('{"node_key":7}')), undefined)
  for (const body of ['', 'null', '[]', '{', '1']) {
    assert.throws(() => parseDistributedRead(Buffer.from(body)), AppError, body)
  }
})

test('the answer to a read', () => {
  assert.equal(renderDistributedRead({ queries: {} }), emptyDistributedRead)
  const answer = { queries: { id: "SELECT 'a\u0001'" }, discovery: { id: 'SELECT 1' }, accelerate: 59.9 }
  assert.equal(
    renderDistributedRead(answer),
    '{"queries":{"id":"SELECT \'a\\u0001\'"},"discovery":{"id":"SELECT 1"},"accelerate":59}',
  )
})

test('a denylisted query is known by its message', () => {
  assert.equal(isDenylisted({ status: 1, message: 'distributed query is denylisted' }), true)
  assert.equal(isDenylisted({ status: 0, message: 'distributed query is denylisted' }), false)
  assert.equal(isDenylisted({ status: 1, message: 'no such table: x' }), false)
  assert.equal(isDenylisted({ status: 1, message: undefined }), false)
})

/** A body as an agent might send it, and what must come of it. */
function randomBody(random: Random) {
  const text = () => random.pick(['', 'x', '"', '\\', '{', ']', ',', ':', '\u0000', 'ü', '😀', '\ud800', '  ', '\n'])
  const texts = () => Array.from({ length: random.int(4) }, text).join('')
  const queries: Record<string, object[]> = {}
  for (let n = random.int(4); n > 0; n--) {
    queries[`q${texts()}${n}`] = Array.from({ length: random.int(4) }, () =>
      Object.fromEntries(Array.from({ length: random.int(4) }, (_, at) => [`c${at}${texts()}`, texts()])),
    )
  }
  const statuses = Object.fromEntries(Object.keys(queries).map(id => [id, random.int(3)]))
  return { node_key: texts(), queries, statuses, other: [texts(), { queries: { no: [{}] } }] }
}

/** Half characters become U+FFFD in rows; ids stay what they are. */
function wellFormed(queries: Record<string, object[]>) {
  const text = (value: unknown) => String(value).toWellFormed()
  const row = (each: object) =>
    Object.fromEntries(Object.entries(each).map(([name, value]) => [text(name), text(value)]))
  return Object.fromEntries(Object.entries(queries).map(([id, rows]) => [id, rows.map(row)]))
}

test('any split into chunks gives what JSON.parse gives', () => {
  const random = randomOf(7)
  for (let round = 0; round < 2_000; round++) {
    const body = randomBody(random)
    const bytes = Buffer.from(JSON.stringify(body, null, random.pick([undefined, 1])))
    const expected = JSON.parse(bytes.toString()) as typeof body
    const reader = openDistributedReader()
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + random.int(random.pick([1, 8, 200]))
      reader.push(bytes.subarray(at, end))
      at = end
    }
    const { nodeKey, answers } = reader.end()
    assert.equal(nodeKey, expected.node_key)
    const rows = Object.fromEntries([...answers].map(([id, answer]) => [id, answer.rows]))
    assert.deepEqual(rows, wellFormed(expected.queries), `round ${round}: ${bytes}`)
    assert.deepEqual(Object.fromEntries([...answers].map(([id, answer]) => [id, answer.status])), expected.statuses)
  }
})

test('no bytes break the reader, and a mutated body is read or refused in words', () => {
  const random = randomOf(11)
  for (let round = 0; round < 4_000; round++) {
    const bytes = Buffer.from(JSON.stringify(randomBody(random)))
    for (let n = 1 + random.int(4); n > 0; n--)
      bytes[random.int(bytes.length)] = random.pick([0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d, 0x2c, 0x3a, 0xff, 0x00])
    try {
      parseDistributedWrite(bytes)
    } catch (error) {
      assert.ok(error instanceof AppError && error.code === 'invalid_argument', `round ${round}: ${error}`)
    }
  }
})
