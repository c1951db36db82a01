-- name: Logons of an account
-- id: c9a3fdc6-706d-406b-8956-47b13fd1a31a
-- category: accounts investigation
-- attack: T1078
-- variable: username text username
--
-- Lists where an account logged on, or failed to, by host, source and type of logon. % in the name stands for any text.
--
-- The rows are not alarms: a source or a host that is new for the account is what to look for.
--
-- Next: sweep for the source address; open the timeline of the host around the first logon.

SELECT
  lower(target_username) AS username,
  coalesce(meta_hostname, host_identifier) AS hostname,
  endpoint_id,
  CASE query_name WHEN 'windows_event_successful_logon' THEN 'logged on' ELSE 'failed' END AS result,
  CASE logon_type
    WHEN 2 THEN 'interactive'
    WHEN 3 THEN 'network'
    WHEN 4 THEN 'batch'
    WHEN 5 THEN 'service'
    WHEN 7 THEN 'unlock'
    WHEN 8 THEN 'network, password in clear'
    WHEN 9 THEN 'other credentials'
    WHEN 10 THEN 'remote desktop'
    WHEN 11 THEN 'cached'
    ELSE 'other'
  END AS logon,
  remote_address,
  count(*) AS times,
  min(calendar_time) AS first_seen,
  max(calendar_time) AS last_seen
FROM xdr_data
WHERE query_name IN ('windows_event_successful_logon', 'windows_event_invalid_logon_brute_force')
  AND osquery_action <> 'removed'
  AND lower(target_username) LIKE lower('$$username$$')
GROUP BY lower(target_username), coalesce(meta_hostname, host_identifier), endpoint_id, query_name, logon_type,
  remote_address
ORDER BY first_seen
