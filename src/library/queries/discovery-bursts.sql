-- name: Bursts of discovery commands
-- id: 434c9ac1-552a-4c1c-a923-a1d5f8dc99d5
-- category: threatHunting
-- attack: T1033 T1082 T1016 T1018 T1087 T1069
-- variable: min_commands integer = 4
--
-- Finds ten minutes in which one host ran at least min_commands different programs that describe a system, its network
-- or its accounts.
--
-- A hit means that somebody, or a script, looked around. Inventory software does the same, but at fixed times and with
-- the same parents everywhere.
--
-- Next: read the commands in order and see what came directly before the first of them.

WITH asked AS (
  SELECT
    coalesce(meta_hostname, host_identifier) AS hostname,
    endpoint_id,
    time,
    cmdline,
    regexp_replace(lower(name), '\.exe$') AS program
  FROM xdr_data
  WHERE query_name IN (
    'running_processes_windows_sophos', 'running_processes_linux_events', 'running_processes_osx_events'
  )
    AND osquery_action <> 'removed'
)
SELECT
  from_unixtime(min(time)) AS first_command,
  from_unixtime(max(time)) AS last_command,
  hostname,
  endpoint_id,
  count(DISTINCT program) AS programs,
  array_join(array_agg(cmdline ORDER BY time), chr(10)) AS commands
FROM asked
WHERE program IN (
  'whoami', 'id', 'hostname', 'systeminfo', 'ver', 'ipconfig', 'ifconfig', 'ip', 'arp', 'route', 'netstat', 'ss',
  'nltest', 'net', 'net1', 'dsquery', 'adfind', 'nslookup', 'tasklist', 'quser', 'qwinsta', 'klist', 'uname', 'last',
  'w', 'who', 'getent', 'dscl', 'sw_vers', 'gpresult'
)
GROUP BY hostname, endpoint_id, time / 600
HAVING count(DISTINCT program) >= $$min_commands$$
ORDER BY first_command DESC
