import assert from 'node:assert/strict'
import test from 'node:test'
import { tlsAddressesMax } from '../../src/limits.ts'
import { machineNames, serverNames } from '../../src/tls/server-names.ts'

const loopback = ['127.0.0.1', '::1', 'localhost']

test('loopback, what the machine is called, its addresses, and what the operator says; each once', () => {
  const machine = { hostname: 'Lake-1', addresses: ['192.0.2.7', 'FD00:0:0::7', '192.0.2.7'] }
  assert.deepEqual(
    serverNames(['lake.example.com', '192.0.2.7'], machine),
    [...loopback, '192.0.2.7', 'fd00::7', 'lake-1', 'lake.example.com'].sort(),
  )
})

test('a machine whose name is no DNS name, and one with the addresses of a hundred containers', () => {
  const addresses = Array.from({ length: 100 }, (_, at) => `10.0.0.${at}`)
  const names = serverNames([], { hostname: "ann's laptop", addresses })
  assert.equal(names.length, loopback.length + tlsAddressesMax)
  assert.ok(!names.some(name => name.includes('laptop')))
})

test('this machine has a name and no loopback or link-local address', () => {
  const { hostname, addresses } = machineNames()
  assert.ok(hostname.length > 0)
  for (const address of addresses) assert.doesNotMatch(address, /^(127\.|::1$|fe80:)/)
})
