-- name: Scheduled tasks created
-- id: 2d746399-b042-46a6-81eb-4fad665d0fc6
-- category: persistence lateralMovement
-- attack: T1053.005 T1053.003 T1053.002
-- variable: device text deviceName = %
--
-- Finds commands that create or change scheduled tasks, cron jobs, timers or at jobs.
--
-- A hit means that a command will run later without anybody at the keyboard. remote says that the task was made on
-- another machine.
--
-- Next: read what the task runs; a task that runs PowerShell, or a program in a user's folder, is suspicious.

SELECT
  from_unixtime(time) AS started_at,
  coalesce(meta_hostname, host_identifier) AS hostname,
  endpoint_id,
  name,
  cmdline,
  regexp_like(cmdline, '(?i)schtasks\S*\s.*/s\s|-cimsession\s') AS remote,
  sha256
FROM xdr_data
WHERE query_name IN (
    'running_processes_windows_sophos', 'running_processes_linux_events', 'running_processes_osx_events'
  )
  AND osquery_action <> 'removed'
  AND regexp_like(
    cmdline,
    '(?i)(schtasks\S*\s.*/(create|change)|(register|new)-scheduledtask|(^|[\\/])at(\.exe)?\s+(\\\\\S+\s+)?\d{1,2}:\d\d'
    || '|crontab\s+(-e|-u|-\s*$|[^-\s])|((tee|cp|mv)\s+(\S+\s+)*|>\s*)/etc/cron|systemd-run\s.*--on-|systemctl\s+enable\s.*\.timer)'
  )
  AND lower(coalesce(meta_hostname, host_identifier)) LIKE lower('$$device$$')
ORDER BY time DESC
