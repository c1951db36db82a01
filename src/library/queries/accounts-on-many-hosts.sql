-- name: One account on many hosts
-- id: 48bcf3bc-5ddc-49b9-85db-9b3bf331a95a
-- category: lateralMovement accounts
-- attack: T1021.001 T1021.002 T1078
-- variable: min_hosts integer = 5
--
-- Finds accounts that logged on over the network or by remote desktop to at least min_hosts hosts in the window, and from
-- where. Machine accounts and logons of a host to itself are left out.
--
-- A hit means that somebody moves about with this account. Administrators and scanners do: know theirs.
--
-- Next: see whether the source is the machine where the account belongs, and what ran on the hosts afterwards.

SELECT
  lower(target_username) AS username,
  count(DISTINCT endpoint_id) AS hosts,
  count(*) AS logons,
  array_join(slice(array_sort(array_agg(DISTINCT remote_address)), 1, 20), ', ') AS remote_addresses,
  array_join(slice(array_sort(array_agg(DISTINCT coalesce(meta_hostname, host_identifier))), 1, 50), ', ') AS hostnames,
  min(calendar_time) AS first_seen,
  max(calendar_time) AS last_seen
FROM xdr_data
WHERE query_name = 'windows_event_successful_logon'
  AND osquery_action <> 'removed'
  AND logon_type IN (3, 10)
  AND target_username NOT LIKE '%$'
  AND lower(target_username) <> 'anonymous logon'
  AND remote_address NOT IN ('', '-', '127.0.0.1', '::1')
GROUP BY lower(target_username)
HAVING count(DISTINCT endpoint_id) >= $$min_hosts$$
ORDER BY hosts DESC
