// The queries that ship, run by SQLite over tables with osquery's own columns: each must be valid, find what was
// planted, and have none but columns that the lake knows.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shippedDecorators } from '../../../src/fleet/packs/decorators.ts'
import { shippedConfig, shippedSchedule } from '../../../src/fleet/packs/shipped-config.ts'
import { domainControllerEvents } from '../../../src/fleet/packs/windows-events.ts'
import { wideColumns } from '../../../src/lake/shipped-columns.ts'
import { agentPlatforms } from '../../../src/osquery/agent-config/platforms.ts'
import { checkAgentConfig } from '../../../src/osquery/agent-config.ts'
import { isReserved } from '../../../src/row-sql/columns.ts'
import { columnsOfSql, osqueryDatabase, type Row, rowsOfSql } from './osquery-tables.ts'

const all = [...shippedSchedule, ...domainControllerEvents]
const sqlOf = (name: string) => all.find(query => query.name === name)!.sql
const lakeColumns = new Set(wideColumns.map(({ name }) => name))
/** Columns that grow with the first row: what user_events has and the lake has no name for. */
const grown = new Set(['auid', 'message', 'terminal'])

/** The rows of a shipped query over planted ones. */
function find(name: string, rows: Readonly<Record<string, readonly Row[]>>) {
  return rowsOfSql(osqueryDatabase(rows), sqlOf(name))
}

test('the shipped layer is a configuration without errors or warnings, on each platform and on an unknown one', () => {
  for (const platform of [...agentPlatforms, undefined]) {
    const parts = [checkAgentConfig(shippedConfig(platform))]
    parts.push(checkAgentConfig({ decorators: shippedDecorators(platform) }, platform && [platform]))
    for (const { errors, warnings } of parts) assert.deepEqual({ errors, warnings }, { errors: [], warnings: [] })
  }
})

test('names are those of the lake, each once', () => {
  assert.equal(new Set(all.map(({ name }) => name)).size, all.length)
})

for (const { name, sql, kind, intervalSeconds } of all) {
  test(`${name}: runs, and its columns are the lake's`, () => {
    const columns = columnsOfSql(osqueryDatabase(), sql)
    assert.equal(new Set(columns).size, columns.length)
    assert.deepEqual(
      columns.filter(column => !lakeColumns.has(column) && !grown.has(column)),
      [],
    )
    assert.deepEqual(columns.filter(isReserved), [])
    // Events are kept by the agent for an hour (events_expiry).
    if (kind === 'events') assert.ok(intervalSeconds <= 600)
  })
}

const start = 1_770_000_000
/** Of `start`, as Windows counts: 100 ns since 1601. */
const filetime = '134144736000000000'

test('FILETIME of the tests is that of Windows', () => {
  assert.equal(String((BigInt(start) + 11_644_473_600n) * 10_000_000n), filetime)
})

const processes: readonly Row[] = [
  { pid: 4, name: 'System', path: '', cmdline: '', uid: 18, gid: 18, start_time: start - 900, parent: 0 },
  {
    ...{ pid: 700, name: 'explorer.exe', path: 'C:\\Windows\\explorer.exe', cmdline: 'explorer', uid: 1001, gid: 545 },
    ...{ start_time: start, parent: 4 },
  },
  {
    ...{
      pid: 800,
      name: 'cmd.exe',
      path: 'C:\\Windows\\System32\\cmd.exe',
      cmdline: 'cmd /c dir',
      uid: 1001,
      gid: 545,
    },
    ...{ start_time: start + 7, parent: 700 },
  },
  // Its parent's number has been given to a process that started later.
  {
    pid: 900,
    name: 'old.exe',
    path: 'C:\\old.exe',
    cmdline: 'old',
    uid: 7,
    gid: 7,
    start_time: start + 3,
    parent: 800,
  },
]

const windows = {
  processes,
  users: [
    { uid: 18, username: 'SYSTEM' },
    { uid: 1001, username: 'amara' },
    { uid: 1001, username: 'CONTOSO\\amara' },
  ],
  file: [
    { path: 'C:\\Windows\\System32\\cmd.exe', size: 289_792, original_filename: 'Cmd.Exe', file_version: '10.0.1' },
  ],
  hash: [{ path: 'C:\\Windows\\System32\\cmd.exe', sha1: 'a1', sha256: 'b2' }],
  authenticode: [
    { path: 'C:\\Windows\\System32\\cmd.exe', result: 'trusted' },
    { path: 'C:\\old.exe', result: 'missing' },
  ],
}

