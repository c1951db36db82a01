import {
  broughtNumber,
  domain,
  eventData,
  type FleetColumn,
  networkColumns,
  number,
  processColumns as process,
  remoteAddress,
  reputationColumns,
  text,
  time,
} from './columns.ts'
import { below, mix, skewed, uuid } from './draw.ts'

export interface FleetQuery {
  readonly name: string
  /** Its part of the fleet's lines. */
  readonly share: number
  /** Inventory is logged as snapshots by half of the hosts, events never. */
  readonly isInventory: boolean
  readonly columns: readonly FleetColumn[]
}

/** Identity that only a program has, for columns of inventories. */
const versionOf = (programNumber: number): string =>
  `${programNumber % 12}.${programNumber % 7}.${programNumber % 4000}`

const events: readonly (readonly [name: string, share: number, columns: readonly FleetColumn[]])[] = [
  ['running_processes_windows_sophos', 0.22, [...Object.values(process), ...reputationColumns, time]],
  [
    'open_sockets_windows',
    0.18,
    [
      ...[process.name, process.path, process.cmdline, process.sha256, process.pid, process.sophos_pid],
      ...[process.parent, process.username, ...networkColumns, time],
    ],
  ],
  [
    'sophos_dns_requests',
    0.08,
    [
      ...[process.name, process.path, process.pid, process.sophos_pid, process.sha256],
      text('domain', domain),
      text('resolved_ip', row => remoteAddress(row, 41)),
      text('rrtype', () => 'A'),
      broughtNumber('ttl', row => below(row.key, 42, 3600)),
      time,
    ],
  ],
  [
    'running_processes_linux_events',
    0.07,
    [
      ...[process.name, process.path, process.cmdline, process.pid, process.parent, process.uid, process.gid],
      ...[process.username, process.sha256],
      broughtNumber('auid', row => row.program.number),
      number('euid', 'bigint', row => (row.program.number % 3) * 1000),
      text('cwd', row => `/home/${row.host.username}/work/${row.program.number % 50}`),
      broughtNumber('exit_code', row => below(row.key, 43, 3)),
      time,
    ],
  ],
  [
    'sophos_file_events',
    0.06,
    [
      ...[process.name, process.path, process.sophos_pid, process.sha256, process.username],
      text(
        'target_path',
        ({ host, program, key }) =>
          `C:\\Users\\${host.username}\\AppData\\Local\\Temp\\${program.name}\\${below(key, 44, 5000)}.tmp`,
      ),
      broughtNumber('event_type', row => below(row.key, 45, 6)),
      broughtNumber('file_created', row => row.time - 1000),
      broughtNumber('file_modified', row => row.time),
      text('md5', row => row.program.sha256.slice(0, 32)),
      time,
    ],
  ],
  [
    'sophos_registry_events',
    0.05,
    [
      ...[process.name, process.path, process.sophos_pid],
      text(
        'key_name',
        row =>
          `HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\App${skewed(row.key, 46, 3000, 2)}`,
      ),
      text('value_name', row => `Value${below(row.key, 47, 40)}`),
      text('value_data', row => `C:\\Program Files\\App${below(row.key, 48, 400)}\\setup.exe /quiet`),
      broughtNumber('value_type', () => 1),
      time,
    ],
  ],
  [
    'user_logons_windows',
    0.04,
    [
      text('username', row => row.host.username),
      number('logon_type', 'integer', row => 2 + below(row.key, 49, 9)),
      broughtNumber('logon_id', row => mix(row.key, 50) % 1_000_000_000),
      text('source_ip', row => remoteAddress(row, 51)),
      text('logon_process', () => 'User32'),
      text('auth_package', () => 'Negotiate'),
      text('sid', row => `S-1-5-21-${row.host.number}-1001`),
      time,
    ],
  ],
  [
    'windows_event_log',
    0.03,
    [
      number('eventid', 'integer', row => 4600 + below(row.key, 52, 100)),
      text('source', () => 'Microsoft-Windows-Security-Auditing'),
      text('provider_guid', () => '{54849625-5478-4994-A5BA-3E3B0328C30D}'),
      text('data', eventData),
      broughtNumber('level', () => 0),
      text('keywords', () => '-9214364837600034816'),
      text('channel', () => 'Security'),
      time,
    ],
  ],
]

