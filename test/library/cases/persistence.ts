import {
  added,
  linuxCommands,
  linuxProcess,
  macProcess,
  removed,
  snapshot,
  timeAgo,
  windowsCommands,
  windowsProcess,
} from '../agent-lines.ts'
import type { CannedCase } from '../canned-case.ts'

const pc = { host: 'PC-1', ago: 3600 }
const other = { host: 'PC-2', ago: 1800 }
const linux = { host: 'web-1', ago: 1200 }
const mac = { host: 'MAC-1', ago: 900 }
const day = 86_400

const runKey = 'HKEY_USERS\\amara\\Software\\Microsoft\\Windows\\CurrentVersion\\Run'
const sync = { name: 'Sync', path: 'C:\\Program Files\\Sync\\sync.exe', args: '/bg', source: runKey, username: 'amara' }
const evil = { name: 'Updater', path: 'C:\\Users\\Public\\u.exe', args: '-q', source: runKey, username: 'amara' }

const root = { uid: 0, gid: 0, username: 'root', directory: '/root', shell: '/bin/bash', description: 'root' }
const backdoor = { uid: 1007, gid: 1007, username: 'Helper', directory: '/home/h', shell: '/bin/sh', description: 'x' }

const tasks = [
  'powershell New-ScheduledTask -CimSession PC-2 -Action $a',
  'schtasks /change /tn upd /tr C:\\b.exe',
  'at \\\\PC-2 13:30 C:\\a.exe',
]

const unixTasks = [
  'cp /tmp/upd /etc/cron.d/upd',
  'mv upd /etc/cron.hourly/',
  'sh -c echo x >/etc/crontab',
  'systemd-run --on-calendar=hourly /tmp/a',
  'systemctl enable upd.timer',
  'crontab -e',
]

const services = ['sc config upd binpath= C:\\b.exe', 'powershell New-Service -Name upd -BinaryPathName C:\\a.exe']

const unixServices = ['update-rc.d upd defaults', 'chkconfig --level 345 upd on', 'systemctl --now enable upd']

