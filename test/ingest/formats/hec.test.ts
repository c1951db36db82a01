import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type HecDefaults, readHecEvents, readHecRaw } from '../../../src/ingest/formats/hec.ts'
import { lineBytesMax } from '../../../src/limits.ts'

const defaults = { host: '192.0.2.7', time: '1770000000.000001' }
const nothing: HecDefaults = { host: undefined, source: undefined, sourcetype: undefined, index: undefined }

async function read(
  body: string | Buffer,
  reader = readHecEvents,
  request: Partial<HecDefaults> = {},
  bytes = 1 << 16,
) {
  const whole = Buffer.from(body)
  async function* chunks() {
    for (let at = 0; at < whole.length; at += bytes) yield whole.subarray(at, at + bytes)
  }
  const result = reader(chunks(), defaults, { ...nothing, ...request })
  const parts: Buffer[] = []
  for await (const part of result.lines) parts.push(part)
  const text = Buffer.concat(parts).toString('utf8')
  assert.ok(text === '' || text.endsWith('\n'))
  return { lines: text.split('\n').slice(0, -1), refusal: result.refusal() }
}

const line = (n: number) =>
  `{"name":"pack/x/q","hostIdentifier":"web-${n}","unixTime":177000000${n},"columns":{"n":12345678901234567890},"action":"added"}`

const generic = (members: object) =>
  `{"name":"event","hostIdentifier":"192.0.2.7","unixTime":1770000000.000001,` +
  `"decorations":{"hostname":"192.0.2.7"},"columns":${JSON.stringify(members)}}`

test('osquery lines come out byte for byte: as objects, texts, several at once, and in records of shippers', async () => {
  const bodies: [string, number[]][] = [
    [`{"event":${line(1)}}`, [1]],
    [`{"event":${line(1)}}{"event":${line(2)}}`, [1, 2]],
    [` {"event":${line(1)}}\r\n\n\t{"event":${line(2)}} `, [1, 2]],
    [JSON.stringify({ event: line(1) }), [1]],
    [JSON.stringify({ event: `${line(1)}\n${line(2)}\r\n` }), [1, 2]],
    [JSON.stringify({ event: `${line(1)}${line(2)}` }), [1, 2]],
    [`{"event":[${line(1)}, ${line(2)}]}`, [1, 2]],
    // Fluent Bit's splunk output over its tail input.
    [`{"time":1770000000.123456,"event":{"log":${JSON.stringify(line(1))}}}`, [1]],
    // Vector's splunk_hec_logs, JSON.
    [
      `{"event":{"message":${JSON.stringify(line(1))},"source_type":"file"},"fields":{},"time":1770000000.1,"host":"h"}`,
      [1],
    ],
    [`{"event":{"event":${line(1)}}}`, [1]],
  ]
  for (const [body, numbers] of bodies) {
    assert.deepEqual(await read(body), { lines: numbers.map(line), refusal: undefined }, body)
    assert.deepEqual(await read(body, readHecEvents, {}, 1), await read(body), 'byte by byte')
  }
})

test('a pretty-printed line is still one line, and one without a host gets that of its event', async () => {
  const bare = { name: 'q', columns: { a: 'x y' } }
  const pretty = JSON.stringify({ event: { ...bare, hostIdentifier: 'h' } }, null, 2)
  const { lines } = await read(pretty)
  assert.equal(lines.length, 1)
  assert.deepEqual(JSON.parse(lines[0]!), { ...bare, hostIdentifier: 'h' })
  const named = await read(`{"host":"web-9","event":${JSON.stringify(bare)}}`)
  assert.deepEqual(named.lines, ['{"hostIdentifier":"web-9","name":"q","columns":{"a":"x y"}}'])
  const unnamed = await read(`{"event":${JSON.stringify(bare)}}`)
  assert.deepEqual(unnamed.lines, ['{"hostIdentifier":"192.0.2.7","name":"q","columns":{"a":"x y"}}'])
  const hostname = '{"name":"q","hostname":"old","columns":{}}'
  assert.deepEqual((await read(`{"host":"web-9","event":${hostname}}`)).lines, [hostname])
})

