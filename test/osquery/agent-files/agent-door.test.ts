import assert from 'node:assert/strict'
import test from 'node:test'
import {
  type AgentDoor,
  type DoorFacts,
  doorByName,
  findAgentDoor,
  type OwnListener,
} from '../../../src/osquery/agent-files/agent-door.ts'

const listener: OwnListener = {
  ...{ address: '127.0.0.1', port: 8443, authorityPem: 'local' },
  names: ['127.0.0.1', 'lake-1', 'lake.example.com', 'localhost'],
}
const facts: DoorFacts = {
  ...{ listener, tlsNames: undefined, publicUrl: undefined, hostname: 'Lake-1', proxyAuthorityPem: undefined },
}
const shown = (door: AgentDoor | undefined) => door && [door.host, door.port, door.authorityPem]

test('the listener is called by the name that fits its address', () => {
  const at = (address: string) => findAgentDoor({ ...facts, listener: { ...listener, address } })?.host
  assert.equal(at('127.0.0.1'), 'localhost')
  assert.equal(at('::1'), 'localhost')
  assert.equal(at('localhost'), 'localhost')
  assert.equal(at('192.0.2.7'), '192.0.2.7')
  assert.equal(at('0.0.0.0'), 'lake-1')
  assert.equal(
    findAgentDoor({ ...facts, listener: { ...listener, address: '::' }, hostname: "ann's" })?.host,
    'localhost',
  )
})

test('the first name that the operator gave wins, over a public URL too', () => {
  const given = { ...facts, tlsNames: ['lake.example.com', '192.0.2.7'], publicUrl: 'https://other.example.com' }
  assert.deepEqual(shown(findAgentDoor(given)), ['lake.example.com', 8443, 'local'])
})

test('a public URL over TLS is a proxy: its port, and public authorities or the one that was given', () => {
  const url = 'https://lake.example.com'
  assert.deepEqual(shown(findAgentDoor({ ...facts, publicUrl: url })), ['lake.example.com', 443, undefined])
  const bare = { ...facts, listener: undefined, publicUrl: `${url}:9443`, proxyAuthorityPem: 'proxy' }
  assert.deepEqual(shown(findAgentDoor(bare)), ['lake.example.com', 9443, 'proxy'])
  assert.equal(findAgentDoor(bare)?.names, undefined)
})

test('a public URL that is the listener itself is no proxy; one without TLS is none for agents', () => {
  const own = findAgentDoor({ ...facts, publicUrl: 'https://lake.example.com:8443' })
  assert.deepEqual(shown(own), ['lake.example.com', 8443, 'local'])
  assert.deepEqual(shown(findAgentDoor({ ...facts, publicUrl: 'http://lake.example.com' })), [
    'localhost',
    8443,
    'local',
  ])
  assert.equal(findAgentDoor({ ...facts, listener: undefined, publicUrl: 'http://lake.example.com' }), undefined)
  assert.equal(findAgentDoor({ ...facts, listener: undefined }), undefined)
})

test('another name must be one of the certificate', () => {
  const door = findAgentDoor(facts)!
  assert.deepEqual(shown(doorByName(door, 'lake.example.com')), ['lake.example.com', 8443, 'local'])
  assert.deepEqual(shown(doorByName(door, 'LAKE-1:443')), ['lake-1', 443, 'local'])
  assert.throws(() => doorByName(door, 'lake.example.org'), {
    code: 'invalid_argument',
    message:
      "the lake's certificate is not for lake.example.org, so agents would refuse it: start the lake with " +
      '--tls-name lake.example.org',
  })
  assert.throws(() => doorByName(door, 'https://x'), { code: 'invalid_argument' })
  const wildcard = { ...door, names: ['*.example.com'] }
  assert.equal(doorByName(wildcard, 'lake.example.com').host, 'lake.example.com')
  for (const name of ['a.lake.example.com', 'example.com', '192.0.2.7']) {
    assert.throws(() => doorByName(wildcard, name), { code: 'invalid_argument' })
  }
  assert.equal(doorByName({ ...door, names: undefined }, 'anything.example').host, 'anything.example')
})
