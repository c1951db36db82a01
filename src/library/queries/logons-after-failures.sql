-- name: Logons after failures
-- id: 1f47cc3e-4d69-442c-83d8-c5e3b977c465
-- category: accounts lateralMovement
-- attack: T1110 T1078
-- variable: min_failures integer = 5
--
-- Finds accounts that logged on from a source which had failed to log on as the same account at least min_failures times,
-- no later than an hour after its last failure.
--
-- A hit means that a password was guessed, or that its owner had trouble typing it; the number of failures tells.
--
-- Next: disable the account if its owner cannot explain it, and list its logons since.

WITH failed AS (
  SELECT
    remote_address,
    lower(target_username) AS account,
    count(*) AS failures,
    min(calendar_time) AS first_failure,
    max(calendar_time) AS last_failure
  FROM xdr_data
  WHERE query_name = 'windows_event_invalid_logon_brute_force'
    AND osquery_action <> 'removed'
    AND remote_address NOT IN ('', '-')
  GROUP BY remote_address, lower(target_username)
  HAVING count(*) >= $$min_failures$$
)
SELECT
  min(logon.calendar_time) AS logged_on_at,
  coalesce(logon.meta_hostname, logon.host_identifier) AS hostname,
  logon.endpoint_id,
  failed.account AS username,
  failed.remote_address,
  logon.logon_type,
  failed.failures,
  failed.first_failure,
  failed.last_failure
FROM xdr_data AS logon
JOIN failed ON lower(logon.target_username) = failed.account AND logon.remote_address = failed.remote_address
WHERE logon.query_name = 'windows_event_successful_logon'
  AND logon.osquery_action <> 'removed'
  AND logon.calendar_time >= failed.first_failure
  AND logon.calendar_time <= failed.last_failure + INTERVAL '1' HOUR
GROUP BY coalesce(logon.meta_hostname, logon.host_identifier), logon.endpoint_id, failed.account,
  failed.remote_address, logon.logon_type, failed.failures, failed.first_failure, failed.last_failure
ORDER BY logged_on_at DESC