export const persistenceCases: readonly CannedCase[] = [
  {
    code: 'startup-items',
    given: { max_hosts: '1', source: '%\\currentversion\\run' },
    reads: 'args name path source username',
    hits: [snapshot('windows_startup_items', pc, [evil])],
    misses: [
      snapshot('windows_startup_items', { ...pc, ago: 60 }, [sync]),
      snapshot('windows_startup_items', other, [sync, { ...evil, source: 'Startup Folder' }]),
    ],
    rows: [
      {
        name: 'Updater',
        path: 'C:\\Users\\Public\\u.exe',
        args: '-q',
        source: runKey,
        hosts: 1,
        hostnames: 'PC-1',
        usernames: 'amara',
        last_reported: timeAgo(3600),
      },
    ],
  },
  {
    code: 'new-startup-items',
    reads: 'args name path source username',
    hits: [
      snapshot('windows_startup_items', pc, [sync, evil]),
      snapshot('windows_startup_items', { ...pc, ago: 60 }, [sync, evil]),
      added('windows_startup_items', { host: 'PC-3', ago: 500, counter: 7 }, { ...evil, name: 'Other' }),
    ],
    misses: [
      snapshot('windows_startup_items', { ...pc, ago: 2 * day }, [sync]),
      snapshot('windows_startup_items', other, [sync, { ...evil, name: 'Known from the start' }]),
      added('windows_startup_items', { host: 'PC-3', ago: 2 * day, counter: 0 }, sync),
    ],
    rows: [
      { first_reported: timeAgo(3600), hostname: 'PC-1', name: 'Updater', path: 'C:\\Users\\Public\\u.exe' },
      { first_reported: timeAgo(500), hostname: 'PC-3', name: 'Other', args: '-q', source: runKey, username: 'amara' },
    ],
  },
  {
    code: 'scheduled-tasks-created',
    reads: 'cmdline name sha256 time',
    hits: [
      ...windowsCommands(pc, tasks),
      ...linuxCommands(linux, unixTasks),
      windowsProcess(pc, { name: 'schtasks.exe', cmdline: 'schtasks /create /tn upd /tr C:\\a.exe /sc onlogon' }),
      windowsProcess(pc, { name: 'SCHTASKS.EXE', cmdline: 'schtasks.exe /S PC-2 /Create /tn upd /tr a' }),
      windowsProcess(pc, { name: 'powershell.exe', cmdline: 'powershell Register-ScheduledTask -TaskName upd' }),
      linuxProcess(linux, { name: 'crontab', cmdline: 'crontab /tmp/jobs' }),
      linuxProcess(linux, { name: 'tee', cmdline: 'tee -a /etc/cron.d/upd' }),
    ],
    misses: [
      windowsProcess(pc, { name: 'schtasks.exe', cmdline: 'schtasks /query /fo list' }),
      windowsProcess(pc, { name: 'cmd.exe', cmdline: 'cmd /c echo at 12' }),
      linuxProcess(linux, { name: 'crontab', cmdline: 'crontab -l' }),
      linuxProcess(linux, { name: 'cat', cmdline: 'cat /etc/crontab' }),
    ],
    rows: [
      ...tasks.map(cmdline => ({ cmdline })),
      ...unixTasks.map(cmdline => ({ cmdline })),
      { hostname: 'PC-1', name: 'schtasks.exe', remote: false, started_at: timeAgo(3600) },
      { hostname: 'PC-1', name: 'SCHTASKS.EXE', remote: true },
      { name: 'powershell.exe', remote: false },
      { hostname: 'web-1', name: 'crontab' },
      { hostname: 'web-1', name: 'tee' },
    ],
  },
  {
    code: 'services-created',
    reads: 'cmdline name sha256 time',
    hits: [
      ...windowsCommands(pc, services),
      ...linuxCommands(linux, unixServices),
      windowsProcess(pc, { name: 'sc.exe', cmdline: 'sc create upd binPath= C:\\a.exe' }),
      windowsProcess(pc, { name: 'sc.exe', cmdline: '"C:\\Windows\\System32\\sc.exe" \\\\PC-2 create upd binPath= a' }),
      windowsProcess(pc, { name: 'reg.exe', cmdline: 'reg add HKLM\\SYSTEM\\CurrentControlSet\\Services\\upd /v a' }),
      linuxProcess(linux, { name: 'systemctl', cmdline: 'systemctl enable upd.service' }),
      macProcess(mac, { name: 'launchctl', cmdline: 'launchctl load -w /Library/LaunchDaemons/upd.plist' }),
    ],
    misses: [
      windowsProcess(pc, { name: 'sc.exe', cmdline: 'sc query upd' }),
      windowsProcess(pc, { name: 'misc.exe', cmdline: 'misc create a' }),
      linuxProcess(linux, { name: 'systemctl', cmdline: 'systemctl enable upd.timer' }),
      linuxProcess(linux, { name: 'systemctl', cmdline: 'systemctl status ssh' }),
      macProcess(mac, { name: 'launchctl', cmdline: 'launchctl list' }),
    ],
    rows: [
      ...services.map(cmdline => ({ cmdline })),
      ...unixServices.map(cmdline => ({ cmdline })),
      { hostname: 'PC-1', cmdline: 'sc create upd binPath= C:\\a.exe', remote: false, started_at: timeAgo(3600) },
      { hostname: 'PC-1', name: 'sc.exe', remote: true },
      { name: 'reg.exe', remote: false },
      { hostname: 'web-1', name: 'systemctl' },
      { hostname: 'MAC-1', name: 'launchctl' },
    ],
  },
  {
    code: 'new-local-users',
    given: { username: 'help%' },
    reads: 'description directory gid shell uid username',
    hits: [
      added('user_accounts', { ...linux, counter: 3 }, backdoor),
      snapshot('user_accounts', pc, [root, { ...backdoor, username: 'helper2' }]),
    ],
    misses: [
      added('user_accounts', { ...linux, ago: 2 * day, counter: 0 }, root),
      added('user_accounts', { host: 'web-2', ago: 2 * day, counter: 0 }, { ...backdoor, username: 'helper' }),
      removed('user_accounts', { host: 'web-2', ago: 60, counter: 9 }, { ...backdoor, username: 'helper' }),
      added('user_accounts', { ...linux, ago: 30, counter: 4 }, { ...backdoor, username: 'printer' }),
      snapshot('user_accounts', { ...pc, ago: 2 * day }, [root]),
      snapshot('user_accounts', other, [root, { ...backdoor, username: 'helper3' }]),
    ],
    rows: [
      {
        first_reported: timeAgo(1200),
        hostname: 'web-1',
        username: 'Helper',
        uid: 1007,
        gid: 1007,
        directory: '/home/h',
        shell: '/bin/sh',
        description: 'x',
      },
      { first_reported: timeAgo(3600), hostname: 'PC-1', username: 'helper2' },
    ],
  },
]
