import { type ShippedQuery, sophosPidSql } from './shipped-query.ts'

// What Windows hosts report beside events.

const hour = 3_600

/**
 * Only processes that have started since the query's last execution, with a minute to spare: the joins are what costs,
 * and a process whose parent ends would otherwise be reported once more without it. `osquery_schedule` knows no
 * execution after a start of the agent, so then all that runs is reported.
 */
const startedSince = `coalesce(
  (SELECT max(last_executed) FROM osquery_schedule WHERE name LIKE '%running_processes_windows_sophos'), 0) - 60`

const fileOptions = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Image File Execution Options'

const keysOfAccessibility = ['sethc', 'utilman', 'osk', 'magnify', 'narrator', 'displayswitch', 'atbroker'].map(
  program => `'${fileOptions}\\${program}.exe'`,
)

const suspiciousWords = [
  ...['FromBase64String', 'DownloadString', 'DownloadFile', 'EncodedCommand', 'Invoke-Expression', 'Mimikatz'],
  ...['AmsiUtils', 'AmsiScanBuffer', 'VirtualAlloc', 'Reflection.Assembly', 'MiniDumpWriteDump', 'Set-MpPreference'],
]

export const windowsHosts: readonly ShippedQuery[] = [
  {
    name: 'running_processes_windows_sophos',
    platform: 'windows',
    intervalSeconds: 60,
    kind: 'differences',
    description: 'The start of a process; after a start of the agent, everything that runs',
    cost:
      'one pass over all processes; hash, signature and version of a program only when a process of it has started. ' +
      'Rows: 200 to 400 at first, then each start that lives to the next minute',
    sql: `SELECT p.name, p.path, p.cmdline, p.pid, p.parent, p.uid, p.gid,
  (SELECT username FROM users WHERE users.uid = p.uid LIMIT 1) AS username,
  p.start_time AS time, h.sha1, h.sha256, f.size AS file_size, f.original_filename, f.file_version,
  CASE WHEN a.result IN ('trusted', 'valid') THEN '1' WHEN a.result IS NOT NULL THEN '0' END AS is_process_file_signed,
  ${sophosPidSql('p')} AS sophos_pid, ${sophosPidSql('parent')} AS parent_sophos_pid,
  parent.name AS parent_name, parent.path AS parent_path, parent.cmdline AS parent_cmdline
FROM processes AS p
LEFT JOIN processes AS parent ON parent.pid = p.parent AND parent.start_time <= p.start_time
LEFT JOIN file AS f ON f.path = p.path
LEFT JOIN hash AS h ON h.path = p.path
LEFT JOIN authenticode AS a ON a.path = p.path
WHERE p.start_time > ${startedSince}`,
  },
  {
    name: 'sophos_urls_windows',
    platform: 'windows',
    intervalSeconds: 300,
    kind: 'events',
    description: 'A domain that was looked up, with the processes that did and when',
    cost: 'reads the look-ups since the last time; a row a domain, not a look-up',
    needs: 'an osquery 5 late enough to have dns_lookup_events',
    sql: `SELECT d.name AS domain, group_concat(DISTINCT d.pid) AS pids, group_concat(d.time) AS timestamps,
  group_concat(DISTINCT ${sophosPidSql('p')}) AS sophos_pids
FROM dns_lookup_events AS d
LEFT JOIN (SELECT DISTINCT pid, start_time FROM processes) AS p ON p.pid = d.pid AND p.start_time <= d.time
WHERE d.name <> ''
GROUP BY d.name`,
  },
  {
    name: 'windows_programs',
    platform: 'windows',
    intervalSeconds: 24 * hour,
    kind: 'snapshot',
    description: 'An installed program',
    cost: 'reads the registry, under a second; 30 to 300 rows a day',
    sql: `SELECT name, version, publisher, install_date, install_location, install_source, language, identifying_number
FROM programs`,
  },
  {
    name: 'windows_updates_patch',
    platform: 'windows',
    intervalSeconds: 24 * hour,
    kind: 'snapshot',
    description: 'An installed update',
    cost: 'asks WMI, a few seconds; 5 to 30 rows a day',
    sql: 'SELECT hotfix_id, caption, description, installed_by, installed_on, csname, fix_comments FROM patches',
  },
  {
    name: 'windows_startup_items',
    platform: 'windows',
    intervalSeconds: 12 * hour,
    kind: 'snapshot',
    description: 'A program that starts with the machine or a session',
    cost: 'reads the registry and folders; 5 to 50 rows each time',
    sql: 'SELECT name, path, args, type, source, status, username FROM startup_items',
  },
  {
    name: 'disk_encryption_windows',
    platform: 'windows',
    intervalSeconds: 12 * hour,
    kind: 'snapshot',
    description: 'A drive and how it is encrypted',
    cost: 'asks WMI, under a second; a row a drive',
    sql: `SELECT drive_letter, device_id AS drive_device_id, persistent_volume_id, conversion_status, protection_status,
  encryption_method, version, percentage_encrypted, lock_status
FROM bitlocker_info`,
  },
  {
    name: 'access_productivity_documents',
    platform: 'windows',
    intervalSeconds: hour,
    kind: 'differences',
    description: 'A document that was opened in Office',
    cost: 'reads the registry of each user and hashes the documents; few rows',
    sql: `SELECT m.path, h.sha256, m.application AS app, m.sid, m.last_opened_time AS time
FROM office_mru AS m
LEFT JOIN hash AS h ON h.path = m.path`,
  },
  {
    name: 'threat_stickykeys_registry_backdoor',
    platform: 'windows',
    intervalSeconds: hour,
    kind: 'differences',
    description: 'A debugger on a program of the logon screen: whoever sits there gets a shell',
    cost: `reads ${keysOfAccessibility.length} keys of the registry; normally no rows`,
    sql: `SELECT key, name, data, mtime FROM registry
WHERE name = 'Debugger' AND key IN (
  ${keysOfAccessibility.join(',\n  ')})`,
  },
  {
    name: 'windows_event_consumers',
    platform: 'windows',
    intervalSeconds: hour,
    kind: 'differences',
    description: 'A consumer of WMI events: a command or script that Windows runs when something happens',
    cost: 'asks WMI, under a second; one or two rows at first',
    sql: `SELECT name, 'command' AS type, executable_path AS path, command_line_template AS cmdline, NULL AS data
FROM wmi_cli_event_consumers
UNION ALL
SELECT name, scripting_engine AS type, script_file_name AS path, NULL AS cmdline, script_text AS data
FROM wmi_script_event_consumers`,
  },
  {
    name: 'windows_powershell_logging_suspicious_keywords',
    platform: 'windows',
    intervalSeconds: 300,
    kind: 'events',
    description: 'A script of PowerShell with a word that attackers need, its first 8,192 characters',
    cost: 'reads the scripts since the last time; few rows, some of 8 KB',
    needs: 'logging of script blocks, by policy',
    sql: `SELECT time, script_name AS name, script_path, substr(script_text, 1, 8192) AS data
FROM powershell_events
WHERE ${suspiciousWords.map(word => `script_text LIKE '%${word}%'`).join('\n  OR ')}`,
  },
]
