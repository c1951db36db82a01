import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLenientJson } from '../../../src/osquery/config-import/lenient-json.ts'

const refusals: readonly (readonly [text: string, message: string])[] = [
  ['', 'line 1:1: it ends too early'],
  ['# only a comment', 'line 1:17: it ends too early'],
  ['{', 'line 1:2: a name in double quotes is expected'],
  ['{"a"', 'line 1:5: a colon is expected'],
  ['{"a":}', 'line 1:6: this is no value'],
  ['{"a":1', 'line 1:7: a comma or } is expected'],
  ['{"a":1 "b":2}', 'line 1:8: a comma or } is expected'],
  ["{'a':1}", 'line 1:2: a name in double quotes is expected'],
  ['{,}', 'line 1:2: a name in double quotes is expected'],
  ['[1,,2]', 'line 1:4: this is no value'],
  ['{"a": tru}', 'line 1:7: this is no value'],
  ['{"a": "x}', 'line 1:7: this text is not closed'],
  ['{\n  "a": "\\q"\n}', 'line 2:8: this text has an escape that JSON does not know'],
  ['{} {}', 'line 1:4: there is something behind the end'],
  ['{}\n/* open', 'line 2:1: there is something behind the end'],
  ['[1\\ 2]', 'line 1:3: a comma or ] is expected'],
  ['['.repeat(70), 'line 1:66: nested deeper than 64 levels'],
]

for (const [text, message] of refusals) {
  test(`refused: ${JSON.stringify(text.slice(0, 30))}`, () => {
    assert.throws(() => parseLenientJson(text), { code: 'invalid_argument', message })
  })
}

test('comments, commas before brackets, and lines joined by a backslash', () => {
  const text = `\uFEFF# a pack
{
  // what it is for
  "a": 1, # behind a value
  /* over
     lines */
  "sql": "SELECT * \\
FROM users \\
WHERE uid > 5",
  "list": [1, 2,],
  "url": "http://x#y // no comment",
  "none": null, "yes": true, "no": false, "n": -1.5e3,
  "tab": "a\tb",
  "escaped": "\\u00e9\\n\\"\\\\",
  "o": {},
}
`
  assert.deepEqual(parseLenientJson(text), {
    value: {
      a: 1,
      sql: 'SELECT * FROM users WHERE uid > 5',
      list: [1, 2],
      url: 'http://x#y // no comment',
      none: null,
      yes: true,
      no: false,
      n: -1500,
      tab: 'a\tb',
      escaped: 'é\n"\\',
      o: {},
    },
    repeated: [],
  })
})

test('what JSON.parse takes is taken alike', () => {
  for (const value of [0, 'x', [], {}, [[[]]], { a: { b: ['c', { d: '\u0000\u2028\ud83d\ude00' }] } }, '\\n']) {
    assert.deepEqual(parseLenientJson(JSON.stringify(value, undefined, 2)).value, value)
  }
})

test('members given twice are told, and the last one counts', () => {
  const { value, repeated } = parseLenientJson('{"schedule":{"a":1,"b":2,"a":3},"schedule":{"c":4}}')
  assert.deepEqual(value, { schedule: { c: 4 } })
  assert.deepEqual(repeated, ['schedule.a', 'schedule'])
})

test('a text of a megabyte is read', () => {
  const long = 'x"\\'.repeat(350_000)
  assert.equal(parseLenientJson(JSON.stringify({ long })).value instanceof Object, true)
})
