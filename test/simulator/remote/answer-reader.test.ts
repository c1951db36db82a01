import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HttpAnswer, openAnswerReader } from '../../../src/simulator/remote/answer-reader.ts'

function shown(answer: HttpAnswer | undefined) {
  return answer && { ...answer, headers: Object.fromEntries(answer.headers), body: answer.body.toString() }
}

/** The answer of the bytes in one piece, and in pieces of one byte: they must be the same. */
function read(text: string) {
  const whole = openAnswerReader().push(Buffer.from(text))
  const reader = openAnswerReader()
  const pieces = [...Buffer.from(text)].map(byte => reader.push(Buffer.from([byte])))
  assert.deepEqual(shown(pieces.at(-1)), shown(whole))
  assert.ok(pieces.slice(0, -1).every(answer => answer === undefined))
  return shown(whole)
}

test('an answer by its length', () => {
  const answer = read('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}')
  const headers = { 'content-type': 'application/json', 'content-length': '2' }
  assert.deepEqual(answer, { status: 200, headers, body: '{}', keepsAlive: true })
})

test('an answer in chunks, with an extension and an empty last one', () => {
  const answer = read(
    'HTTP/1.1 502 Bad\r\nTransfer-Encoding: chunked\r\n\r\n3;x=1\r\n{"a\r\nA\r\n":"bcdefg"\r\n0\r\n\r\n',
  )
  assert.deepEqual([answer?.status, answer?.body], [502, '{"a":"bcdefg"'])
})

test('an answer without a body: of length 0, 204 and 304', () => {
  assert.deepEqual(read('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n')?.body, '')
  assert.deepEqual(read('HTTP/1.1 204 No Content\r\n\r\n')?.body, '')
  assert.deepEqual(read('HTTP/1.1 304 Not Modified\r\nlocation: /x\r\n\r\n')?.status, 304)
})

test('an interim answer is passed over', () => {
  const answer = read('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1')
  assert.deepEqual([answer?.status, answer?.body], [200, '1'])
})

test('an answer up to the end of the connection, and one that is cut off', () => {
  const reader = openAnswerReader()
  assert.equal(reader.push(Buffer.from('HTTP/1.0 200 OK\r\n\r\n{"ok"')), undefined)
  assert.equal(reader.push(Buffer.from(':1}')), undefined)
  const answer = reader.end()
  assert.deepEqual([answer?.body.toString(), answer?.keepsAlive], ['{"ok":1}', false])
  const cut = openAnswerReader()
  cut.push(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}'))
  assert.equal(cut.end(), undefined)
  assert.equal(openAnswerReader().end(), undefined)
})

test('a connection that the server will close', () => {
  assert.equal(read('HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n')?.keepsAlive, false)
})

test('bytes that are no HTTP', () => {
  for (const text of [
    'SSH-2.0-OpenSSH\r\n\r\n',
    '\u0015\u0003\u0001\u0000\u0002\u0002F',
    'HTTP/2 200\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
  ]) {
    assert.throws(() => openAnswerReader().push(Buffer.from(text)), Error, text)
  }
})