test('anything else is a row of the same form, and says all that its shipper said', async () => {
  const body =
    '{"time":1433188255.253,"host":"dc-1","source":"Security","sourcetype":"WinEventLog","index":"main",' +
    '"fields":{"os":"windows","n":12345678901234567890,"tags":["a","b"]},' +
    '"event":{"EventID":4624,"big":12345678901234567890,"User":{"Name":"é"}}}'
  assert.deepEqual((await read(body)).lines, [
    '{"name":"WinEventLog","hostIdentifier":"dc-1","unixTime":1433188255.253,"decorations":' +
      '{"hostname":"dc-1","source":"Security","sourcetype":"WinEventLog","index":"main",' +
      '"os":"windows","n":12345678901234567890,"tags":["a","b"]},' +
      '"columns":{"EventID":4624,"big":12345678901234567890,"User":{"Name":"é"}}}',
  ])
  assert.deepEqual((await read('{"event":"disk full"}')).lines, [generic({ message: 'disk full' })])
  assert.deepEqual((await read('{"event":42}')).lines, [generic({ message: '42' })])
  assert.deepEqual((await read('{"event":false}')).lines, [generic({ message: 'false' })])
  assert.deepEqual((await read('{"event":[1,{"a":2}]}')).lines, [generic({ message: '[1,{"a":2}]' })])
  assert.deepEqual((await read('{"event":"a\\nb\\u0000\\ud800"}')).lines, [generic({ message: 'a\nb\u0000\ufffd' })])
  assert.deepEqual((await read('{"event":"{\\"a\\":1}"}')).lines, [generic({ a: 1 })])
  assert.deepEqual((await read('{"event":"{\\"a\\":01}"}')).lines, [generic({ message: '{"a":01}' })])
  assert.deepEqual((await read('{"event":{"log":"no line"}}')).lines, [generic({ log: 'no line' })])
  const named = JSON.parse((await read('{"source":"s","event":"x"}')).lines[0]!)
  assert.deepEqual([named.name, named.decorations], ['s', { hostname: '192.0.2.7', source: 's' }])
  const own = JSON.parse((await read('{"source":"s","fields":{"source":"f","hostname":null},"event":"x"}')).lines[0]!)
  assert.deepEqual(own.decorations, { source: 'f', hostname: null })
})

test('the request says what its events do not', async () => {
  const request = { host: 'h', source: 's', sourcetype: 't', index: 'i' }
  const body = '{"event":"x"}{"event":"y","host":"own","source":null,"sourcetype":"","index":7}'
  const said = (await read(body, readHecEvents, request)).lines.map(each => {
    const { name, hostIdentifier, decorations } = JSON.parse(each)
    return [name, hostIdentifier, decorations]
  })
  assert.deepEqual(said, [
    ['t', 'h', { hostname: 'h', source: 's', sourcetype: 't', index: 'i' }],
    ['t', 'own', { hostname: 'own', source: 's', sourcetype: 't', index: '7' }],
  ])
})

test('times: seconds with or without a fraction, as number or text, or milliseconds', async () => {
  const timeOf = async (time: string) => {
    const { lines, refusal } = await read(`{"time":${time},"event":"x"}`)
    return lines.length === 0 ? refusal?.kind : JSON.parse(lines[0]!).unixTime
  }
  const expected: [string, unknown][] = [
    ['1433188255', 1433188255],
    ['"1433188255.253"', 1433188255.253],
    ['" 1433188255 "', 1433188255],
    ['1.433188255e9', 1433188255],
    ['0', 0],
    ['1433188255253', 1433188255.253],
    ['"1433188255253"', 1433188255.253],
    ['null', 1770000000.000001],
    ['""', 1770000000.000001],
    ['-1', 'invalidDataFormat'],
    ['"yesterday"', 'invalidDataFormat'],
    ['"0x10"', 'invalidDataFormat'],
    ['"1e999"', 'invalidDataFormat'],
    ['true', 'invalidDataFormat'],
    ['{}', 'invalidDataFormat'],
  ]
  for (const [time, unixTime] of expected) assert.equal(await timeOf(time), unixTime, time)
})