const inventories: readonly (readonly [name: string, share: number, columns: readonly FleetColumn[]])[] = [
  [
    'scheduled_tasks_windows',
    0.03,
    [
      text('name', row => `Task ${row.program.number % 800}`),
      text('action', row => row.program.commandLine),
      text('path', row => `\\Microsoft\\Windows\\Task ${row.program.number % 800}`),
      broughtNumber('enabled', () => 1),
      broughtNumber('hidden', () => 0),
      broughtNumber('next_run_time', row => row.day + 90_000),
      broughtNumber('last_run_time', row => row.day),
      text('last_run_message', () => 'The operation completed successfully.'),
      text('last_run_code', () => '0x0'),
    ],
  ],
  [
    'windows_services',
    0.03,
    [
      text('name', row => `svc${row.program.number % 900}`),
      text('display_name', row => `Service display name ${row.program.number % 900}`),
      text('service_type', () => 'OWN_PROCESS'),
      text('start_type', row => (row.program.number % 2 === 0 ? 'AUTO_START' : 'DEMAND_START')),
      text('status', () => 'RUNNING'),
      process.pid,
      process.path,
      text('module_path', row => row.program.path),
      text(
        'description',
        row => `Service number ${row.program.number % 900}: while it is stopped, what depends on it does not start.`,
      ),
      text('user_account', () => 'LocalSystem'),
      process.sha256,
      ...reputationColumns,
    ],
  ],
  [
    'windows_programs',
    0.03,
    [
      text('name', row => `Product ${row.program.number % 2000}`),
      text('version', row => versionOf(row.program.number)),
      text('install_location', row => row.program.path),
      text('install_source', row => `C:\\ProgramData\\Package Cache\\${row.program.sha1}`),
      text('language', () => '1033'),
      text('publisher', row => `Vendor ${row.program.number % 400}`),
      text('uninstall_string', row => `MsiExec.exe /X{${uuid(row.program.number, 60)}}`),
      text('install_date', row => `20250${1 + (row.program.number % 9)}11`),
      text('identifying_number', row => `{${uuid(row.program.number, 60)}}`),
    ],
  ],
  [
    'deb_packages',
    0.02,
    [
      text('name', row => `lib${row.program.number % 3000}`),
      text('version', row => `${versionOf(row.program.number)}ubuntu1`),
      text('source', row => `src${row.program.number % 1500}`),
      number('size', 'bigint', row => row.program.fileSize),
      text('arch', () => 'amd64'),
      text('revision', row => `1ubuntu${row.program.number % 9}`),
      text('status', () => 'install ok installed'),
      text(
        'maintainer',
        row => `Maintainer ${row.program.number % 300} <m${row.program.number % 300}@lists.example.org>`,
      ),
      text('section', () => 'libs'),
      text('priority', () => 'optional'),
    ],
  ],
  [
    'browser_plugins',
    0.02,
    [
      text('name', row => `Extension ${row.program.number % 500}${row.program.number % 50 === 7 ? ' – café' : ''}`),
      text('identifier', row => row.program.sha256.slice(0, 32)),
      text('version', row => versionOf(row.program.number)),
      text('browser_type', () => 'chrome'),
      text('profile', () => 'Default'),
      text('profile_path', row => `C:\\Users\\${row.host.username}\\AppData\\Local\\Browser\\User Data\\Default`),
      text('permissions', () => '["storage","tabs","https://*/*"]'),
      number('uid', 'bigint', () => 1000),
    ],
  ],
  [
    'listening_ports',
    0.02,
    [
      ...[process.name, process.path, process.pid, process.sophos_pid, process.sha256],
      number('port', 'integer', row => below(row.key, 60, 65_536)),
      text('address', () => '0.0.0.0'),
      number('protocol', 'integer', () => 6),
      number('family', 'integer', () => 2),
      broughtNumber('socket', row => row.program.number),
    ],
  ],
]

const smallInventoryCount = 26
const smallInventoriesShare = 0.12
const smallInventoryColumns = ['state', 'path_info', 'config', 'count', 'value_text', 'flag', 'score', 'detail', 'at']

/** The long tail: query names of an extension's tables, with columns nobody else has. */
function smallInventory(index: number): FleetQuery {
  const columns = smallInventoryColumns.map((suffix, column) =>
    smallInventoryColumn(index, column, `f${index}_${suffix}`),
  )
  return {
    name: `inventory_query_${String(index).padStart(2, '0')}`,
    share: smallInventoriesShare / smallInventoryCount,
    isInventory: true,
    columns: [process.name, process.path, ...columns],
  }
}

function smallInventoryColumn(index: number, column: number, name: string): FleetColumn {
  const salt = 100 + column
  const shapes: readonly FleetColumn[] = [
    text(name, row => `state-${below(row.key, salt, 8)}`),
    text(name, row => `C:\\ProgramData\\Module ${index}\\${row.program.number % 3000}\\settings.json`),
    text(name, row => `value of setting ${skewed(row.key, salt, 5000, 3)} in component ${index}`),
    broughtNumber(name, row => below(row.key, salt, 100_000)),
    broughtNumber(name, row => below(row.key, salt, 10_000) / 100),
    text(name, row => new Date(row.time * 1000).toISOString()),
  ]
  return shapes[(index + column) % shapes.length]!
}

/** Forty query names, with shares that add up to one. */
export const fleetQueries: readonly FleetQuery[] = normalized([
  ...events.map(([name, share, columns]) => ({ name, share, columns, isInventory: false })),
  ...inventories.map(([name, share, columns]) => ({ name, share, columns, isInventory: true })),
  ...Array.from({ length: smallInventoryCount }, (_, index) => smallInventory(index)),
])

function normalized(queries: readonly FleetQuery[]): readonly FleetQuery[] {
  const total = queries.reduce((sum, query) => sum + query.share, 0)
  return queries.map(query => ({ ...query, share: query.share / total }))
}
