import { sha256Hex } from '../../src/model/ids.ts'

// Result lines as stock agents write them, around one fixed minute before the tests run.

export type Columns = Readonly<Record<string, string | number>>

/** Seconds since the epoch. */
const now = Math.floor(Date.now() / 1000)

export function secondsAgo(seconds: number): number {
  return now - seconds
}

/** As results show it. */
export function timeAgo(seconds: number): string {
  return new Date(secondsAgo(seconds) * 1000).toISOString()
}

/** Where and when a line is from. `ago`: seconds. */
export interface Origin {
  readonly host: string
  readonly ago: number
  readonly counter?: number
}

function header(name: string, { host, ago, counter = 1 }: Origin): object {
  const decorations = {
    meta_hostname: host,
    meta_os_name: 'Windows 11 Pro',
    meta_os_version: '10.0.26100',
    meta_endpoint_type: 'computer',
    meta_username: 'amara',
    meta_boot_time: String(now - 86_400),
  }
  const unixTime = secondsAgo(ago)
  const calendarTime = new Date(unixTime * 1000).toISOString()
  return { name, hostIdentifier: `id-${host}`, calendarTime, unixTime, epoch: 0, counter, numerics: false, decorations }
}

export function added(name: string, origin: Origin, columns: Columns): string {
  return JSON.stringify({ ...header(name, origin), columns: asText(columns), action: 'added' })
}

export function removed(name: string, origin: Origin, columns: Columns): string {
  return JSON.stringify({ ...header(name, origin), columns: asText(columns), action: 'removed' })
}

export function snapshot(name: string, origin: Origin, rows: readonly Columns[]): string {
  return JSON.stringify({ ...header(name, origin), snapshot: rows.map(asText), action: 'snapshot' })
}

function asText(columns: Columns): Columns {
  return Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, String(value)]))
}

/** A process start on Windows, `columns` over what any process has. */
export function windowsProcess(origin: Origin, columns: Columns & { readonly name: string }): string {
  const { name } = columns
  return added('running_processes_windows_sophos', origin, {
    ...program(origin, name),
    path: `C:\\Windows\\System32\\${name}`,
    cmdline: name,
    pid: 4321,
    parent: 4000,
    username: 'PC\\amara',
    uid: 1001,
    gid: 545,
    file_size: 70_000,
    parent_name: 'explorer.exe',
    parent_path: 'C:\\Windows\\explorer.exe',
    parent_cmdline: 'C:\\Windows\\explorer.exe',
    sophos_pid: `4321:${origin.ago}`,
    parent_sophos_pid: '4000:1',
    ...columns,
  })
}

/** A process start on Linux, as the event tables report it: pids in lists. */
export function linuxProcess(origin: Origin, columns: Columns & { readonly name: string }): string {
  const { name } = columns
  const own = { path: `/usr/bin/${name}`, cmdline: name, pids: 4321, parents: 4000, uid: 0, gid: 0, euid: 0, egid: 0 }
  return added('running_processes_linux_events', origin, { ...program(origin, name), ...own, ...columns })
}

export function macProcess(origin: Origin, columns: Columns & { readonly name: string }): string {
  const { name } = columns
  const own = {
    path: `/usr/bin/${name}`,
    cmdline: name,
    pid: 4321,
    parent: 1,
    pids: 4321,
    parents: 1,
    uid: 501,
    gid: 20,
  }
  return added('running_processes_osx_events', origin, { ...program(origin, name), ...own, ...columns })
}

/** The same program has the same hashes everywhere. */
function program({ ago }: Origin, name: string): Columns {
  return { name, time: secondsAgo(ago), sha256: hashOf(name), sha1: sha1Of(name) }
}

export function hashOf(name: string): string {
  return sha256Hex(name)
}

export function sha1Of(name: string): string {
  return sha256Hex(`sha1 ${name}`).slice(0, 40)
}

export function socket(origin: Origin, columns: Columns & { readonly name: string }): string {
  return added('open_sockets', origin, {
    ...{ path: `C:\\Tools\\${columns.name}`, cmdline: columns.name, pid: 99, parent: 4, family: 2, protocol: 6 },
    ...{ local_address: '10.0.0.5', local_port: 50_001, remote_address: '203.0.113.9', remote_port: 443 },
    ...columns,
  })
}

/** Event 4624, as a scheduled query over `windows_events` reports it. */
export function logon(origin: Origin, columns: Columns): string {
  return added('windows_event_successful_logon', origin, {
    ...{ eventid: 4624, logon_type: 3, target_username: 'amara', target_domain: 'CORP', remote_address: '10.0.0.9' },
    ...columns,
  })
}

/** Event 4625. */
export function failedLogon(origin: Origin, columns: Columns): string {
  return added('windows_event_invalid_logon_brute_force', origin, {
    ...{ eventid: 4625, logon_type: 3, target_username: 'amara', target_domain: 'CORP', remote_address: '10.0.0.9' },
    ...{ status: '0xc000006d', sub_status: '0xc000006a', failure_reason: '%%2313' },
    ...columns,
  })
}

/** Process starts on Windows with these command lines; the first word of each is the program's name. */
export function windowsCommands(origin: Origin, commandLines: readonly string[]): readonly string[] {
  return commandLines.map(cmdline => windowsProcess(origin, { name: `${cmdline.split(' ')[0]}.exe`, cmdline }))
}

export function linuxCommands(origin: Origin, commandLines: readonly string[]): readonly string[] {
  return commandLines.map(cmdline => linuxProcess(origin, { name: cmdline.split(' ')[0] ?? '', cmdline }))
}

/** `count` of what `make` gives. */
export function times(count: number, make: (nth: number) => string): readonly string[] {
  return Array.from({ length: count }, (_, nth) => make(nth))
}
