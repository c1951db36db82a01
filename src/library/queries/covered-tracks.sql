-- name: Recovery and traces removed
-- id: 48711c21-44a9-42fe-b090-f5e7c90635ef
-- category: threatHunting
-- attack: T1490 T1070.001 T1070.003 T1562.001
-- variable: device text deviceName = %
--
-- Finds commands that delete shadow copies and backups, switch recovery or protection off, or clear logs and shell
-- history.
--
-- A hit means that somebody prepared to encrypt data or to leave unseen. Minutes may matter.
--
-- Next: cut the host off the network, then look for the same command line on other hosts.

SELECT
  from_unixtime(time) AS started_at,
  coalesce(meta_hostname, host_identifier) AS hostname,
  endpoint_id,
  name,
  cmdline,
  sha256
FROM xdr_data
WHERE query_name IN (
    'running_processes_windows_sophos', 'running_processes_linux_events', 'running_processes_osx_events'
  )
  AND osquery_action <> 'removed'
  AND regexp_like(
    cmdline,
    '(?i)(vssadmin\S*\s+(delete|resize)|wmic\S*\s+shadowcopy\s+delete|win32_shadowcopy.*(delete|remove)'
    || '|wbadmin\S*\s+delete|bcdedit\S*\s.*(recoveryenabled\s+no|ignoreallfailures)'
    || '|wevtutil\S*\s+(cl|clear-log)\s|clear-eventlog|fsutil\S*\s+usn\s+deletejournal'
    || '|set-mppreference.*disable|sc(\.exe)?\s+(stop|config|delete)\s+(windefend|sense)'
    || '|history\s+-c|(unset|ln\s+-sf?\s+/dev/null)\s+\S*hist|journalctl\s+--vacuum|setenforce\s+0)'
  )
  AND lower(coalesce(meta_hostname, host_identifier)) LIKE lower('$$device$$')
ORDER BY time DESC
