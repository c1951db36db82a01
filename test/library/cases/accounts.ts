import { added, failedLogon, logon, timeAgo, times } from '../agent-lines.ts'
import type { CannedCase } from '../canned-case.ts'

const pc = { host: 'PC-1', ago: 3600 }
const other = { host: 'PC-2', ago: 1800 }

function accountChange(origin: typeof pc, columns: Readonly<Record<string, string | number>>): string {
  return added('windows_event_user_account_changed', origin, {
    ...{ eventid: 4720, target_username: 'newbie', target_domain: 'PC', subject_username: 'amara' },
    ...{ subject_domain: 'CORP', ...columns },
  })
}

export const accountCases: readonly CannedCase[] = [
  {
    code: 'account-changes',
    given: { username: 'NEWBIE' },
    reads: 'eventid subject_domain subject_username target_domain target_username',
    hits: [
      accountChange(pc, {}),
      accountChange(other, { eventid: 4732 }),
      accountChange(other, { eventid: 4724, subject_username: 'Newbie', target_username: 'boss' }),
    ],
    misses: [accountChange(pc, { target_username: 'newbie2' }), logon(pc, { target_username: 'newbie' })],
    rows: [
      {
        calendar_time: timeAgo(3600),
        hostname: 'PC-1',
        eventid: 4720,
        change: 'created',
        target_domain: 'PC',
        target_username: 'newbie',
        subject_domain: 'CORP',
        subject_username: 'amara',
      },
      { hostname: 'PC-2', change: 'added to a local group' },
      { hostname: 'PC-2', change: 'password reset', subject_username: 'Newbie', target_username: 'boss' },
    ],
  },
  {
    code: 'logons-of-account',
    given: { username: 'amara' },
    reads: 'logon_type remote_address target_username',
    hits: [
      logon(pc, { target_username: 'Amara' }),
      logon({ ...pc, ago: 60 }, {}),
      logon(other, { logon_type: 10, remote_address: '203.0.113.9' }),
      failedLogon(other, { logon_type: 2, remote_address: '-' }),
    ],
    misses: [logon(pc, { target_username: 'amara2' }), failedLogon(pc, { target_username: 'bjorn' })],
    rows: [
      {
        username: 'amara',
        hostname: 'PC-1',
        result: 'logged on',
        logon: 'network',
        remote_address: '10.0.0.9',
        times: 2,
        first_seen: timeAgo(3600),
        last_seen: timeAgo(60),
      },
      { hostname: 'PC-2', result: 'logged on', logon: 'remote desktop', remote_address: '203.0.113.9' },
      { hostname: 'PC-2', result: 'failed', logon: 'interactive', remote_address: '-' },
    ],
  },
  {
    code: 'failed-logons',
    given: { min_failures: '6' },
    reads: 'remote_address target_username',
    hits: [
      ...times(6, nth => failedLogon({ ...pc, ago: 3600 - nth }, { remote_address: '203.0.113.9' })),
      ...times(6, nth =>
        failedLogon(
          { ...(nth % 2 ? pc : other), counter: nth },
          { remote_address: '10.1.1.1', target_username: `u${nth % 5}` },
        ),
      ),
    ],
    misses: [
      ...times(5, nth => failedLogon({ ...pc, ago: 3600 - nth }, { remote_address: '198.51.100.7' })),
      ...times(9, nth => logon({ ...pc, ago: 3600 - nth }, { remote_address: '198.51.100.7' })),
    ],
    rows: [
      {
        remote_address: '203.0.113.9',
        failures: 6,
        accounts: 1,
        hosts: 1,
        pattern: 'few accounts: guessing',
        usernames: 'amara',
        hostnames: 'PC-1',
        first_seen: timeAgo(3600),
        last_seen: timeAgo(3595),
      },
      {
        remote_address: '10.1.1.1',
        failures: 6,
        accounts: 5,
        hosts: 2,
        pattern: 'many accounts: spraying',
        usernames: 'u0, u1, u2, u3, u4',
        hostnames: 'PC-1, PC-2',
      },
    ],
  },
  {
    code: 'logons-after-failures',
    given: { min_failures: '3' },
    reads: 'logon_type remote_address target_username',
    hits: [
      // The last moment: an hour after the last failure.
      ...times(3, nth => failedLogon({ ...pc, ago: 7200 - nth }, { remote_address: '203.0.113.9' })),
      logon({ ...other, ago: 3598 }, { target_username: 'AMARA', remote_address: '203.0.113.9', logon_type: 10 }),
    ],
    misses: [
      // Too few failures.
      ...times(2, nth => failedLogon({ ...pc, ago: 3600 - nth }, { remote_address: '198.51.100.7' })),
      logon({ ...pc, ago: 3000 }, { remote_address: '198.51.100.7' }),
      // Before the first, and more than an hour after the last.
      ...times(3, nth => failedLogon({ ...pc, ago: 9000 - nth }, { remote_address: '10.1.1.1' })),
      logon({ ...pc, ago: 9100 }, { remote_address: '10.1.1.1' }),
      logon({ ...pc, ago: 5000 }, { remote_address: '10.1.1.1' }),
      // Another account.
      ...times(3, nth => failedLogon({ ...pc, ago: 3600 - nth }, { remote_address: '10.2.2.2' })),
      logon({ ...pc, ago: 3000 }, { remote_address: '10.2.2.2', target_username: 'bjorn' }),
      // No address.
      ...times(3, nth => failedLogon({ ...pc, ago: 3600 - nth }, { remote_address: '-' })),
      logon({ ...pc, ago: 3000 }, { remote_address: '-' }),
    ],
    rows: [
      {
        logged_on_at: timeAgo(3598),
        hostname: 'PC-2',
        username: 'amara',
        remote_address: '203.0.113.9',
        logon_type: 10,
        failures: 3,
        first_failure: timeAgo(7200),
        last_failure: timeAgo(7198),
      },
    ],
  },
  {
    code: 'accounts-on-many-hosts',
    given: { min_hosts: '3' },
    reads: 'logon_type remote_address target_username',
    hits: [
      logon({ host: 'PC-1', ago: 3600 }, { target_username: 'Admin' }),
      logon({ host: 'PC-2', ago: 3000 }, { target_username: 'admin', logon_type: 10 }),
      logon({ host: 'PC-3', ago: 2000 }, { target_username: 'admin', remote_address: '10.0.0.8' }),
    ],
    misses: [
      ...times(2, nth => logon({ host: `PC-${nth}`, ago: 100 }, {})),
      ...times(4, nth => logon({ host: `PC-${nth}`, ago: 100 }, { target_username: 'SRV$' })),
      ...times(4, nth => logon({ host: `PC-${nth}`, ago: 100 }, { target_username: 'svc', logon_type: 5 })),
      ...times(4, nth => logon({ host: `PC-${nth}`, ago: 100 }, { target_username: 'self', remote_address: '::1' })),
      ...times(4, nth => logon({ host: `PC-${nth}`, ago: 100 }, { target_username: 'ANONYMOUS LOGON' })),
    ],
    rows: [
      {
        username: 'admin',
        hosts: 3,
        logons: 3,
        remote_addresses: '10.0.0.8, 10.0.0.9',
        hostnames: 'PC-1, PC-2, PC-3',
        first_seen: timeAgo(3600),
        last_seen: timeAgo(2000),
      },
    ],
  },
]
