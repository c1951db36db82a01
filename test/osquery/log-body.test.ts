import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type BodyLines, openBodyReader } from '../../src/ingest/body.ts'
import { agentHeadBytesMax } from '../../src/limits.ts'
import { firstLineOf, looksWhole, mendLine, readLogHead, readLogTail, readTailOf } from '../../src/osquery/log-body.ts'

// A log post, however it is written and wherever the network cuts it.

const none = { nodeKey: undefined, logType: undefined }

test('the beginning says who sends what, and where the lines begin', () => {
  const read = (text: string) => readLogHead(Buffer.from(text))
  const known = { nodeKey: 'k', logType: 'result' }
  assert.deepEqual(read('{"node_key":"k","log_type":"result","data":['), { kind: 'lines', at: 43, members: known })
  assert.deepEqual(read(' \n{ "data" :\t[ {}'), { kind: 'lines', at: 13, members: none })
  assert.deepEqual(read('{"a":[{"]":"}"}],"node_key":"k\\u0041","log_type":7,"data":[]'), {
    ...{ kind: 'lines', at: 58, members: { nodeKey: 'kA', logType: undefined } },
  })
  assert.deepEqual(read('{"node_key":"k","log_type":"result"}'), { kind: 'whole', members: known })
  assert.deepEqual(read('{"node_key":"k","data":null,"log_type":"result"}'), { kind: 'whole', members: known })
  assert.deepEqual(read('{}'), { kind: 'whole', members: none })
  assert.deepEqual(read('{"node_key":""}'), { kind: 'whole', members: { ...none, nodeKey: '' } })
})

test('of a beginning that is not all there nothing is said', () => {
  const text = '{"node_key":"k\\"","n":-1.5e3,"o":{"a":["}"]},"log_type":"result","data":['
  for (let end = 0; end < text.length; end++) {
    assert.deepEqual(readLogHead(Buffer.from(text.slice(0, end))), { kind: 'more' }, `cut at ${end}`)
  }
  assert.equal(readLogHead(Buffer.from(text)).kind, 'lines')
})

test('what is no log post is refused', () => {
  const refused = [
    'x',
    '[]',
    '"data"',
    '{x',
    '{"data":7}',
    '{"data":"[]"}',
    '{"data":{}}',
    '{"a" 1}',
    '{"a":}',
    '{"a":1 2}',
  ]
  for (const text of refused) {
    assert.throws(() => readLogHead(Buffer.from(text)), { code: 'invalid_argument' }, text)
  }
  const long = `{"a":"${'x'.repeat(agentHeadBytesMax)}`
  assert.throws(() => readLogHead(Buffer.from(long)), { code: 'invalid_argument', message: /no data within the first/ })
})

test('the end says the same, and whether all is there', () => {
  const known = { nodeKey: 'k', logType: 'status' }
  assert.deepEqual(readLogTail(Buffer.from(' , "log_type":"status","node_key":"k" } \n')), known)
  assert.deepEqual(readLogTail(Buffer.from('}')), none)
  for (const text of ['', ',', ',"node_key":"k"', '}}', ']', 'x}', '{}']) {
    assert.equal(readLogTail(Buffer.from(text)), undefined, text)
  }
  const body = ['[{"a":"]}"},', '["x"],"]"', '],"node_key":"k","log_type":"status"}'].map(text => Buffer.from(text))
  assert.deepEqual(readTailOf(body), known)
  assert.equal(readTailOf(body.slice(0, 2)), undefined)
  for (const text of ['[]}', 'x"}] , "log_type" : "status", "n": 7 }\n']) assert.ok(looksWhole(Buffer.from(text)), text)
  for (const text of ['', '[{"a":1}', '[{}]', '}', '],"a":"}']) {
    assert.ok(!looksWhole(Buffer.from(text)), text)
  }
})

test('elements that are no objects are mended where it can be told what was meant', () => {
  const mend = (text: string) => {
    const bytes = Buffer.from(`..${text}..`)
    return mendLine(bytes, 2, bytes.length - 2)?.toString('utf8')
  }
  assert.equal(mend('"{\\"a\\":\\"\\\\u0000\\"}"'), '{"a":"\\u0000"}')
  assert.equal(mend('" {\\"a\\":\\"é\\ud800\\"} "'), '{"a":"é\ufffd"}')
  assert.equal(mend('{"a":"x\u0000y\n"}'), '{"a":"x\\u0000y\\u000a"}')
  assert.equal(mend('"{\\"a\\":\\"\u0001\\"}"'), '{"a":"\\u0001"}')
  for (const text of ['7', 'null', '{"a":1}', '{"a" 1}', '"\\q"']) assert.equal(mend(text), undefined, text)
})

test('the first line is taken only whole', () => {
  const first = (text: string) => firstLineOf(Buffer.from(`..${text}`), 2)
  assert.equal(first('[ {"a":"}"} ,'), '{"a":"}"}')
  for (const text of ['[', '[{"a":1', '[{"a":1}', '["x"]', '[]']) assert.equal(first(text), undefined, text)
})

// A whole post as any writer may write it, and what must come of it.

