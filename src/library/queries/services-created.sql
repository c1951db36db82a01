-- name: Services created
-- id: 8f900f77-a9e7-43b2-b6a6-a8434ad7745f
-- category: persistence lateralMovement
-- attack: T1543.003 T1543.002 T1543.001 T1569.002
-- variable: device text deviceName = %
--
-- Finds commands that create or redirect a Windows service, enable a systemd unit or load a launch agent or daemon.
--
-- A hit means that a program was made to run in the background, often as SYSTEM or root. remote says that the service was
-- made on another machine, as remote-execution tools do.
--
-- Next: look at the program that the service runs, and at who was logged on.

SELECT
  from_unixtime(time) AS started_at,
  coalesce(meta_hostname, host_identifier) AS hostname,
  endpoint_id,
  name,
  cmdline,
  regexp_like(cmdline, '(?i)(^|[\\"/])sc(\.exe)?"?[ \t]+\\\\') AS remote,
  sha256
FROM xdr_data
WHERE query_name IN (
    'running_processes_windows_sophos', 'running_processes_linux_events', 'running_processes_osx_events'
  )
  AND osquery_action <> 'removed'
  AND regexp_like(
    cmdline,
    '(?i)((^|[\\"/])sc(\.exe)?"?[ \t]+(\\\\\S+\s+)?(create|config\s.*binpath)|new-service\s'
    || '|reg(\.exe)?"?[ \t]+add\s.*\\services\\|systemctl\s+(--now\s+)?enable\s|update-rc\.d\s|chkconfig\s.*\son'
    || '|launchctl\s+(load|bootstrap|enable))'
  )
  AND NOT regexp_like(cmdline, '(?i)systemctl\s+(--now\s+)?enable\s.*\.timer')
  AND lower(coalesce(meta_hostname, host_identifier)) LIKE lower('$$device$$')
ORDER BY time DESC
