import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseTokenRequest } from '../../src/api/token.ts'

const full = {
  grantType: 'client_credentials',
  clientId: 'i',
  clientSecret: 's',
  scope: 'token',
  refreshToken: undefined,
}
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

test('a form in any order, and JSON, whatever the content type says', () => {
  const forms = [
    'grant_type=client_credentials&client_id=i&client_secret=s&scope=token',
    'scope=token&client_secret=s&client_id=i&grant_type=client_credentials&extra=1',
    JSON.stringify({ grant_type: 'client_credentials', client_id: 'i', client_secret: 's', scope: 'token' }),
    ' \n{"grant_type":"client_credentials","client_id":"i","client_secret":"s","scope":"token","extra":[1]}',
  ]
  for (const form of forms) assert.deepEqual(parseTokenRequest(form, undefined), full, form)
})

test('credentials by Basic, form-encoded inside; the scheme in any letter case', () => {
  const body = 'grant_type=client_credentials&scope=token'
  assert.deepEqual(parseTokenRequest(body, basic('i:s')), full)
  assert.deepEqual(parseTokenRequest(body, basic('i:s').replace('Basic', 'bAsIc')), full)
  assert.equal(parseTokenRequest(body, basic('a%3Ab:c:d')).clientId, 'a:b')
  assert.equal(parseTokenRequest(body, basic('a:c:d')).clientSecret, 'c:d')
  assert.equal(parseTokenRequest(body, 'Bearer abc').clientId, undefined)
})

test('the same credentials in both places pass, different ones do not', () => {
  const body = 'grant_type=client_credentials&scope=token&client_id=i&client_secret=s'
  assert.deepEqual(parseTokenRequest(body, basic('i:s')), full)
  assert.throws(() => parseTokenRequest(body, basic('i:other')), {
    message: 'client_secret differs between the Authorization header and the body',
  })
})

test('empty members are absent', () => {
  const empty = { grantType: undefined, clientId: undefined, clientSecret: undefined, scope: undefined }
  assert.deepEqual(parseTokenRequest('grant_type=&client_id=', undefined), { ...empty, refreshToken: undefined })
  assert.deepEqual(parseTokenRequest('{"grant_type":null,"scope":""}', undefined), {
    ...empty,
    refreshToken: undefined,
  })
  assert.deepEqual(parseTokenRequest('', undefined), { ...empty, refreshToken: undefined })
})

test('malformed requests carry the word of the RFC', () => {
  const refused = { code: 'invalid_argument', details: { oauth: 'invalid_request' } }
  assert.throws(() => parseTokenRequest('{"grant_type":', undefined), refused)
  assert.throws(() => parseTokenRequest('{"client_id": 7}', undefined), refused)
  assert.throws(() => parseTokenRequest('client_id=a&client_id=b', undefined), refused)
  assert.throws(() => parseTokenRequest('', basic('nocolon')), refused)
})
