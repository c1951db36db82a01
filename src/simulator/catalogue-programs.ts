import type { Platform } from './hosts.ts'

// Programs that run on the simulated machines. Table of data.

export interface Program {
  readonly name: string
  readonly path: string
  readonly company: string
  /** Names of programs that start it, the likeliest first; the first one that runs is the parent. */
  readonly parents: readonly string[]
  readonly commandLines: readonly string[]
  readonly runsAs: 'system' | 'user'
  /** Started with the machine, and running for good. */
  readonly isResident: boolean
  /** How often it is started over a day, against the others; 0: never. */
  readonly weight: number
  /** Hosts it talks to, with the port. */
  readonly remotes: readonly (readonly [string, number])[]
  /** TCP ports it listens on. */
  readonly ports: readonly number[]
}

type Extra = Partial<Omit<Program, 'name' | 'path' | 'company'>>

function program(path: string, company: string, extra: Extra): Program {
  const name = path.split(/[\\/]/).at(-1) ?? path
  const base = { parents: [], commandLines: [path], runsAs: 'user', isResident: false, weight: 0 } as const
  return { name, path, company, ...base, remotes: [], ports: [], ...extra }
}

const resident = (parents: readonly string[], extra: Extra = {}): Extra => ({
  parents,
  isResident: true,
  runsAs: 'system',
  ...extra,
})

const system32 = 'C:\\Windows\\System32'
const office = 'C:\\Program Files\\Microsoft Office\\root\\Office16'
const chrome = 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe'
const microsoft = 'Microsoft Corporation'

const windows: readonly Program[] = [
  program(`${system32}\\smss.exe`, microsoft, resident([])),
  program(`${system32}\\wininit.exe`, microsoft, resident(['smss.exe'])),
  program(`${system32}\\services.exe`, microsoft, resident(['wininit.exe'])),
  program(`${system32}\\lsass.exe`, microsoft, resident(['wininit.exe'], { ports: [49664] })),
  program(
    `${system32}\\svchost.exe`,
    microsoft,
    resident(['services.exe'], {
      commandLines: [
        `${system32}\\svchost.exe -k netsvcs -p -s Schedule`,
        `${system32}\\svchost.exe -k LocalService -p`,
        `${system32}\\svchost.exe -k RPCSS -p`,
      ],
      ports: [135, 5040],
      weight: 6,
      remotes: [['update.example.com', 443]],
    }),
  ),
  program('C:\\Windows\\explorer.exe', microsoft, { ...resident(['wininit.exe']), runsAs: 'user' }),
  program(`${system32}\\taskhostw.exe`, microsoft, { parents: ['svchost.exe'], weight: 5 }),
  program(`${system32}\\conhost.exe`, microsoft, { parents: ['cmd.exe', 'explorer.exe'], weight: 4 }),
  program(`${system32}\\wbem\\WmiPrvSE.exe`, microsoft, { parents: ['svchost.exe'], runsAs: 'system', weight: 3 }),
  program(`${system32}\\cmd.exe`, microsoft, {
    parents: ['explorer.exe'],
    weight: 3,
    commandLines: ['cmd.exe /c ipconfig /all', 'cmd.exe /c dir C:\\Users', 'cmd.exe /c "C:\\Tools\\backup.cmd"'],
  }),
  program(`${system32}\\WindowsPowerShell\\v1.0\\powershell.exe`, microsoft, {
    parents: ['explorer.exe', 'svchost.exe'],
    weight: 2,
    commandLines: [
      'powershell.exe -NoProfile -File C:\\Tools\\inventory.ps1',
      'powershell.exe -Command "Get-Service | Where-Object Status -eq Running"',
    ],
  }),
  program(`${office}\\OUTLOOK.EXE`, microsoft, {
    parents: ['explorer.exe'],
    weight: 3,
    remotes: [['mail.example.com', 443]],
  }),
  program(`${office}\\WINWORD.EXE`, microsoft, {
    parents: ['explorer.exe', 'OUTLOOK.EXE'],
    weight: 3,
    commandLines: [`"${office}\\WINWORD.EXE" /n "C:\\Users\\Public\\Documents\\Quarterly plan.docx"`],
  }),
  program(`${office}\\EXCEL.EXE`, microsoft, { parents: ['explorer.exe'], weight: 3 }),
  program(chrome, 'Google LLC', {
    parents: ['explorer.exe', 'chrome.exe'],
    weight: 14,
    commandLines: [`"${chrome}"`, `"${chrome}" --type=renderer --lang=en`, `"${chrome}" --type=gpu-process`],
    remotes: [
      ['www.example.com', 443],
      ['news.example.net', 443],
      ['cdn.example.org', 443],
    ],
  }),
  program('C:\\Program Files\\7-Zip\\7zG.exe', 'Igor Pavlov', { parents: ['explorer.exe'], weight: 1 }),
  program('C:\\Program Files\\osquery\\osqueryd\\osqueryd.exe', 'osquery', {
    ...resident(['services.exe']),
    remotes: [['lake.example.com', 443]],
  }),
]

