import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Candidate, endpointTypeOf, idsOf, isMatched } from '../../src/fleet/endpoint-match.ts'
import type { EndpointFilter } from '../../src/model/endpoint-filter.ts'

const laptop: Candidate = {
  id: 'a',
  hostIdentifier: 'UUID-A',
  hostname: 'FIN-WS-01',
  platform: 'windows',
  osName: 'Microsoft Windows 11 Pro',
  publicIp: '198.51.100.7',
  decorations: { username: 'CORP\\alice', ip_address: '10.0.0.5' },
  endpointType: undefined,
  labels: ['Finance', 'pilot'],
  lastSeenAt: 1_000,
}
const server: Candidate = {
  id: 'b',
  hostIdentifier: 'web-03',
  hostname: undefined,
  platform: 'ubuntu',
  osName: 'Ubuntu',
  publicIp: undefined,
  decorations: {},
  endpointType: undefined,
  labels: [],
  lastSeenAt: 5_000,
}

/** Which of the two the filter means. */
function meant(...filters: readonly EndpointFilter[]): string {
  return [laptop, server]
    .filter(host => isMatched(host, { filters }))
    .map(host => host.id)
    .join('')
}

test('each member of a filter', () => {
  const cases: readonly (readonly [EndpointFilter, string])[] = [
    [{}, 'ab'],
    [{ ids: ['b', 'c'] }, 'b'],
    [{ ids: [] }, ''],
    [{ type: ['computer'] }, 'a'],
    [{ type: ['server', 'securityVm'] }, 'b'],
    [{ type: ['securityVm'] }, ''],
    [{ healthStatus: ['unknown', 'good'] }, 'ab'],
    [{ healthStatus: ['good', 'bad', 'suspicious'] }, ''],
    [{ tamperProtectionEnabled: false }, 'ab'],
    [{ tamperProtectionEnabled: true }, ''],
    [{ lockdownStatus: ['notInstalled'] }, 'ab'],
    [{ lockdownStatus: ['locked', 'unlocked'] }, ''],
    [{ lastSeenBefore: 1_000 }, 'a'],
    [{ lastSeenBefore: 999 }, ''],
    [{ lastSeenAfter: 5_000 }, 'b'],
    [{ lastSeenAfter: 1_000, lastSeenBefore: 4_999 }, 'a'],
    [{ hostnameContains: 'fin-' }, 'a'],
    [{ hostnameContains: 'WEB' }, 'b'],
    [{ hostnameContains: 'uuid-a' }, ''],
    [{ associatedPersonContains: 'ALICE' }, 'a'],
    [{ groupNameContains: 'nance' }, 'a'],
    [{ labels: ['finance'] }, 'a'],
    [{ labels: ['financ'] }, ''],
    [{ labels: ['all'] }, 'ab'],
    [{ labels: ['linux', 'macos'] }, 'b'],
    [{ os: [{ platform: 'windows' }] }, 'a'],
    [{ os: [{ platform: 'macOS' }, { platform: 'linux' }] }, 'b'],
    [{ ipAddresses: ['10.0.0.5'] }, 'a'],
    [{ ipAddresses: ['198.51.100.7', '10.0.0.9'] }, 'a'],
    [{ ipAddresses: ['10.0.0'] }, ''],
    [{ search: 'ubu' }, 'b'],
    [{ search: 'ubu', searchFields: ['hostname'] }, ''],
    [{ search: '10.0.', searchFields: ['ipAddresses'] }, 'a'],
    [{ search: 'PILOT', searchFields: ['groupName', 'hostname'] }, 'a'],
    [{ hostnameContains: 'fin', type: ['server'] }, ''],
  ]
  for (const [filter, hosts] of cases) assert.equal(meant(filter), hosts, JSON.stringify(filter))
})

test('one filter of several is enough, and all means all', () => {
  assert.equal(meant({ hostnameContains: 'fin' }, { type: ['server'] }), 'ab')
  assert.equal(isMatched(server, { all: true }), true)
  assert.equal(meant(), '')
})

test('ids narrow the search only where every filter has some', () => {
  assert.equal(idsOf({ all: true }), undefined)
  assert.deepEqual(idsOf({ filters: [{ ids: ['a'] }, { ids: ['a', 'b'], type: ['server'] }] }), ['a', 'b'])
  assert.equal(idsOf({ filters: [{ ids: ['a'] }, { type: ['server'] }] }), undefined)
})

test('what a host is', () => {
  const type = (platform: string | undefined, osName?: string, endpointType?: 'computer' | 'server') =>
    endpointTypeOf({ platform, osName, endpointType })
  assert.equal(type('windows', 'Microsoft Windows Server 2022 Standard'), 'server')
  assert.equal(type('windows', 'Microsoft Windows 10'), 'computer')
  assert.equal(type('windows'), 'computer')
  assert.equal(type('rhel'), 'server')
  assert.equal(type('darwin', 'macOS Server'), 'computer')
  assert.equal(type(undefined), 'computer')
  assert.equal(type('ubuntu', 'Ubuntu', 'computer'), 'computer')
  assert.equal(type('darwin', 'macOS', 'server'), 'server')
})
