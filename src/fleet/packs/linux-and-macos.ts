import type { ShippedQuery } from './shipped-query.ts'

// What Linux hosts and Macs report beside what every host does.

/** The last part of a path; osquery has a function for it, plain SQLite has not. */
function baseNameSql(path: string): string {
  return `replace(${path}, rtrim(${path}, replace(${path}, '/', '')), '')`
}

export const linuxHosts: readonly ShippedQuery[] = [
  {
    name: 'running_processes_linux_events',
    platform: 'linux',
    intervalSeconds: 300,
    kind: 'events',
    description: 'Starts of a program with one command line by one user, as many as there were since the last time',
    cost: 'each audit event a little, of kernel and agent; the agent keeps hashes. A row a command line',
    needs: 'the audit netlink: where auditd has it, one of both must give way',
    sql: `SELECT ${baseNameSql('e.path')} AS name, e.path, e.cmdline, e.pids, e.parents, e.uid, e.gid, e.euid, e.egid,
  e.time, h.sha1, h.sha256, e.event_count, e.event_timestamps, e.event_count > 1 AS folded
FROM (
  SELECT path, cmdline, uid, gid, euid, egid, min(time) AS time, group_concat(pid) AS pids,
    group_concat(parent) AS parents, count(*) AS event_count, group_concat(time) AS event_timestamps
  FROM process_events
  GROUP BY path, cmdline, uid, gid, euid, egid
) AS e
LEFT JOIN hash AS h ON h.path = e.path`,
  },
  {
    name: 'user_events_linux',
    platform: 'linux',
    intervalSeconds: 300,
    kind: 'events',
    description: 'What programs told the audit of the kernel about users: logons, su, sudo',
    cost: 'few events; a row each',
    needs: 'the audit netlink, as running_processes_linux_events',
    sql: 'SELECT time, uid, auid, pid, type, message, path, address, terminal FROM user_events',
  },
]

export const macHosts: readonly ShippedQuery[] = [
  {
    name: 'running_processes_osx_events',
    platform: 'darwin',
    intervalSeconds: 300,
    kind: 'events',
    description: 'The start of a program',
    cost: 'Endpoint Security tells the agent of each start; a row each, hashes are kept by the agent',
    needs: 'full disk access for osqueryd, which runs as root',
    sql: `SELECT ${baseNameSql('e.path')} AS name, e.path, e.cmdline, e.pid, e.parent,
  e.pid AS pids, e.parent AS parents, e.uid, e.gid, e.euid, e.egid, e.username, e.time, h.sha1, h.sha256
FROM es_process_events AS e
LEFT JOIN hash AS h ON h.path = e.path
WHERE e.event_type = 'exec'`,
  },
]
