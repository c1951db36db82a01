import { added, removed, snapshot, timeAgo } from '../agent-lines.ts'
import type { CannedCase } from '../canned-case.ts'

const pc = { host: 'PC-1', ago: 3600 }
const other = { host: 'PC-2', ago: 1800 }
const day = 86_400

function software(name: string, version: string) {
  return { name, version, publisher: `${name} Inc.` }
}

/** Days before today as Windows writes them: month and day without zeros. */
function usDate(days: number): string {
  const date = new Date(timeAgo(days * day))
  return `${date.getUTCMonth() + 1}/${date.getUTCDate()}/${date.getUTCFullYear()}`
}

function midnight(days: number): string {
  return `${timeAgo(days * day).slice(0, 10)}T00:00:00.000Z`
}

function patch(hotfixId: string, days: number) {
  return { hotfix_id: hotfixId, installed_on: usDate(days), description: 'Security Update', csname: 'PC' }
}

function drive(letter: string, status: string, percent: number) {
  return {
    ...{ drive_letter: letter, protection_status: status, percentage_encrypted: percent },
    ...{ conversion_status: percent === 100 ? 1 : 0, encryption_method: 'XTS_AES_256' },
  }
}

export const inventoryCases: readonly CannedCase[] = [
  {
    code: 'installed-software',
    given: { program: 'Zip%' },
    reads: 'name publisher version',
    hits: [
      snapshot('windows_programs', { ...pc, ago: 60 }, [software('Zipper', '2.0'), software('Browser', '9')]),
      added('windows_programs', other, software('Zipper', '2.0')),
      added('windows_programs', other, software('zipper pro', '1.0')),
      // Installed anew: both in one report.
      removed('windows_programs', { ...other, ago: 900 }, software('zipper pro', '1.0')),
      added('windows_programs', { ...other, ago: 900 }, software('zipper pro', '1.0')),
    ],
    misses: [
      snapshot('windows_programs', { ...pc, ago: day }, [software('Zipper', '1.0'), software('Browser', '9')]),
      snapshot('windows_programs', { ...pc, ago: 3600 }, [software('Browser', '9')]),
      added('windows_programs', { ...other, ago: day }, software('Zipper', '0.9')),
      removed('windows_programs', { ...other, ago: 3000 }, software('Zipper', '0.9')),
    ],
    rows: [
      {
        name: 'Zipper',
        version: '2.0',
        publisher: 'Zipper Inc.',
        hosts: 2,
        hostnames: 'PC-1, PC-2',
        last_reported: timeAgo(60),
      },
      { name: 'zipper pro', version: '1.0', hosts: 1, hostnames: 'PC-2' },
    ],
  },
  {
    code: 'missing-update',
    given: { hotfix: ' kb5001 ' },
    reads: 'hotfix_id installed_on',
    hits: [
      snapshot('windows_updates_patch', pc, [patch('KB4001', 400), patch('KB4002', 60)]),
      // Taken off again.
      removed('windows_updates_patch', pc, patch('KB5001', 20)),
    ],
    misses: [snapshot('windows_updates_patch', other, [patch('KB4001', 400), patch('KB5001', 20)])],
    rows: [
      {
        hostname: 'PC-1',
        os_name: 'Windows 11 Pro',
        os_version: '10.0.26100',
        updates: 2,
        latest_update: 'KB4002',
        latest_installed_on: midnight(60),
        last_report: timeAgo(3600),
      },
    ],
  },
  {
    code: 'patch-state',
    reads: 'hotfix_id installed_on',
    hits: [
      snapshot('windows_updates_patch', pc, [patch('KB4001', 400), patch('KB4002', 60)]),
      removed('windows_updates_patch', pc, patch('KB5001', 20)),
    ],
    misses: [
      snapshot('windows_updates_patch', other, [patch('KB4001', 400), patch('KB5001', 20)]),
      snapshot('windows_updates_patch', { host: 'PC-3', ago: 60 }, [
        { ...patch('KB1', 1), installed_on: '01d0a1b2c3' },
      ]),
    ],
    rows: [
      {
        hostname: 'PC-1',
        os_name: 'Windows 11 Pro',
        updates: 2,
        latest_installed_on: midnight(60),
        last_report: timeAgo(3600),
      },
    ],
  },
  {
    code: 'unencrypted-disks',
    reads: 'conversion_status drive_letter encryption_method percentage_encrypted protection_status',
    hits: [
      snapshot('disk_encryption_windows', pc, [drive('C:', '1', 100), drive('D:', '0', 0)]),
      snapshot('disk_encryption_windows', other, [drive('C:', '0', 100)]),
    ],
    misses: [
      snapshot('disk_encryption_windows', { ...pc, ago: day }, [drive('C:', '1', 100)]),
      snapshot('disk_encryption_windows', { host: 'PC-3', ago: day }, [drive('C:', '0', 0)]),
      snapshot('disk_encryption_windows', { host: 'PC-3', ago: 60 }, [drive('C:', '1', 100)]),
      added('disk_encryption_windows', { host: 'PC-4', ago: day }, drive('E:', '0', 0)),
      removed('disk_encryption_windows', { host: 'PC-4', ago: 60 }, drive('E:', '0', 0)),
    ],
    rows: [
      {
        hostname: 'PC-1',
        drive_letter: 'D:',
        protection_status: '0',
        percentage_encrypted: 0,
        conversion_status: 0,
        encryption_method: 'XTS_AES_256',
        reported_at: timeAgo(3600),
      },
      { hostname: 'PC-2', drive_letter: 'C:', percentage_encrypted: 100 },
    ],
  },
  {
    code: 'silent-hosts',
    reads: '',
    hits: [
      snapshot('network_interfaces', { host: 'PC-1', ago: 10 * 3600 + 60 }, [{ address: '10.0.0.1' }]),
      added('anything', { host: 'PC-4', ago: 7 * 3600 + 60 }, { a: 1 }),
    ],
    misses: [
      snapshot('network_interfaces', { host: 'PC-2', ago: 10 * 3600 }, [{ address: '10.0.0.2' }]),
      // A report without a row is a sign of life.
      snapshot('listening_ports', { host: 'PC-2', ago: 60 }, []),
    ],
    rows: [
      {
        hostname: 'PC-1',
        os_name: 'Windows 11 Pro',
        endpoint_type: 'computer',
        last_report: timeAgo(10 * 3600 + 60),
        hours_silent: 10,
      },
      { hostname: 'id-PC-4', os_name: null, hours_silent: 7 },
    ],
  },
  {
    code: 'hosts',
    given: { device: 'PC-%', address: '10.0.0.1' },
    reads: 'address mac',
    hits: [
      snapshot('network_interfaces', pc, [
        { interface: 'Ethernet', address: '10.0.0.1', mac: '02:00:00:00:00:01' },
        { interface: 'Wi-Fi', address: '10.0.1.1', mac: '02:00:00:00:00:02' },
      ]),
    ],
    misses: [
      snapshot('network_interfaces', other, [{ address: '10.0.0.11', mac: '02:00:00:00:00:03' }]),
      removed('network_interfaces', { ...other, ago: 60 }, { address: '10.0.0.1', mac: '02:00:00:00:00:03' }),
      snapshot('network_interfaces', { host: 'SRV-1', ago: 60 }, [{ address: '10.0.0.1', mac: '02:00:00:00:00:04' }]),
    ],
    rows: [
      {
        hostname: 'PC-1',
        endpoint_type: 'computer',
        os_name: 'Windows 11 Pro',
        os_version: '10.0.26100',
        username: 'amara',
        addresses: '10.0.0.1, 10.0.1.1',
        mac_addresses: '02:00:00:00:00:01, 02:00:00:00:00:02',
        started_at: timeAgo(day),
        last_report: timeAgo(3600),
      },
    ],
  },
]
