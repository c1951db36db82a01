-- name: What a host did around a time
-- id: f0709516-23e1-48d1-bd33-e024b46f47b8
-- category: investigation
-- attack: T1059
-- variable: device text deviceName
-- variable: around dateTime
-- variable: minutes integer = 15
--
-- Lists what one host did some minutes before and after a time, in order: programs started, connections opened and
-- closed, logons, new accounts and start-up items. The window of the run must contain that time.
--
-- The rows say what happened. Read upwards from the alarm: its cause comes before it.
--
-- Next: pivot on hashes, addresses and accounts that you do not know.

WITH happened AS (
  SELECT
    CASE WHEN time > 0 THEN from_unixtime(time) ELSE calendar_time END AS happened_at,
    coalesce(meta_hostname, host_identifier) AS hostname,
    endpoint_id,
    CASE query_name
      WHEN 'open_sockets' THEN CASE osquery_action WHEN 'removed' THEN 'connection closed' ELSE 'connection' END
      WHEN 'windows_event_successful_logon' THEN 'logon'
      WHEN 'windows_event_invalid_logon_brute_force' THEN 'failed logon'
      WHEN 'windows_event_user_account_changed' THEN 'account changed'
      WHEN 'user_accounts' THEN CASE osquery_action WHEN 'removed' THEN 'account gone' ELSE 'account' END
      WHEN 'windows_startup_items' THEN 'start-up item'
      ELSE 'program started'
    END AS what,
    name,
    coalesce(cmdline, path) AS detail,
    coalesce(username, target_username) AS username,
    remote_address,
    remote_port,
    sha256
  FROM xdr_data
  WHERE (
      query_name IN (
        'running_processes_windows_sophos', 'running_processes_linux_events', 'running_processes_osx_events',
        'open_sockets', 'windows_event_successful_logon', 'windows_event_invalid_logon_brute_force',
        'windows_event_user_account_changed', 'user_accounts', 'windows_startup_items'
      )
    )
    AND NOT (query_name LIKE 'running_processes%' AND osquery_action = 'removed')
    AND lower(coalesce(meta_hostname, host_identifier)) LIKE lower('$$device$$')
)
SELECT happened_at, hostname, endpoint_id, what, name, detail, username, remote_address, remote_port, sha256
FROM happened
WHERE abs(date_diff('second', $$around$$, happened_at)) <= $$minutes$$ * 60
ORDER BY happened_at, what