test('running_processes_windows_sophos: ids, parent, hashes, signature', () => {
  const rows = find('running_processes_windows_sophos', windows)
  assert.deepEqual(
    rows.find(({ pid }) => pid === 800),
    {
      ...{ name: 'cmd.exe', path: 'C:\\Windows\\System32\\cmd.exe', cmdline: 'cmd /c dir', pid: 800, parent: 700 },
      ...{ uid: 1001, gid: 545, username: 'amara', time: start + 7, sha1: 'a1', sha256: 'b2', file_size: 289_792 },
      ...{ original_filename: 'Cmd.Exe', file_version: '10.0.1', is_process_file_signed: '1' },
      ...{ sophos_pid: '800:134144736070000000', parent_sophos_pid: `700:${filetime}` },
      ...{ parent_name: 'explorer.exe', parent_path: 'C:\\Windows\\explorer.exe', parent_cmdline: 'explorer' },
    },
  )
  assert.equal(rows.length, processes.length)
  const old = rows.find(({ pid }) => pid === 900)
  assert.equal(old?.['parent_sophos_pid'], null)
  assert.equal(old?.['is_process_file_signed'], '0')
  const system = rows.find(({ pid }) => pid === 4)
  assert.deepEqual([system?.['sha256'], system?.['is_process_file_signed']], [null, null])
})

test('running_processes_windows_sophos: later, only what has started since the last execution, a minute overlapping', () => {
  for (const name of ['running_processes_windows_sophos', 'pack/mine/running_processes_windows_sophos']) {
    const rows = find('running_processes_windows_sophos', {
      ...windows,
      osquery_schedule: [
        { name: 'other', last_executed: start + 1_000 },
        { name, last_executed: start + 64 },
      ],
    })
    assert.deepEqual(
      rows.map(({ pid }) => pid),
      [800],
    )
  }
})

test('sophos_urls_windows: a row a domain, with the processes that looked it up', () => {
  const rows = find('sophos_urls_windows', {
    processes,
    dns_lookup_events: [
      { name: 'example.com', pid: 700, time: start + 5 },
      { name: 'example.com', pid: 700, time: start + 6 },
      // Before the process that has the number now.
      { name: 'example.com', pid: 800, time: start + 1 },
      { name: 'contoso.com', pid: 12, time: start },
      { name: '', pid: 12, time: start },
    ],
  })
  assert.deepEqual(rows, [
    { domain: 'contoso.com', pids: '12', timestamps: String(start), sophos_pids: null },
    {
      domain: 'example.com',
      pids: '700,800',
      timestamps: `${start + 5},${start + 6},${start + 1}`,
      sophos_pids: `700:${filetime}`,
    },
  ])
})

test('open_sockets: connections to elsewhere, of processes that are known', () => {
  const socket = { pid: 700, family: 2, protocol: 6, local_address: '10.0.0.5', local_port: 50_000 }
  const rows = find('open_sockets', {
    processes,
    process_open_sockets: [
      { ...socket, remote_address: '203.0.113.9', remote_port: 443 },
      { ...socket, remote_address: '127.0.0.1', remote_port: 443 },
      { ...socket, remote_address: '0.0.0.0', remote_port: 0 },
      { ...socket, pid: -1, remote_address: '203.0.113.9', remote_port: 443 },
    ],
  })
  assert.deepEqual(rows, [
    {
      ...{ name: 'explorer.exe', path: 'C:\\Windows\\explorer.exe', cmdline: 'explorer', pid: 700, parent: 4 },
      ...{ sophos_pid: `700:${filetime}`, family: 2, protocol: 6, local_address: '10.0.0.5', local_port: 50_000 },
      ...{ remote_address: '203.0.113.9', remote_port: 443 },
    },
  ])
})

test('listening_ports: once a port, without sockets that have none', () => {
  const port = { pid: 700, port: 445, protocol: 6, family: 2, address: '0.0.0.0' }
  const rows = find('listening_ports', {
    processes,
    listening_ports: [
      { ...port, fd: 1 },
      { ...port, fd: 2 },
      { ...port, port: 0 },
      { ...port, pid: -1, port: 22 },
    ],
  })
  assert.deepEqual(rows, [
    { name: 'explorer.exe', path: 'C:\\Windows\\explorer.exe', ...port },
    { name: null, path: null, ...port, pid: -1, port: 22 },
  ])
})

