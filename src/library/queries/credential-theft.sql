-- name: Commands that steal credentials
-- id: 290316e6-17ea-4106-827a-56ceaeefe9e7
-- category: threatHunting accounts
-- attack: T1003.001 T1003.002 T1003.003 T1003.008
-- variable: device text deviceName = %
--
-- Finds command lines that read the memory of lsass, save the SAM and SECURITY hives, copy the directory database or
-- read shadow passwords.
--
-- A hit means that somebody tried to collect passwords or their hashes. Backup software rarely has these shapes.
--
-- Next: assume that every account that was logged on to the host is known to the attacker, and change its password.

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
    '(?i)(procdump\S*\s.*lsass|comsvcs\S*.*(minidump|#\+?24)|sekurlsa|lsadump|mimikatz'
    || '|reg(\.exe)?"?\s+save\s+"?hk(lm|ey_local_machine)\\(sam|security|system)'
    || '|ntdsutil.*(ifm|create\s+full)|vssadmin.*create\s+shadow|\\ntds\.dit|laz(agne|y)\S*\s+all'
    || '|(cat|cp|less|base64|unshadow)\s+(\S+\s+)*/etc/(g?shadow|master\.passwd))'
  )
  AND lower(coalesce(meta_hostname, host_identifier)) LIKE lower('$$device$$')
ORDER BY time DESC