test('the events before a bad one are taken, it and what follows are not', async () => {
  const good = `{"event":${line(1)}}{"event":${line(2)}}`
  const bad: [string, string][] = [
    ['{"event":', 'invalidDataFormat'],
    ['{"event":tru}', 'invalidDataFormat'],
    ['{"event":"\\q"}', 'invalidDataFormat'],
    ['{"event":"a\tb"}', 'invalidDataFormat'],
    ['{"event":{"a":01}}', 'invalidDataFormat'],
    ['{"event":"x"]', 'invalidDataFormat'],
    ['{"event":"x",}', 'invalidDataFormat'],
    [`{"event":${'['.repeat(40)}${']'.repeat(40)}}`, 'invalidDataFormat'],
    ['"event"', 'invalidDataFormat'],
    ['[{"event":"x"}]', 'invalidDataFormat'],
    [',{"event":"x"}', 'invalidDataFormat'],
    ['{}', 'eventRequired'],
    ['{"Event":"x"}', 'eventRequired'],
    ['{"event":null}', 'eventRequired'],
    ['{"event":""}', 'eventBlank'],
    ['{"event":" \\n"}', 'eventBlank'],
    ['{"event":{}}', 'eventBlank'],
    ['{"event":"x","index":{}}', 'incorrectIndex'],
    ['{"event":"x","host":[]}', 'invalidDataFormat'],
    ['{"event":"x","fields":[]}', 'indexedFields'],
    ['{"event":"x","fields":"a"}', 'indexedFields'],
    ['{"event":"x","fields":{"a":{}}}', 'indexedFields'],
    ['{"event":"x","fields":{"a":[[]]}}', 'indexedFields'],
  ]
  for (const [text, kind] of bad) {
    for (const bytes of [1 << 16, 7]) {
      const { lines, refusal } = await read(`${good}${text}{"event":"behind"}`, readHecEvents, {}, bytes)
      assert.deepEqual([lines, refusal], [[line(1), line(2)], { kind, eventNumber: 2 }], text)
    }
    assert.deepEqual((await read(text)).refusal, { kind, eventNumber: 0 }, text)
  }
  for (const body of ['', ' \n ']) {
    assert.deepEqual(await read(body), { lines: [], refusal: { kind: 'noData', eventNumber: undefined } })
  }
})

test('raw: every line is an event', async () => {
  const body = `${line(1)}\n\r\n  plain text\r\n {"a":1} \n{"log":${JSON.stringify(line(2))}}\n${line(3)}${line(4)}`
  for (const bytes of [1 << 16, 1]) {
    const { lines, refusal } = await read(body, readHecRaw, {}, bytes)
    assert.equal(refusal, undefined)
    assert.deepEqual(lines, [
      line(1),
      generic({ message: '  plain text' }),
      generic({ a: 1 }),
      line(2),
      line(3),
      line(4),
    ])
  }
  const named = await read('x', readHecRaw, { host: 'h', sourcetype: 'syslog' })
  assert.deepEqual(named.lines, [
    '{"name":"syslog","hostIdentifier":"h","unixTime":1770000000.000001,' +
      '"decorations":{"hostname":"h","sourcetype":"syslog"},"columns":{"message":"x"}}',
  ])
  assert.deepEqual(await read('\n \n', readHecRaw), { lines: [], refusal: { kind: 'noData', eventNumber: undefined } })
})

test('what is too long is handed on cut, and costs nothing around it', async () => {
  const long = 'y'.repeat(3 * lineBytesMax)
  const events = `{"event":${line(1)}}{"event":"${long}"}{"event":${line(2)}}`
  const raw = `${line(1)}\n${long}\n${line(2)}`
  for (const [body, reader] of [
    [events, readHecEvents],
    [raw, readHecRaw],
  ] as const) {
    const { lines, refusal } = await read(body, reader)
    assert.equal(refusal, undefined)
    assert.deepEqual([lines.length, lines[0], lines[2]], [3, line(1), line(2)])
    assert.ok(lines[1]!.length > lineBytesMax && lines[1]!.length < lineBytesMax + 10_000)
  }
})

test('any split into chunks gives the same lines', async () => {
  const piece = fc.constantFrom('{"event":"a\\"}{"}', '{"event":{"b":[{}]}}', '{', '}', '"', '\\', '\n', ' ', ']', 'é')
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 8 }), fc.integer({ min: 1, max: 9 }), async (parts, bytes) => {
      for (const reader of [readHecEvents, readHecRaw]) {
        assert.deepEqual(await read(parts.join(''), reader, {}, bytes), await read(parts.join(''), reader))
      }
    }),
    { numRuns: 500 },
  )
})

test('any event whatever gives lines, one JSON object each', async () => {
  const event = fc.oneof(fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }), fc.constantFrom(line(1), [line(1)]))
  await fc.assert(
    fc.asyncProperty(event, fc.integer({ min: 0, max: 2 }), async (value, indent) => {
      const { lines, refusal } = await read(JSON.stringify({ event: value }, null, indent))
      assert.equal(lines.length > 0, refusal === undefined)
      for (const each of lines) assert.equal(typeof JSON.parse(each).hostIdentifier, 'string')
    }),
  )
})