const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom('é', '\u0000', '\ud83d\ude00', '"', '\\', ']', '}', '{', '[', ',', '\n'),
)
const column = fc.tuple(fc.constantFrom('a', 'data', 'node_key', ']', '\\"'), text)
const line = fc.record({
  name: fc.constantFrom('q', 'pack/x/y'),
  columns: fc.array(column, { maxLength: 3 }).map(entries => Object.fromEntries(entries)),
})
const space = fc.constantFrom('', '', ' ', '\n\t ')
const post = fc.record({
  lines: fc.array(fc.tuple(line, fc.boolean()), { maxLength: 4 }),
  order: fc.shuffledSubarray(['node_key', 'log_type', 'data', 'more'], { minLength: 4 }),
  key: fc.stringMatching(/^[0-9a-f]{1,8}$/),
  ...{ before: space, between: space },
})

interface Post {
  readonly body: Buffer
  readonly lines: readonly string[]
  readonly key: string
}

function written({ lines, order, key, before, between }: typeof post extends fc.Arbitrary<infer T> ? T : never): Post {
  const texts = lines.map(([object]) => JSON.stringify(object))
  const elements = texts.map((each, at) => (lines[at]![1] ? JSON.stringify(each) : each))
  const members: Record<string, string> = {
    ...{ node_key: JSON.stringify(key), log_type: '"result"', more: '{"data":[1],"node_key":"no"}' },
    data: `[${before}${elements.join(`${between},${before}`)}${between}]`,
  }
  const parts = order.map(name => `${between}"${name}"${before}:${between}${members[name]}`)
  return { body: Buffer.from(`${before}{${parts.join(`${before},`)}${between}}${before}`), lines: texts, key }
}

/** Reads a post from its chunks as the route does, without its host. */
function readPost(chunks: readonly Buffer[]): { key: string | undefined; lines: BodyLines } {
  let head: Buffer = Buffer.alloc(0)
  for (const [at, chunk] of chunks.entries()) {
    head = Buffer.concat([head, chunk])
    const read = readLogHead(head)
    if (read.kind === 'more') continue
    assert.equal(read.kind, 'lines')
    const rest = [head.subarray(read.kind === 'lines' ? read.at : 0), ...chunks.slice(at + 1)]
    const reader = openBodyReader({ key: [1, 2], hostIdentifier: 'h', isLogBody: true })
    for (const each of rest) reader.push(each)
    return { key: read.members.nodeKey ?? readTailOf(rest)?.nodeKey, lines: reader.end() }
  }
  return assert.fail('no lines')
}

function check(expected: Post, chunks: readonly Buffer[]): void {
  const { key, lines } = readPost(chunks)
  assert.deepEqual([key, lines.rejectedCount, lines.isCut], [expected.key, 0, false])
  assert.deepEqual(
    lines.hosts.flatMap(host => host.lines),
    expected.lines,
  )
}

test('any post, cut in two at every byte and into single bytes, gives its lines', () => {
  fc.assert(
    fc.property(post, made => {
      const expected = written(made)
      const { body } = expected
      for (let at = 0; at <= body.length; at++) check(expected, [body.subarray(0, at), body.subarray(at)])
      check(
        expected,
        Array.from({ length: body.length }, (_, at) => body.subarray(at, at + 1)),
      )
    }),
    { numRuns: 60 },
  )
})

test('any post that ends before its end is cut, wherever that is', () => {
  fc.assert(
    fc.property(post, fc.double({ min: 0, max: 0.999, noNaN: true }), (made, share) => {
      const { body } = written(made)
      const whole = body.toString('utf8').trimEnd()
      const cut = Buffer.from(whole).subarray(0, Math.floor(share * Buffer.byteLength(whole)))
      const head = readLogHead(cut)
      if (head.kind !== 'lines') return assert.equal(head.kind, 'more')
      const reader = openBodyReader({ hostIdentifier: 'h', isLogBody: true })
      reader.push(cut.subarray(head.at))
      assert.equal(reader.end().isCut, true)
    }),
    { numRuns: 300 },
  )
})

test('a byte that is not what it was costs no line before it', () => {
  fc.assert(
    fc.property(post, fc.nat(), fc.nat(255), (made, at, byte) => {
      const { body, lines } = written(made)
      const head = readLogHead(body)
      const begin = head.kind === 'lines' ? head.at + 1 : assert.fail()
      const place = begin + (at % (body.length - begin))
      const spoilt = Buffer.from(body)
      spoilt[place] = byte
      const reader = openBodyReader({ hostIdentifier: 'h', isLogBody: true })
      reader.push(spoilt.subarray(begin - 1))
      const read = reader.end().hosts.flatMap(host => host.lines)
      // Whole lines with what ends them, in front of the byte.
      let end = begin
      const before = lines.filter((each, index) => {
        const isText = made.lines[index]![1]
        end =
          body.indexOf(isText ? JSON.stringify(each) : each, end) +
          Buffer.byteLength(isText ? JSON.stringify(each) : each)
        return body.indexOf(index === lines.length - 1 ? ']' : ',', end) < place
      })
      assert.deepEqual(read.slice(0, before.length), before)
    }),
    { numRuns: 2_000 },
  )
})
