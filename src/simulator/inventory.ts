import type { SimulatedHost } from './hosts.ts'
import type { Random } from './random.ts'
import type { Row } from './result-line.ts'
import type { Story } from './story.ts'

// What a machine has rather than does: users, installed programs, patches, interfaces, start-up items.

/** A thing that a scheduled query reports, and when it was there (seconds since the epoch). */
export interface Item {
  readonly since: number
  readonly until: number
  readonly row: Row
}

function always(row: Row): Item {
  return { since: 0, until: Number.POSITIVE_INFINITY, row }
}

export function users(host: SimulatedHost, story: Story | undefined): readonly Item[] {
  const isWindows = host.platform === 'windows'
  const local = isWindows
    ? [
        user(500, 544, 'Administrator', 'C:\\Users\\Administrator', ''),
        user(1001, 545, host.user, `C:\\Users\\${host.user}`, ''),
      ]
    : [user(0, 0, 'root', '/root', '/bin/bash'), user(1000, 1000, host.user, `/home/${host.user}`, '/bin/bash')]
  const items = local.map(always)
  if (story === undefined || host !== story.first) return items
  const made = user(1007, 544, story.userName, `C:\\Users\\${story.userName}`, '')
  return [...items, { since: story.userMadeAt, until: Number.POSITIVE_INFINITY, row: made }]
}

function user(uid: number, gid: number, username: string, directory: string, shell: string): Row {
  return {
    uid: String(uid),
    gid: String(gid),
    username,
    description: username === 'Administrator' ? 'Built-in account for administering the computer' : '',
    directory,
    shell,
    type: 'local',
    uuid: `S-1-5-21-2085724911-3390715541-1182440562-${uid}`,
  }
}

const products: readonly (readonly [string, string, string])[] = [
  ['7-Zip 24.09 (x64)', '24.09', 'Igor Pavlov'],
  ['Google Chrome', '133.0.6943.54', 'Google LLC'],
  ['Microsoft 365 Apps for enterprise - en-us', '16.0.18429.20132', 'Microsoft Corporation'],
  ['Microsoft Visual C++ 2022 X64 Minimum Runtime', '14.42.34433', 'Microsoft Corporation'],
  ['osquery', '5.16.0', 'osquery'],
  ['Mozilla Firefox (x64 en-US)', '135.0', 'Mozilla'],
  ['VLC media player', '3.0.21', 'VideoLAN'],
  ['Notepad++ (64-bit x64)', '8.7.7', 'Notepad++ Team'],
]

export function windowsPrograms(_host: SimulatedHost, random: Random): readonly Item[] {
  return products
    .filter(() => random.chance(0.75))
    .map(([name, version, publisher]) =>
      always({
        name,
        version,
        publisher,
        install_location: `C:\\Program Files\\${publisher}\\`,
        install_source: `C:\\ProgramData\\Package Cache\\${random.hex(8)}\\`,
        language: '1033',
        install_date: `2025${String(random.integer(1, 12)).padStart(2, '0')}${random.integer(10, 28)}`,
        identifying_number: `{${random.uuid().toUpperCase()}}`,
      }),
    )
}

export function patches(host: SimulatedHost, random: Random): readonly Item[] {
  return Array.from({ length: random.integer(3, 7) }, () =>
    always({
      hotfix_id: `KB50${random.integer(10_000, 59_999)}`,
      caption: 'http://support.microsoft.com/',
      description: random.pick(['Security Update', 'Update']),
      installed_by: 'NT AUTHORITY\\SYSTEM',
      installed_on: `${random.integer(1, 12)}/${random.integer(1, 28)}/2025`,
      csname: host.hostname,
      fix_comments: '',
    }),
  )
}

export function startupItems(host: SimulatedHost): readonly Item[] {
  const path = 'C:\\Program Files\\Microsoft OneDrive\\OneDrive.exe'
  return [
    always({
      name: 'OneDrive',
      path,
      args: '/background',
      type: 'Startup Item',
      source: `HKEY_USERS\\${host.user}\\Software\\Microsoft\\Windows\\CurrentVersion\\Run`,
      status: 'enabled',
      username: host.user,
    }),
  ]
}

export function encryption(_host: SimulatedHost, random: Random): readonly Item[] {
  return [
    always({
      drive_letter: 'C:',
      drive_device_id: `\\\\?\\Volume{${random.uuid()}}\\`,
      persistent_volume_id: `{${random.uuid().toUpperCase()}}`,
      conversion_status: '1',
      protection_status: random.chance(0.9) ? '1' : '0',
      encryption_method: 'XTS_AES_256',
      version: '2',
      percentage_encrypted: '100',
      lock_status: '0',
    }),
  ]
}

export function interfaces(host: SimulatedHost, random: Random): readonly Item[] {
  const name = { windows: 'Ethernet', linux: 'eth0', macos: 'en0' }[host.platform]
  return [
    always({
      interface: name,
      address: host.address,
      mask: '255.255.255.0',
      broadcast: host.address.replace(/\d+$/, '255'),
      mac: host.mac,
      mtu: '1500',
      ibytes: String(random.integer(1_000_000, 4_000_000_000)),
      obytes: String(random.integer(1_000_000, 2_000_000_000)),
    }),
  ]
}

export function arpEntries(host: SimulatedHost, random: Random): readonly Item[] {
  return ['1', '2'].map(last =>
    always({
      address: host.address.replace(/\d+$/, last),
      mac: `02:42:${(random.hex(8).match(/../g) ?? []).join(':')}`,
      interface: host.platform === 'linux' ? 'eth0' : 'en0',
      permanent: '0',
    }),
  )
}
