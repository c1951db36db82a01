import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { lineBytesMax } from '../../src/limits.ts'
import { openLineScanner } from '../../src/osquery/line-scanner.ts'

interface Seen {
  lines: [number, string | undefined, string][]
  rejected: [number, string][]
  last: number
}

function scan(...chunks: (string | Uint8Array)[]): Seen {
  const seen: Seen = { lines: [], rejected: [], last: 0 }
  const scanner = openLineScanner({
    line: (bytes, start, end, host, number) => seen.lines.push([number, host, bytes.toString('utf8', start, end)]),
    rejected: (number, reason) => seen.rejected.push([number, reason]),
  })
  for (const chunk of chunks) scanner.push(Buffer.from(chunk))
  seen.last = scanner.end()
  return seen
}

function onlyReason(line: string | Uint8Array): string | undefined {
  const { lines, rejected } = scan(line)
  assert.equal(lines.length + rejected.length, 1)
  return rejected[0]?.[1]
}

const line = (host: string, more = '') => `{"name":"q","hostIdentifier":"${host}"${more}}`

test('NDJSON: line ends, blank lines, a byte order mark and a missing last line end', () => {
  const body = `\ufeff\n${line('a')}\r\n  \n\t${line('b')}  \n${line('c')}`
  assert.deepEqual(scan(body), {
    lines: [
      [2, 'a', line('a')],
      [4, 'b', line('b')],
      [5, 'c', line('c')],
    ],
    rejected: [],
    last: 5,
  })
  assert.deepEqual(scan(''), { lines: [], rejected: [], last: 0 })
  assert.deepEqual(scan('\ufeff'), { lines: [], rejected: [], last: 0 })
  assert.deepEqual(scan('\n\r\n \n'), { lines: [], rejected: [], last: 3 })
})

test('array: elements, pretty-printed objects and nothing at all', () => {
  const pretty = JSON.stringify({ hostIdentifier: 'a', columns: { x: ']},{"', y: [1, { z: null }] } }, null, 2)
  assert.deepEqual(scan(`\ufeff \n[ ${pretty} ,\r\n${line('b')}\n]\n`), {
    lines: [
      [1, 'a', pretty],
      [2, 'b', line('b')],
    ],
    rejected: [],
    last: 2,
  })
  assert.deepEqual(scan('[]'), { lines: [], rejected: [], last: 0 })
  assert.deepEqual(scan(' [ \n ] '), { lines: [], rejected: [], last: 0 })
})

test('array: what is no object is rejected with its number, the rest is kept', () => {
  const { lines, rejected } = scan(`[${line('a')}, 1, "x,]", null, [${line('n')}],, ${line('b')},]`)
  assert.deepEqual(lines, [
    [1, 'a', line('a')],
    [7, 'b', line('b')],
  ])
  assert.deepEqual(rejected, [
    [2, 'not a JSON object'],
    [3, 'not a JSON object'],
    [4, 'not a JSON object'],
    [5, 'not a JSON object'],
    [6, 'the array has an empty element'],
    [8, 'the array has an empty element'],
  ])
})

test('array: without its end, and with text behind it', () => {
  assert.deepEqual(scan(`[${line('a')},${line('b')}`), {
    lines: [
      [1, 'a', line('a')],
      [2, 'b', line('b')],
    ],
    rejected: [[3, 'the array is not closed']],
    last: 3,
  })
  assert.deepEqual(scan(`[${line('a')},{"x":`).rejected, [
    [2, 'the object is not closed'],
    [3, 'the array is not closed'],
  ])
  assert.deepEqual(scan(`[${line('a')}]\n${line('b')}`).rejected, [[2, 'text after the array']])
})

test('a line that is no JSON object says why', () => {
  const reasons: [string, string][] = [
    ['hello', 'not a JSON object'],
    ['"text"', 'not a JSON object'],
    ['12', 'not a JSON object'],
    ['true', 'not a JSON object'],
    [':', 'not a JSON object'],
    ['{', 'the object is not closed'],
    ['{"a":1', 'the object is not closed'],
    ['{"a":1}}', 'text after the object'],
    ['{}x', 'text after the object'],
    ['{"a":1},', 'text after the object'],
    ['{"a":"b', 'a string is not closed'],
    ['{"a":"b\\"}', 'a string is not closed'],
    ['{"a"}', 'byte 5: not what JSON allows there'],
    ['{"a":}', 'byte 6: not what JSON allows there'],
    ['{"a" "b"}', 'byte 6: not what JSON allows there'],
    ['{"a":1 "b":2}', 'byte 8: not what JSON allows there'],
    ['{"a":1,}', 'byte 8: not what JSON allows there'],
    ['{,}', 'byte 2: not what JSON allows there'],
    ['{a:1}', 'byte 2: not what JSON allows there'],
    ['{"a":[1}', 'byte 8: not what JSON allows there'],
    ['{"a":{]}', 'byte 7: not what JSON allows there'],
    ['{"a":\u0000}', 'byte 6: not what JSON allows there'],
    ["{'a':1}", 'byte 2: not what JSON allows there'],
    ['{"a":"\t"}', 'byte 7: a control character in a string'],
    [`{"a":${'['.repeat(40)}${']'.repeat(40)}}`, 'nested deeper than 30 levels'],
  ]
  for (const [text, reason] of reasons) assert.equal(onlyReason(text), reason, text)
})

