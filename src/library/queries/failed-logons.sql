-- name: Many failed logons
-- id: 8037b2af-931a-481f-ae92-ea47fc6ea085
-- category: accounts
-- attack: T1110.001 T1110.003
-- variable: min_failures integer = 10
-- variable: address text ipAddress = %
--
-- Finds sources that failed to log on at least min_failures times, with the accounts and hosts they tried.
--
-- A hit means guessing: one account and many failures is a guessed password, many accounts with few failures each is
-- password spraying. A service with an old password looks like the former.
--
-- Next: check with "Logons after failures" whether one of the guesses was right.

SELECT
  remote_address,
  count(*) AS failures,
  count(DISTINCT lower(target_username)) AS accounts,
  count(DISTINCT endpoint_id) AS hosts,
  CASE
    WHEN count(DISTINCT lower(target_username)) >= 5 THEN 'many accounts: spraying'
    ELSE 'few accounts: guessing'
  END AS pattern,
  array_join(slice(array_sort(array_agg(DISTINCT lower(target_username))), 1, 20), ', ') AS usernames,
  array_join(slice(array_sort(array_agg(DISTINCT coalesce(meta_hostname, host_identifier))), 1, 20), ', ') AS hostnames,
  min(calendar_time) AS first_seen,
  max(calendar_time) AS last_seen
FROM xdr_data
WHERE query_name = 'windows_event_invalid_logon_brute_force'
  AND osquery_action <> 'removed'
  AND remote_address LIKE '$$address$$'
GROUP BY remote_address
HAVING count(*) >= $$min_failures$$
ORDER BY failures DESC
