import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packVersion, shippedDecorators } from '../../../src/fleet/packs/decorators.ts'
import { envelopeNames } from '../../../src/lake/shipped-columns.ts'
import { agentPlatforms } from '../../../src/osquery/agent-config/platforms.ts'
import { columnsOfSql, osqueryDatabase, type Row, rowsOfSql } from './osquery-tables.ts'

type Rows = Readonly<Record<string, readonly Row[]>>

/** What the agent would add to a line: the first row of each query. */
function decorate(platform: Parameters<typeof shippedDecorators>[0], rows: Rows): Record<string, unknown> {
  const database = osqueryDatabase(rows)
  const { load = [], always = [], interval = {} } = shippedDecorators(platform)
  const queries = [...load, ...always, ...Object.values(interval).flat()]
  return Object.assign({}, ...queries.map(sql => rowsOfSql(database, sql)[0] ?? {}))
}

const host: Rows = {
  system_info: [{ hostname: 'PC-1' }],
  os_version: [{ name: 'Windows Server 2022 Standard', version: '10.0.20348', platform: 'windows' }],
  time: [{ unix_time: 1_770_000_000 }],
  uptime: [{ total_seconds: 3_600 }],
  interface_addresses: [
    { interface: '1', address: '127.0.0.1', mask: '255.0.0.0' },
    { interface: '2', address: 'fe80::1%2', mask: 'ffff::' },
    { interface: '2', address: '10.0.0.5', mask: '255.255.255.0' },
    { interface: '3', address: '192.168.56.1', mask: '255.255.255.0' },
    { interface: '4', address: '169.254.3.4', mask: '255.255.0.0' },
    { interface: '2', address: '2001:db8::5', mask: 'ffff::' },
  ],
  interface_details: [
    { interface: '1', mac: '00:00:00:00:00:00', ibytes: 99_999, obytes: 99_999 },
    { interface: '2', mac: '02:42:0a:00:00:05', ibytes: 5_000, obytes: 900 },
    { interface: '3', mac: '02:42:0a:00:00:09', ibytes: 800, obytes: 5 },
    { interface: '4', mac: '02:42:0a:00:00:0a', ibytes: 88_888, obytes: 5 },
  ],
  logged_in_users: [
    { type: 'active', user: 'early', time: 1 },
    { type: 'active', user: 'amara', time: 5 },
    { type: 'disconnected', user: 'gone', time: 9 },
    { type: 'boot', user: 'reboot', time: 10 },
  ],
  services: [{ name: 'NTDS', status: 'RUNNING' }],
}

test('a Windows server, which is a domain controller', () => {
  assert.deepEqual(decorate('windows', host), {
    meta_query_pack_version: packVersion,
    meta_hostname: 'PC-1',
    meta_os_name: 'Windows Server 2022 Standard',
    meta_os_version: '10.0.20348',
    meta_os_platform: 'windows',
    meta_boot_time: 1_769_996_400,
    meta_ip_address: '10.0.0.5',
    meta_ip_mask: '255.255.255.0',
    meta_mac_address: '02:42:0a:00:00:05',
    meta_os_type: 'windows',
    meta_endpoint_type: 'server',
    meta_domain_controller: 'True',
    meta_username: 'amara',
  })
})

test('a workstation, a Mac, a Linux host and one nobody knows', () => {
  const os_version = [{ name: 'Windows 11 Pro' }]
  const workstation = decorate('windows', { ...host, os_version, services: [] })
  assert.deepEqual([workstation['meta_endpoint_type'], workstation['meta_domain_controller']], ['computer', 'False'])
  const types = [...agentPlatforms, undefined].map(platform => decorate(platform, host)['meta_os_type'])
  assert.deepEqual(types, ['windows', 'darwin', 'linux', undefined])
  assert.equal(
    decorate('linux', { logged_in_users: [{ type: 'user', user: 'root', time: 1 }] })['meta_username'],
    'root',
  )
})

test('a host with IPv6 only has that address', () => {
  const interface_addresses = [{ interface: '2', address: '2001:db8::5', mask: 'ffff::' }]
  assert.equal(decorate('linux', { ...host, interface_addresses })['meta_ip_address'], '2001:db8::5')
})

test('a host that knows nothing of itself decorates with what is known anyway, and no query fails', () => {
  assert.deepEqual(decorate('linux', {}), {
    meta_query_pack_version: packVersion,
    meta_os_type: 'linux',
    meta_endpoint_type: 'server',
  })
})

test('all are columns of the lake', () => {
  const database = osqueryDatabase()
  for (const platform of agentPlatforms) {
    const { load = [], always = [], interval = {} } = shippedDecorators(platform)
    for (const sql of [...load, ...always, ...Object.values(interval).flat()]) {
      for (const column of columnsOfSql(database, sql)) assert.ok(envelopeNames.includes(column), column)
    }
  }
})
