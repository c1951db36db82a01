import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostDecorationsMax, hostFactCharsMax } from '../../src/limits.ts'
import { factsInLine, hardwareUuidOf, parseEnrolRequest } from '../../src/osquery/host-details.ts'

const parse = (body: unknown) => parseEnrolRequest(Buffer.from(JSON.stringify(body)))

test('all that an agent tells', () => {
  const body = {
    ...{ enroll_secret: '\n secret \n', host_identifier: 'H-1', platform_type: '2' },
    host_details: {
      os_version: { name: 'Microsoft Windows 11 Pro', version: '10.0.22631', platform: 'windows', build: '22631' },
      osquery_info: { version: '5.23.1', instance_id: 'f0', uuid: 'ignored: not a UUID' },
      system_info: {
        hostname: 'DESKTOP-1\u0000',
        computer_name: 'Desk',
        hardware_serial: 7,
        uuid: 'AA00BB00-1111-2222-3333-444455556666',
      },
    },
  }
  assert.deepEqual(parse(body), {
    ...{ secret: 'secret', hostIdentifier: 'H-1', hardwareUuid: 'aa00bb00-1111-2222-3333-444455556666' },
    facts: {
      ...{ hostname: 'DESKTOP-1', platform: 'windows', osName: 'Microsoft Windows 11 Pro', osVersion: '10.0.22631' },
      ...{ osqueryVersion: '5.23.1', hardwareSerial: '7', instanceId: 'f0' },
    },
  })
})

test('what is missing, or of the wrong kind, is not told', () => {
  const nothing = {
    ...{ secret: undefined, hostIdentifier: undefined, hardwareUuid: undefined },
    facts: {
      ...{ hostname: undefined, platform: undefined, osName: undefined, osVersion: undefined },
      ...{ osqueryVersion: undefined, hardwareSerial: undefined, instanceId: undefined },
    },
  }
  const odd = [
    {},
    { enroll_secret: {}, host_identifier: null, host_details: [] },
    {
      enroll_secret: ' ',
      host_identifier: '\u0000',
      host_details: { os_version: 'x', system_info: null, osquery_info: [] },
    },
    { platform_type: 'x', host_details: { system_info: { hostname: ['a'], uuid: 'none' } } },
  ]
  for (const body of odd) assert.deepEqual(parse(body), nothing, JSON.stringify(body))
  for (const text of ['', 'x', '[]', 'null', '7']) {
    assert.throws(() => parseEnrolRequest(Buffer.from(text)), { code: 'invalid_argument' }, text)
  }
  const { hostname } = parse({ host_details: { system_info: { hostname: 'x'.repeat(9_999) } } }).facts
  assert.equal(hostname?.length, hostFactCharsMax)
  assert.equal(
    parse({ host_identifier: 'x'.repeat(9_999) }).hostIdentifier?.length,
    9_999,
    'not cut: it would be another',
  )
})

test('an agent that names no platform tells it by its bits', () => {
  const platforms = { 2: 'windows', 9: 'linux', 21: 'darwin', 37: 'freebsd', 1: undefined }
  for (const [type, platform] of Object.entries(platforms)) {
    assert.equal(parse({ platform_type: type }).facts.platform, platform, type)
  }
})

test('UUIDs that firmware shares are no machine’s own', () => {
  const shared = [
    '00000000-0000-0000-0000-000000000000',
    'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
    '03000200-0400-0500-0006-000700080009',
    '12345678-1234-5678-90AB-CDDEEFAABBCC',
    '58585858-5858-5858-5858-585858585858',
    'Not Settable',
    'To be filled by O.E.M.',
    '',
  ]
  for (const text of shared) assert.equal(hardwareUuidOf(text), undefined, text)
  assert.equal(hardwareUuidOf(undefined), undefined)
  // A board that fills up with its network address.
  assert.equal(hardwareUuidOf('00000000-0000-0000-0000-AC1F6BD04CD2'), '00000000-0000-0000-0000-ac1f6bd04cd2')
  assert.equal(hardwareUuidOf(' {4C4C4544-0042-3510-8052-B4C04F4A4B31}'), undefined)
  assert.equal(hardwareUuidOf(' 4C4C4544-0042-3510-8052-B4C04F4A4B31\n'), '4c4c4544-0042-3510-8052-b4c04f4a4b31')
})

test('decorations say what a host is now', () => {
  const decorations = {
    ...{ hostname: 'h', meta_OS_Name: 'Ubuntu', os_version: '24.04', os_platform: 'ubuntu', endpoint_type: 'server' },
    ...{ boot_time: 1_795_000_000, text: 'a\u0000b', none: null, object: {} },
  }
  assert.deepEqual(factsInLine(JSON.stringify({ name: 'q', decorations })), {
    ...{ hostname: 'h', platform: 'ubuntu', osName: 'Ubuntu', osVersion: '24.04', endpointType: 'server' },
    decorations: {
      ...{ hostname: 'h', os_name: 'Ubuntu', os_version: '24.04', os_platform: 'ubuntu', endpoint_type: 'server' },
      ...{ boot_time: '1795000000', text: 'ab' },
    },
  })
  for (const text of ['{}', '[]', 'x', '{"decorations":7}', '{"decorations":{}}']) {
    assert.equal(factsInLine(text), undefined, text)
  }
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`k${at}`, 'x'.repeat(5_000)]))
  const kept = factsInLine(JSON.stringify({ decorations: { ...many, endpoint_type: 'toaster' } }))
  assert.equal(Object.keys(kept?.decorations ?? {}).length, hostDecorationsMax)
  assert.equal(kept?.decorations?.['k0']?.length, hostFactCharsMax)
  assert.equal(kept?.endpointType, undefined)
})
