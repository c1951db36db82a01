import assert from 'node:assert/strict'
import test from 'node:test'
import { AppError } from '../../src/model/errors.ts'
import { formatServerName, parseServerName } from '../../src/model/server-name.ts'

test('a name or an address, with a port or without', () => {
  const cases: readonly [text: string, host: string, port: number | undefined][] = [
    ['lake', 'lake', undefined],
    [' Lake.Example.com. ', 'lake.example.com', undefined],
    ['edr_lake.local:443', 'edr_lake.local', 443],
    ['192.0.2.7', '192.0.2.7', undefined],
    ['192.0.2.7:8443', '192.0.2.7', 8443],
    ['2001:DB8:0:0::7', '2001:db8::7', undefined],
    ['[2001:db8::7]:65535', '2001:db8::7', 65_535],
    ['::1', '::1', undefined],
  ]
  for (const [text, host, port] of cases) assert.deepEqual(parseServerName(text), { host, port }, text)
})

test('anything else is refused by name', () => {
  const long = `${'a'.repeat(64)}.example`
  for (const text of [
    '',
    ' ',
    'a b',
    'a..b',
    '-a',
    'a-',
    'https://lake',
    'lake/',
    'lake:',
    '10.0.0.300',
    '*.lake',
    long,
  ]) {
    assert.throws(
      () => parseServerName(text),
      (error: unknown) =>
        error instanceof AppError &&
        error.code === 'invalid_argument' &&
        error.message === `${JSON.stringify(text.trim())} is not a DNS name or an address`,
      text,
    )
  }
  for (const text of ['lake:0', 'lake:65536'])
    assert.throws(() => parseServerName(text), /has a port that is not from 1/)
})

test('it is written as osquery and URLs want it', () => {
  assert.equal(formatServerName('lake.example.com', 8443), 'lake.example.com:8443')
  assert.equal(formatServerName('2001:db8::7', 443), '[2001:db8::7]:443')
})