const shell = '/usr/bin/bash'

const linux: readonly Program[] = [
  program('/usr/lib/systemd/systemd', 'systemd', resident([], { commandLines: ['/sbin/init'] })),
  program('/usr/lib/systemd/systemd-journald', 'systemd', resident(['systemd'])),
  program('/usr/sbin/cron', 'cron', resident(['systemd'], { commandLines: ['/usr/sbin/cron -f -P'] })),
  program(
    '/usr/sbin/sshd',
    'openssh',
    resident(['systemd'], { ports: [22], commandLines: ['sshd: /usr/sbin/sshd -D'] }),
  ),
  program(
    '/usr/sbin/nginx',
    'nginx',
    resident(['systemd'], { ports: [80, 443], commandLines: ['nginx: master process'] }),
  ),
  program(
    '/usr/lib/postgresql/16/bin/postgres',
    'postgresql',
    resident(['systemd'], { ports: [5432], commandLines: ['postgres: checkpointer', 'postgres: walwriter'] }),
  ),
  program('/opt/osquery/bin/osqueryd', 'osquery', resident(['systemd'], { remotes: [['lake.example.com', 443]] })),
  program(shell, 'bash', {
    parents: ['sshd', 'cron'],
    weight: 6,
    commandLines: ['-bash', 'bash -c /opt/app/rotate.sh'],
  }),
  program('/usr/bin/curl', 'curl', {
    parents: ['bash'],
    weight: 3,
    commandLines: ['curl -fsS https://status.example.com/ping'],
    remotes: [['status.example.com', 443]],
  }),
  program('/usr/bin/python3.12', 'python', {
    parents: ['bash', 'cron'],
    weight: 4,
    commandLines: ['python3 /opt/app/report.py --daily', 'python3 -m http.server'],
    remotes: [['api.example.net', 443]],
  }),
  program('/usr/bin/apt-get', 'apt', { parents: ['cron'], runsAs: 'system', weight: 1 }),
  program('/usr/bin/rsync', 'rsync', {
    parents: ['cron'],
    weight: 2,
    runsAs: 'system',
    commandLines: ['rsync -a /srv/ backup.example.com:/srv/'],
    remotes: [['backup.example.com', 22]],
  }),
]

const macos: readonly Program[] = [
  program('/sbin/launchd', 'Apple', resident([])),
  program('/usr/libexec/rapportd', 'Apple', resident(['launchd'], { ports: [49152] })),
  program('/System/Library/CoreServices/Finder.app/Contents/MacOS/Finder', 'Apple', {
    ...resident(['launchd']),
    runsAs: 'user',
  }),
  program('/opt/osquery/lib/osquery.app/Contents/MacOS/osqueryd', 'osquery', {
    ...resident(['launchd']),
    remotes: [['lake.example.com', 443]],
  }),
  program('/Applications/Safari.app/Contents/MacOS/Safari', 'Apple', {
    parents: ['launchd'],
    weight: 6,
    remotes: [
      ['www.example.com', 443],
      ['news.example.net', 443],
    ],
  }),
  program('/bin/zsh', 'Apple', { parents: ['Finder', 'launchd'], weight: 4, commandLines: ['-zsh'] }),
  program('/usr/bin/git', 'Apple', {
    parents: ['zsh'],
    weight: 4,
    commandLines: ['git fetch --all', 'git status'],
    remotes: [['code.example.org', 443]],
  }),
  program('/usr/bin/mdworker_shared', 'Apple', { parents: ['launchd'], runsAs: 'system', weight: 5 }),
]

export const programs: Readonly<Record<Platform, readonly Program[]>> = { windows, linux, macos }

/** Addresses of the names above and of the story, from the ranges kept for documentation (RFC 5737). */
export const addresses: Readonly<Record<string, string>> = {
  'update.example.com': '192.0.2.10',
  'mail.example.com': '192.0.2.25',
  'www.example.com': '192.0.2.80',
  'news.example.net': '192.0.2.81',
  'cdn.example.org': '192.0.2.82',
  'lake.example.com': '192.0.2.84',
  'status.example.com': '192.0.2.90',
  'api.example.net': '192.0.2.91',
  'backup.example.com': '192.0.2.95',
  'code.example.org': '192.0.2.97',
}
