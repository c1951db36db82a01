-- name: System names in the wrong folder
-- id: c8d093fc-f71f-4f61-bea6-c32e8eea3e88
-- category: threatHunting
-- attack: T1036.005
-- variable: device text deviceName = %
--
-- Finds programs that bear the name of a Windows system process but do not lie in the folders of Windows.
--
-- A hit means that the name is a disguise: none of these programs has a legitimate copy elsewhere on a running system.
--
-- Next: treat the host as compromised until shown otherwise; sweep for the hash and for the address it connects to.

SELECT
  from_unixtime(time) AS started_at,
  coalesce(meta_hostname, host_identifier) AS hostname,
  endpoint_id,
  name,
  path,
  cmdline,
  sha256,
  parent_name,
  username
FROM xdr_data
WHERE query_name = 'running_processes_windows_sophos'
  AND osquery_action <> 'removed'
  AND regexp_like(
    name,
    '(?i)^(svchost|lsass|csrss|smss|wininit|winlogon|services|spoolsv|taskhostw|conhost|dllhost|userinit)\.exe$'
  )
  AND path <> ''
  AND NOT regexp_like(path, '(?i)^(\\\\\?\\)?([a-z]:|\\systemroot|\\device\\harddiskvolume\d+)?(\\windows)?\\(system32|syswow64|winsxs)\\')
  AND lower(coalesce(meta_hostname, host_identifier)) LIKE lower('$$device$$')
ORDER BY time DESC
