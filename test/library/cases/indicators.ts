import {
  added,
  failedLogon,
  hashOf,
  linuxProcess,
  logon,
  macProcess,
  removed,
  sha1Of,
  snapshot,
  socket,
  timeAgo,
  windowsProcess,
} from '../agent-lines.ts'
import type { CannedCase } from '../canned-case.ts'

const pc = { host: 'PC-1', ago: 3600 }
const other = { host: 'PC-2', ago: 1800 }
const linux = { host: 'web-1', ago: 1200 }

export const indicatorCases: readonly CannedCase[] = [
  {
    code: 'hashes-seen',
    given: { sha256: `From the report: ${hashOf('evil.exe').toUpperCase()}, and\n* ${sha1Of('dropper')};` },
    reads: 'cmdline name path sha1 sha256 time',
    hits: [
      windowsProcess(pc, { name: 'evil.exe', cmdline: 'evil.exe -a' }),
      windowsProcess({ ...pc, ago: 60 }, { name: 'evil.exe', cmdline: 'evil.exe -b' }),
      linuxProcess(linux, { name: 'dropper' }),
    ],
    misses: [windowsProcess(pc, { name: 'notepad.exe' }), linuxProcess(linux, { name: 'ls' })],
    rows: [
      {
        hostname: 'PC-1',
        name: 'evil.exe',
        executions: 2,
        first_seen: timeAgo(3600),
        last_seen: timeAgo(60),
        last_cmdline: 'evil.exe -b',
      },
      { hostname: 'web-1', name: 'dropper', executions: 1, sha1: sha1Of('dropper'), sha256: hashOf('dropper') },
    ],
  },
  {
    code: 'addresses-contacted',
    given: { addresses: '198.51.100.7\n203.0.113.0/24, 2001:db8::/32' },
    reads: 'name path remote_address remote_port target_username',
    hits: [
      socket(pc, { name: 'evil.exe', remote_address: '203.0.113.66', remote_port: 8443 }),
      socket(other, { name: 'curl.exe', remote_address: '2001:db8::5' }),
      failedLogon(other, { target_username: 'root', remote_address: '198.51.100.7' }),
      logon({ ...other, ago: 60 }, { target_username: 'root', remote_address: '198.51.100.7' }),
    ],
    misses: [
      socket(pc, { name: 'evil.exe', remote_address: '203.0.114.66' }),
      socket(pc, { name: 'evil.exe', remote_address: '198.51.100.70' }),
      socket(pc, { name: 'idle.exe', remote_address: '' }),
      removed('open_sockets', pc, { name: 'evil.exe', remote_address: '203.0.113.66' }),
      logon(pc, { remote_address: '-' }),
    ],
    rows: [
      {
        indicator: '203.0.113.0/24',
        remote_address: '203.0.113.66',
        hostname: 'PC-1',
        name: 'evil.exe',
        remote_port: 8443,
        times: 1,
      },
      { indicator: '2001:db8::/32', remote_address: '2001:db8::5', hostname: 'PC-2', name: 'curl.exe' },
      { indicator: '198.51.100.7', username: 'root', query_name: 'windows_event_invalid_logon_brute_force' },
      { indicator: '198.51.100.7', username: 'root', query_name: 'windows_event_successful_logon' },
    ],
  },
  {
    code: 'domains-and-urls',
    given: { domains: 'https://user@Evil.example:8080/a?b=c, bad.test ((,' },
    reads: 'cmdline domain pid pids',
    hits: [
      added('sophos_urls_windows', pc, { domain: 'cdn.evil.example', pids: 77 }),
      added('sophos_urls_windows', pc, { domain: 'bad.test', pids: 78 }),
      macProcess({ host: 'MAC-1', ago: 100 }, { name: 'curl', cmdline: 'curl https://EVIL.example/x' }),
      linuxProcess(linux, { name: 'wget', cmdline: 'wget bad.test' }),
    ],
    misses: [
      added('sophos_urls_windows', pc, { domain: 'notevil.example', pids: 79 }),
      added('sophos_urls_windows', pc, { domain: 'evil.example.org', pids: 80 }),
      linuxProcess(linux, { name: 'wget', cmdline: 'wget https://very-bad.test.example/ evilxexample' }),
    ],
    rows: [
      { domain: 'evil.example', how: 'looked up', evidence: 'cdn.evil.example', hostname: 'PC-1', pids: '77' },
      { domain: 'bad.test', how: 'looked up', evidence: 'bad.test', hostname: 'PC-1', pids: '78' },
      { domain: 'evil.example', how: 'command line', evidence: 'curl https://EVIL.example/x', hostname: 'MAC-1' },
      { domain: 'bad.test', how: 'command line', evidence: 'wget bad.test', hostname: 'web-1', pids: '4321' },
    ],
  },
  {
    code: 'paths-seen',
    given: { paths: ' ,%\\temp\\%.exe\r\n/opt/evil/run , C:\\Tools\\nc.exe' },
    reads: 'name path sha256',
    hits: [
      windowsProcess(pc, { name: 'a.exe', path: 'C:\\Windows\\TEMP\\a.exe' }),
      linuxProcess(linux, { name: 'run', path: '/opt/evil/run' }),
      snapshot('listening_ports', other, [{ name: 'nc.exe', path: 'c:\\tools\\NC.exe', pid: 5, port: 4444 }]),
      snapshot('windows_startup_items', other, [{ name: 'b', path: 'C:\\Users\\x\\AppData\\Local\\Temp\\b.exe' }]),
    ],
    misses: [
      windowsProcess(pc, { name: 'a.exe', path: 'C:\\Windows\\TEMP\\a.dll' }),
      windowsProcess(pc, { name: 'a.exe', path: 'C:\\Templates\\a.exe' }),
      linuxProcess(linux, { name: 'run', path: '/opt/evil/run2' }),
      linuxProcess(linux, { name: 'kthread', path: '' }),
    ],
    rows: [
      { pattern: '%\\temp\\%.exe', hostname: 'PC-1', path: 'C:\\Windows\\TEMP\\a.exe', sha256: hashOf('a.exe') },
      { pattern: '/opt/evil/run', hostname: 'web-1', query_name: 'running_processes_linux_events' },
      { pattern: 'c:\\tools\\nc.exe', hostname: 'PC-2', query_name: 'listening_ports', sha256: null },
      { pattern: '%\\temp\\%.exe', hostname: 'PC-2', query_name: 'windows_startup_items', times: 1 },
    ],
  },
  {
    code: 'process-names-seen',
    given: { names: 'Evil.exe, ,\nxmrig%' },
    reads: 'name path sha256 time',
    hits: [
      windowsProcess(pc, { name: 'EVIL.EXE', sha256: 'aa' }),
      windowsProcess(other, { name: 'evil.exe', sha256: 'aa', path: 'C:\\evil.exe' }),
      linuxProcess(linux, { name: 'xmrig-6' }),
    ],
    misses: [windowsProcess(pc, { name: 'evil.exe.bak' }), linuxProcess(linux, { name: 'my-xmrig' })],
    rows: [
      {
        pattern: 'evil.exe',
        process_name: 'evil.exe',
        hosts: 2,
        executions: 2,
        hostnames: 'PC-1, PC-2',
        paths: 'C:\\Windows\\System32\\EVIL.EXE, C:\\evil.exe',
        first_seen: timeAgo(3600),
      },
      { pattern: 'xmrig%', process_name: 'xmrig-6', hosts: 1, hostnames: 'web-1' },
    ],
  },
]