test('a line that an engine may stumble on is structure enough', () => {
  for (const text of ['{"a":01}', '{"a":"\\ud800"}', '{"a":1e999}', '{"a":"\\q"}', '{"a":nulll}', '{"":{}}', '{}']) {
    assert.equal(onlyReason(text), undefined, text)
  }
})

test('the host: hostIdentifier before hostname, top level only, text only, the first of each', () => {
  const hostOf = (text: string) => scan(text).lines[0]?.[1]
  assert.equal(hostOf('{"hostname":"n","hostIdentifier":"i"}'), 'i')
  assert.equal(hostOf('{"hostname":"n"}'), 'n')
  assert.equal(hostOf('{"decorations":{"hostIdentifier":"x","hostname":"y"}}'), undefined)
  assert.equal(hostOf('{"columns":{"hostIdentifier":"x"},"hostname" : "n"}'), 'n')
  assert.equal(hostOf('{"a":"hostIdentifier","b":"x"}'), undefined)
  assert.equal(hostOf('{"hostIdentifier":7,"hostname":"n"}'), 'n')
  assert.equal(hostOf('{"hostIdentifier":["x"]}'), undefined)
  assert.equal(hostOf('{"hostIdentifier":{"a":"x"},"z":"y"}'), undefined)
  assert.equal(hostOf('{"hostIdentifier":"a","hostIdentifier":"b"}'), 'a')
  assert.equal(hostOf('{"hostIdentifier":"w\\u00e9\\"b"}'), 'wé"b')
  assert.equal(hostOf('{"hostIdentifier":"\\ud800"}'), '\ufffd')
  assert.equal(hostOf('{"hostIdentifier":"bad \\x escape"}'), undefined)
  assert.equal(hostOf('{"hostIdentifier":""}'), '')
})

test('hosts that alternate are not mixed up', () => {
  const hosts = ['aa', 'ab', 'aa', 'a', 'aa', '']
  const { lines } = scan(hosts.map(host => line(host)).join('\n'))
  assert.deepEqual(
    lines.map(([, host]) => host),
    hosts,
  )
})

test('bytes that are no UTF-8 become U+FFFD', () => {
  const body = Buffer.concat([Buffer.from('{"hostIdentifier":"h'), Buffer.from([0xff]), Buffer.from('","a":"é"}\n{}')])
  assert.deepEqual(scan(body).lines, [
    [1, 'h\ufffd', '{"hostIdentifier":"h\ufffd","a":"é"}'],
    [2, undefined, '{}'],
  ])
})

test('a line that is too long is rejected, its neighbours are not', () => {
  const long = line('x', `,"a":"${'y'.repeat(lineBytesMax)}"`)
  const just = line('j', `,"a":"${'y'.repeat(lineBytesMax - line('j', ',"a":""').length)}"`)
  assert.equal(just.length, lineBytesMax)
  const reason = `longer than ${lineBytesMax} bytes`
  const whole = scan(`${line('a')}\n${long}\n${just}\n${line('b')}`)
  assert.deepEqual(whole.rejected, [[2, reason]])
  assert.deepEqual(
    whole.lines.map(([number, host]) => [number, host]),
    [
      [1, 'a'],
      [3, 'j'],
      [4, 'b'],
    ],
  )
  const body = `[${line('a')},${long},${just}]`
  const pieces = body.match(/.{1,65536}/gs)!
  for (const chunks of [[body], pieces]) {
    const array = scan(...chunks)
    assert.deepEqual(array.rejected, [[2, reason]])
    assert.equal(array.lines.length, 2)
  }
})

test('objects one behind the other, as Fluent Bit streams them, are lines of one number', () => {
  assert.deepEqual(scan(`${line('a')}${line('b')} \t${line('c')}\n{}{}\n`), {
    lines: [
      [1, 'a', line('a')],
      [1, 'b', line('b')],
      [1, 'c', line('c')],
      [2, undefined, '{}'],
      [2, undefined, '{}'],
    ],
    rejected: [],
    last: 2,
  })
  assert.deepEqual(scan(`${line('a')}{"x":}${line('b')}\n${line('c')}`), {
    lines: [
      [1, 'a', line('a')],
      [2, 'c', line('c')],
    ],
    rejected: [[1, 'byte 6: not what JSON allows there']],
    last: 2,
  })
  // A comma between them is no format anybody sends.
  assert.deepEqual(scan(`${line('a')},${line('b')}`).rejected, [[1, 'text after the object']])
})