test('running_processes_linux_events: equal starts are one row', () => {
  const event = { path: '/usr/bin/curl', cmdline: 'curl x', uid: 0, gid: 0, euid: 0, egid: 0 }
  const rows = find('running_processes_linux_events', {
    hash: [{ path: '/usr/bin/curl', sha1: 'a1', sha256: 'b2' }],
    process_events: [
      { ...event, pid: 10, parent: 1, time: 100 },
      { ...event, pid: 11, parent: 2, time: 101 },
      { ...event, pid: 12, parent: 1, time: 102, uid: 5 },
    ],
  })
  const common = { name: 'curl', path: '/usr/bin/curl', cmdline: 'curl x', gid: 0, euid: 0, egid: 0 }
  const hashes = { sha1: 'a1', sha256: 'b2' }
  assert.deepEqual(rows, [
    {
      ...{ ...common, ...hashes, pids: '10,11', parents: '1,2', uid: 0, time: 100 },
      ...{ event_count: 2, event_timestamps: '100,101', folded: 1 },
    },
    {
      ...{ ...common, ...hashes, pids: '12', parents: '1', uid: 5, time: 102 },
      ...{ event_count: 1, event_timestamps: '102', folded: 0 },
    },
  ])
})

test('running_processes_osx_events: executions only', () => {
  const event = { pid: 10, parent: 1, path: '/bin/ls', cmdline: 'ls', uid: 501, gid: 20, euid: 501, egid: 20, time: 9 }
  const rows = find('running_processes_osx_events', {
    hash: [{ path: '/bin/ls', sha256: 'b2' }],
    es_process_events: [
      { ...event, username: 'amara', event_type: 'exec' },
      { ...event, event_type: 'fork' },
    ],
  })
  assert.deepEqual(rows, [{ ...event, name: 'ls', pids: 10, parents: 1, username: 'amara', sha1: null, sha256: 'b2' }])
})

function windowsEvent(eventid: number, data: object | string, source = 'Security'): Row {
  const text = typeof data === 'string' ? data : JSON.stringify({ EventData: data })
  return { eventid, time: 5, source, provider_name: 'Microsoft-Windows-Security-Auditing', data: text }
}

test('windows_event_successful_logon: people and remote logons, not services and machines', () => {
  const logon = {
    LogonType: '10',
    TargetUserName: 'amara',
    TargetDomainName: 'CONTOSO',
    IpAddress: '10.0.0.7',
    IpPort: '5',
  }
  const rows = find('windows_event_successful_logon', {
    windows_events: [
      windowsEvent(4624, logon),
      windowsEvent(4624, { ...logon, LogonType: '5' }),
      windowsEvent(4624, { ...logon, TargetUserName: 'PC-1$' }),
      windowsEvent(4624, { ...logon, TargetDomainName: 'Window Manager' }),
      windowsEvent(4624, '{"EventData":{"LogonType":"2"}}\\x0A'),
      windowsEvent(4624, logon, 'Application'),
      windowsEvent(4625, logon),
    ],
  })
  assert.equal(rows.length, 1)
  const { eventid, logon_type, target_username, target_domain, remote_address, remote_port, subject_username } =
    rows[0]!
  assert.deepEqual(
    { eventid, logon_type, target_username, target_domain, remote_address, remote_port, subject_username },
    {
      ...{ eventid: 4624, logon_type: '10', target_username: 'amara', target_domain: 'CONTOSO' },
      ...{ remote_address: '10.0.0.7', remote_port: '5', subject_username: null },
    },
  )
})

test('windows_event_invalid_logon_brute_force: why it failed; an event that is no JSON fails no other', () => {
  const rows = find('windows_event_invalid_logon_brute_force', {
    windows_events: [
      windowsEvent(4625, { Status: '0xc000006d', SubStatus: '0xc000006a', FailureReason: '%%2313' }),
      windowsEvent(4625, 'no JSON'),
      windowsEvent(4625, ''),
    ],
  })
  assert.deepEqual(
    rows.map(({ status, sub_status, failure_reason }) => [status, sub_status, failure_reason]),
    [
      ['0xc000006d', '0xc000006a', '%%2313'],
      [null, null, null],
      [null, null, null],
    ],
  )
})

test('windows_event_user_account_changed: of a group, its new member', () => {
  const rows = find('windows_event_user_account_changed', {
    windows_events: [
      windowsEvent(4720, {
        TargetUserName: 'evil',
        TargetSid: 'S-1-5-21-1',
        SubjectUserName: 'amara',
        DisplayName: 'E',
      }),
      windowsEvent(4732, { TargetUserName: 'Administrators', MemberSid: 'S-1-5-21-2', MemberName: 'CN=evil' }),
      windowsEvent(4688, { TargetUserName: 'x' }),
    ],
  })
  assert.deepEqual(
    rows.map(({ eventid, target_username, subject_username, sid, display_name }) => [
      ...[eventid, target_username, subject_username, sid, display_name],
    ]),
    [
      [4720, 'evil', 'amara', 'S-1-5-21-1', 'E'],
      [4732, 'Administrators', null, 'S-1-5-21-2', 'CN=evil'],
    ],
  )
})

