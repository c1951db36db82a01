import assert from 'node:assert/strict'
import test from 'node:test'
import { newId, parseUuid, sha256Hex } from '../../src/model/ids.ts'

test('a new id is a version-4 UUID with the RFC variant, in lower case', () => {
  for (let n = 0; n < 100; n++) {
    assert.match(newId(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  }
})

test('a UUID is read in any case and as a URN', () => {
  const id = 'bb0cbb9b-a189-495b-9cc9-7027df7110d6'
  assert.equal(parseUuid(id.toUpperCase()), id)
  assert.equal(parseUuid(`urn:uuid:${id}`), id)
})

test('what is no UUID is undefined', () => {
  for (const text of ['', 'x', 'bb0cbb9b-a189-495b-9cc9-7027df7110d', 'bb0cbb9ba189495b9cc97027df7110d6', '../etc']) {
    assert.equal(parseUuid(text), undefined, text)
  }
})

test('sha256Hex agrees with the published digest of "abc"', () => {
  assert.equal(sha256Hex('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})