test('objects without an end to their line are bounded each, not together', () => {
  const object = (at: number) => line(`h${at}`, `,"columns":{"x":"${'é'.repeat(200_000)}"}`)
  const many = Array.from({ length: 20 }, (_, at) => object(at))
  const body = Buffer.from(many.join(''))
  assert.ok(body.length > 4 * lineBytesMax)
  const long = `{"hostIdentifier":"long","x":"${'y'.repeat(lineBytesMax)}"}`
  const huge = `{"hostIdentifier":"huge","x":"${'y'.repeat(3 * lineBytesMax)}"}`
  const cases: [Buffer, number, number][] = [
    [body, 20, 0],
    [Buffer.from(`${object(0)}${long}${object(1)}\n${object(2)}`), 3, 1],
    // Past what is held at once nothing tells where the next one begins.
    [Buffer.from(`${object(0)}${huge}${object(1)}\n${object(2)}`), 2, 1],
    [Buffer.from(`${object(0)}x${'y'.repeat(3 * lineBytesMax)}\n${object(2)}`), 1, 1],
    [Buffer.from(`${' '.repeat(3 * lineBytesMax)}${object(1)}\n${object(2)}`), 2, 0],
  ]
  for (const [bytes, lines, rejected] of cases) {
    const whole = scan(bytes)
    assert.deepEqual([whole.lines.length, whole.rejected.length], [lines, rejected])
    const pieces = Array.from({ length: Math.ceil(bytes.length / 65_521) }, (_, at) =>
      bytes.subarray(at * 65_521, (at + 1) * 65_521),
    )
    assert.deepEqual(scan(...pieces), whole)
  }
})

const piece = fc.constantFrom(
  ...['{"hostIdentifier":"a"}', '{"hostname":"é\\""}', '{', '}', '[', ']', ',', '"', '\\', '\n', '\r\n', ' ', ':', '1'],
  ...['"a":"b"', '\ufeff', '{"a":[{}]}', '\u00ff', 'null'],
)

test('any split into chunks gives the same lines', () => {
  const body = fc.array(piece, { maxLength: 20 }).map(parts => Buffer.from(parts.join('')))
  const broken = fc.tuple(body, fc.nat(), fc.nat(255)).map(([bytes, at, value]) => {
    if (bytes.length > 0) bytes[at % bytes.length] = value
    return bytes
  })
  fc.assert(
    fc.property(fc.oneof(body, broken), fc.array(fc.nat(40), { maxLength: 12 }), (bytes, sizes) => {
      const chunks: Buffer[] = []
      let at = 0
      for (const size of sizes) {
        chunks.push(bytes.subarray(at, at + size))
        at += size
      }
      chunks.push(bytes.subarray(at))
      assert.deepEqual(scan(...chunks), scan(bytes))
      assert.deepEqual(scan(...[...bytes].map(byte => Uint8Array.of(byte))), scan(bytes))
    }),
    { numRuns: 2000 },
  )
})

test('every JSON object is a line, in NDJSON and in an array, and its host is what JSON says', () => {
  const object = fc.dictionary(
    fc.oneof(fc.constantFrom('hostIdentifier', 'hostname', 'columns'), fc.string({ unit: 'binary' })),
    fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }),
  )
  fc.assert(
    fc.property(fc.array(object, { minLength: 1, maxLength: 5 }), fc.constantFrom(0, 1, 3), (objects, indent) => {
      const texts = objects.map(value => JSON.stringify(value).toWellFormed())
      const hosts = objects.map(({ hostIdentifier, hostname }) =>
        [hostIdentifier, hostname].find(value => typeof value === 'string'),
      )
      const expected = texts.map((text, at) => [at + 1, hosts[at], text])
      assert.deepEqual(scan(texts.join('\n')), { lines: expected, rejected: [], last: texts.length })
      const array = scan(JSON.stringify(objects, null, indent))
      assert.deepEqual(array.rejected, [])
      assert.deepEqual(
        array.lines.map(([number, host, text]) => [number, host, JSON.stringify(JSON.parse(text))]),
        expected,
      )
    }),
    { numRuns: 500 },
  )
})

test('a line that JSON refuses by its structure is never taken', () => {
  const structure = /unterminated|expected|unexpected end|after JSON/i
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), parts => {
      const text = parts.join('').replace(/[\r\n\ufeff]/g, '')
      for (const [, , taken] of scan(`{}\n${text}`).lines) {
        try {
          assert.equal(typeof JSON.parse(taken), 'object')
        } catch (error) {
          assert.ok(!structure.test(String(error)), text)
        }
      }
    }),
    { numRuns: 3000 },
  )
})