test('domain controllers: weak tickets of accounts, changed delegation', () => {
  const weak = { TicketEncryptionType: '0x17', ServiceName: 'sql', TargetUserName: 'a@CONTOSO' }
  const tickets = find('windows_event_kerberoasting_indicator_dc', {
    windows_events: [
      windowsEvent(4769, weak),
      windowsEvent(4769, { ...weak, ServiceName: 'PC-1$' }),
      windowsEvent(4769, { ...weak, TicketEncryptionType: '0x12' }),
    ],
  })
  assert.deepEqual(
    tickets.map(({ data }) => data),
    [JSON.stringify({ EventData: weak })],
  )
  const changes = find('windows_event_msds_allowedtodelegateto_modification', {
    windows_events: [
      windowsEvent(4738, { AllowedToDelegateTo: 'cifs/pc' }),
      windowsEvent(4738, { AllowedToDelegateTo: '-' }),
      windowsEvent(4742, {}),
    ],
  })
  assert.equal(changes.length, 1)
})

test('windows_event_audit_log_cleared: in its channel only', () => {
  const rows = find('windows_event_audit_log_cleared', {
    windows_events: [windowsEvent(1102, {}), windowsEvent(104, {}, 'System'), windowsEvent(104, {})],
  })
  assert.deepEqual(
    rows.map(({ eventid, source }) => [eventid, source]),
    [
      [1102, 'Security'],
      [104, 'System'],
    ],
  )
})

test('threat_stickykeys_registry_backdoor, windows_event_consumers and suspicious scripts', () => {
  const options = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Image File Execution Options'
  const found = find('threat_stickykeys_registry_backdoor', {
    registry: [
      { key: `${options}\\sethc.exe`, name: 'Debugger', data: 'cmd.exe', mtime: 5 },
      { key: `${options}\\sethc.exe`, name: 'Other', data: 'x', mtime: 5 },
      { key: `${options}\\notepad.exe`, name: 'Debugger', data: 'x', mtime: 5 },
    ],
  })
  assert.deepEqual(found, [{ key: `${options}\\sethc.exe`, name: 'Debugger', data: 'cmd.exe', mtime: 5 }])

  const consumers = find('windows_event_consumers', {
    wmi_cli_event_consumers: [{ name: 'a', executable_path: 'c.exe', command_line_template: 'c /x' }],
    wmi_script_event_consumers: [{ name: 'b', scripting_engine: 'VBScript', script_file_name: 'b.vbs' }],
  })
  assert.deepEqual(consumers, [
    { name: 'a', type: 'command', path: 'c.exe', cmdline: 'c /x', data: null },
    { name: 'b', type: 'VBScript', path: 'b.vbs', cmdline: null, data: null },
  ])

  const scripts = find('windows_powershell_logging_suspicious_keywords', {
    powershell_events: [
      { time: 1, script_name: 'n', script_path: 'p', script_text: `x${'y'.repeat(9_000)}[Convert]::frombase64string(` },
      { time: 2, script_text: 'Get-ChildItem' },
    ],
  })
  assert.deepEqual(
    scripts.map(({ time, data }) => [time, String(data).length]),
    [[1, 8_192]],
  )
})

test('inventory of Windows: programs, updates, drives, documents', () => {
  assert.deepEqual(
    find('disk_encryption_windows', { bitlocker_info: [{ device_id: 'd', drive_letter: 'C:', version: 2 }] })[0],
    {
      ...{ drive_letter: 'C:', drive_device_id: 'd', persistent_volume_id: null, conversion_status: null },
      ...{
        protection_status: null,
        encryption_method: null,
        version: 2,
        percentage_encrypted: null,
        lock_status: null,
      },
    },
  )
  const documents = find('access_productivity_documents', {
    office_mru: [{ path: 'C:\\a.docx', application: 'Word', sid: 'S-1', last_opened_time: 5 }],
    hash: [{ path: 'C:\\a.docx', sha256: 'b2' }],
  })
  assert.deepEqual(documents, [{ path: 'C:\\a.docx', sha256: 'b2', app: 'Word', sid: 'S-1', time: 5 }])
})
