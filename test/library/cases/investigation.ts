import { added, linuxProcess, logon, removed, socket, timeAgo, windowsProcess } from '../agent-lines.ts'
import type { CannedCase } from '../canned-case.ts'

const pc = { host: 'PC-1', ago: 3600 }
const other = { host: 'PC-2', ago: 1800 }

export const investigationCases: readonly CannedCase[] = [
  {
    code: 'process-family',
    given: { sophos_pid: '500:133' },
    reads: 'cmdline name parent_sophos_pid sha256 sophos_pid time username',
    hits: [
      windowsProcess(pc, { name: 'winword.exe', sophos_pid: '400:132', parent_sophos_pid: '300:131' }),
      windowsProcess({ ...pc, ago: 3000 }, { name: 'cmd.exe', sophos_pid: '500:133', parent_sophos_pid: '400:132' }),
      windowsProcess({ ...pc, ago: 2000 }, { name: 'a.exe', sophos_pid: '600:134', parent_sophos_pid: '500:133' }),
      windowsProcess({ ...pc, ago: 1000 }, { name: 'b.exe', sophos_pid: '700:135', parent_sophos_pid: '500:133' }),
    ],
    misses: [
      windowsProcess(pc, { name: 'explorer.exe', sophos_pid: '300:131', parent_sophos_pid: '1:1' }),
      windowsProcess(pc, { name: 'deep.exe', sophos_pid: '800:136', parent_sophos_pid: '600:134' }),
      windowsProcess(other, { name: 'same.exe', sophos_pid: '500:999', parent_sophos_pid: '400:999' }),
    ],
    rows: [
      { relation: 'parent', name: 'winword.exe', started_at: timeAgo(3600), hostname: 'PC-1' },
      { relation: 'itself', name: 'cmd.exe', sophos_pid: '500:133', parent_sophos_pid: '400:132' },
      { relation: 'child', name: 'a.exe', username: 'PC\\amara' },
      { relation: 'child', name: 'b.exe' },
    ],
  },
  {
    code: 'host-timeline',
    given: { device: 'pc-1', around: timeAgo(3600), minutes: '10' },
    reads: 'cmdline name path remote_address remote_port sha256 target_username time username',
    hits: [
      windowsProcess(pc, { name: 'cmd.exe', cmdline: 'cmd /c a', username: 'PC\\amara' }),
      // Reported later than it happened.
      windowsProcess({ ...pc, ago: 60 }, { name: 'late.exe', time: Date.parse(timeAgo(3300)) / 1000 }),
      socket({ ...pc, ago: 3500 }, { name: 'cmd.exe', remote_address: '203.0.113.66', remote_port: 8443 }),
      removed(
        'open_sockets',
        { ...pc, ago: 3400 },
        { name: 'cmd.exe', cmdline: 'cmd', remote_address: '203.0.113.66' },
      ),
      logon({ ...pc, ago: 3900 }, { target_username: 'bjorn' }),
      logon({ ...pc, ago: 4200 }, { target_username: 'at the first moment' }),
      added('user_accounts', { ...pc, ago: 3200 }, { username: 'helper', uid: 1 }),
      added('windows_startup_items', { ...pc, ago: 3100 }, { name: 'Updater', path: 'C:\\u.exe', username: 'amara' }),
    ],
    misses: [
      windowsProcess({ ...pc, ago: 4300 }, { name: 'early.exe' }),
      windowsProcess({ ...pc, ago: 2900 }, { name: 'after.exe' }),
      windowsProcess({ ...other, ago: 3600 }, { name: 'elsewhere.exe' }),
      linuxProcess({ host: 'pc-10', ago: 3600 }, { name: 'elsewhere' }),
      removed('running_processes_windows_sophos', pc, { name: 'ended.exe', time: Date.parse(timeAgo(3600)) / 1000 }),
      added('windows_programs', pc, { name: 'not an action' }),
    ],
    rows: [
      { happened_at: timeAgo(4200), username: 'at the first moment' },
      { happened_at: timeAgo(3900), what: 'logon', username: 'bjorn', remote_address: '10.0.0.9' },
      { happened_at: timeAgo(3600), what: 'program started', name: 'cmd.exe', detail: 'cmd /c a', hostname: 'PC-1' },
      { happened_at: timeAgo(3500), what: 'connection', remote_address: '203.0.113.66', remote_port: 8443 },
      { happened_at: timeAgo(3400), what: 'connection closed', detail: 'cmd' },
      { happened_at: timeAgo(3300), what: 'program started', name: 'late.exe' },
      { happened_at: timeAgo(3200), what: 'account', username: 'helper' },
      { happened_at: timeAgo(3100), what: 'start-up item', name: 'Updater', detail: 'C:\\u.exe' },
    ],
  },
]
