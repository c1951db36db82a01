import { added, linuxProcess, removed, snapshot, socket, timeAgo, windowsProcess } from '../agent-lines.ts'
import type { CannedCase } from '../canned-case.ts'

const pc = { host: 'PC-1', ago: 3600 }
const other = { host: 'PC-2', ago: 1800 }
const linux = { host: 'web-1', ago: 1200 }

function listener(name: string, port: number, address = '0.0.0.0', protocol = 6, pid = 5) {
  return { name, path: `/usr/sbin/${name}`, pid, port, protocol, family: 2, address }
}

/** Addresses of which none is on the Internet. */
const insideAddresses = [
  ...['0.0.0.0', '127.0.0.1', '10.0.0.1', '172.20.1.1', '192.168.3.4', '169.254.1.1', '224.0.0.251', '239.255.255.250'],
  ...['', '::', '::1', '::ffff:10.0.0.1', 'fe80::1', 'fd00::1', 'FC00::1', 'ff02::fb'],
]

export const networkCases: readonly CannedCase[] = [
  {
    code: 'remote-tools',
    reads: 'cmdline name path sha256 time',
    hits: [
      windowsProcess(pc, { name: 'pwsh.exe', cmdline: 'pwsh Enter-PSSession -ComputerName PC-2' }),
      windowsProcess(pc, { name: 'wsmprovhost.exe' }),
      windowsProcess(pc, { name: 'PSEXESVC.exe' }),
      windowsProcess(pc, { name: 'AnyDesk.exe', cmdline: 'AnyDesk.exe --service' }),
      windowsProcess({ ...pc, ago: 60 }, { name: 'AnyDesk.exe', cmdline: 'AnyDesk.exe --tray' }),
      windowsProcess(pc, { name: 'wmic.exe', cmdline: 'wmic /node:PC-2 os get caption' }),
      windowsProcess(pc, { name: 'powershell.exe', cmdline: 'powershell Invoke-Command -ComputerName PC-2 {dir}' }),
      linuxProcess(linux, { name: 'chisel' }),
      linuxProcess(linux, { name: 'rclone', cmdline: 'rclone copy /srv remote:' }),
    ],
    misses: [
      windowsProcess(pc, { name: 'wmic.exe', cmdline: 'wmic os get caption' }),
      windowsProcess(pc, { name: 'psexplorer.exe' }),
      windowsProcess(pc, { name: 'powershell.exe', cmdline: 'powershell Get-Process' }),
      linuxProcess(linux, { name: 'ssh' }),
    ],
    rows: [
      { kind: 'remote shell', process_name: 'pwsh.exe' },
      { kind: 'remote shell', process_name: 'wsmprovhost.exe' },
      { kind: 'remote execution', process_name: 'psexesvc.exe', hostname: 'PC-1' },
      {
        kind: 'remote control',
        process_name: 'anydesk.exe',
        executions: 2,
        first_seen: timeAgo(3600),
        last_seen: timeAgo(60),
        last_cmdline: 'AnyDesk.exe --tray',
      },
      { kind: 'remote execution', process_name: 'wmic.exe' },
      { kind: 'remote shell', process_name: 'powershell.exe' },
      { kind: 'tunnel', process_name: 'chisel', hostname: 'web-1' },
      { kind: 'file mover', process_name: 'rclone' },
    ],
  },
  {
    code: 'listening-ports',
    given: { max_hosts: '1' },
    reads: 'address name path pid port protocol',
    hits: [
      snapshot('listening_ports', { host: 'web-1', ago: 60 }, [listener('nc', 4444), listener('proxy', 443)]),
      // Two processes behind one port, one of them ended: still there, once.
      ...[5, 6].map(pid =>
        added('listening_ports', { host: 'web-9', ago: 3600 }, listener('backdoor', 4455, '::', 17, pid)),
      ),
      removed('listening_ports', { host: 'web-9', ago: 60 }, listener('backdoor', 4455, '::', 17, 5)),
    ],
    misses: [
      // Gone since, on one host by a later snapshot, on the other by its end.
      snapshot('listening_ports', { host: 'web-2', ago: 3600 }, [listener('nc2', 4444)]),
      snapshot('listening_ports', { host: 'web-2', ago: 60 }, [listener('proxy', 443)]),
      added('listening_ports', { host: 'web-3', ago: 3600 }, listener('nc3', 4444)),
      removed('listening_ports', { host: 'web-3', ago: 60 }, listener('nc3', 4444)),
      // On two hosts; for this machine only; no port at all.
      snapshot('listening_ports', { host: 'web-4', ago: 60 }, [
        ...[listener('proxy', 443), listener('db', 4466, '127.0.0.1'), listener('cache', 4477, '::1')],
        listener('mapped', 4488, '::ffff:127.0.0.1'),
        listener('unix', 0),
      ]),
    ],
    rows: [
      {
        hostname: 'web-1',
        name: 'nc',
        path: '/usr/sbin/nc',
        port: 4444,
        protocol: 'TCP',
        address: '0.0.0.0',
        hosts: 1,
        reported_at: timeAgo(60),
      },
      { hostname: 'web-9', name: 'backdoor', port: 4455, protocol: 'UDP', reported_at: timeAgo(3600) },
    ],
  },
  {
    code: 'outbound-from-few-hosts',
    reads: 'name path remote_address remote_port',
    hits: [
      socket(pc, { name: 'Odd.exe', remote_address: '203.0.113.66', remote_port: 8443 }),
      socket({ ...pc, ago: 60 }, { name: 'odd.exe', remote_address: '203.0.113.67' }),
      socket(pc, { name: 'odd.exe', remote_address: '10.9.9.9' }),
      socket(pc, { name: 'six.exe', remote_address: '2606:4700::1111' }),
    ],
    misses: [
      ...insideAddresses.map(remote_address => socket(pc, { name: 'inside.exe', remote_address })),
      socket(pc, { name: 'browser.exe' }),
      socket(other, { name: 'browser.exe' }),
      socket(pc, { name: 'listener.exe', remote_port: 0 }),
      socket(pc, { name: '' }),
      removed('open_sockets', pc, { name: 'gone.exe', remote_address: '203.0.113.66', remote_port: 1 }),
    ],
    rows: [
      {
        process_name: 'odd.exe',
        hosts: 1,
        hostnames: 'PC-1',
        addresses: 2,
        remotes: '203.0.113.66 port 8443, 203.0.113.67 port 443',
        first_seen: timeAgo(3600),
        last_seen: timeAgo(60),
      },
      { process_name: 'six.exe', remotes: '2606:4700::1111 port 443' },
    ],
  },
  {
    code: 'outbound-from-script-hosts',
    reads: 'cmdline name path pid remote_address remote_port',
    hits: [
      socket(pc, { name: 'powershell.exe', cmdline: 'powershell -f a.ps1' }),
      socket(linux, { name: 'python3.12', path: '/usr/bin/python3.12', remote_address: '198.51.100.7' }),
    ],
    misses: [
      ...insideAddresses.map(remote_address => socket(pc, { name: 'cmd.exe', remote_address })),
      socket(pc, { name: 'chrome.exe' }),
      socket(pc, { name: 'powershell.exe', remote_port: 0 }),
      socket(linux, { name: 'bashful' }),
    ],
    rows: [
      {
        calendar_time: timeAgo(3600),
        hostname: 'PC-1',
        name: 'powershell.exe',
        cmdline: 'powershell -f a.ps1',
        pid: 99,
        remote_address: '203.0.113.9',
        remote_port: 443,
      },
      { hostname: 'web-1', name: 'python3.12', remote_address: '198.51.100.7' },
    ],
  },
]
