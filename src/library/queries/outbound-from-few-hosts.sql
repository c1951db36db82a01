-- name: Programs with unusual connections
-- id: 853ba29a-0092-4fb4-86cf-c59ff3693366
-- category: network threatHunting
-- attack: T1071 T1095 T1571
-- variable: max_hosts integer = 1
--
-- Lists programs that were connected to addresses on the Internet on no more than max_hosts hosts of the fleet.
--
-- A hit means that the program is alone in calling out. New malware is; so is a tool that only one person uses.
--
-- Next: sweep for the addresses, and find out what started the program.

SELECT
  lower(name) AS process_name,
  array_join(array_sort(array_agg(DISTINCT path)), ', ') AS paths,
  count(DISTINCT endpoint_id) AS hosts,
  array_join(array_sort(array_agg(DISTINCT coalesce(meta_hostname, host_identifier))), ', ') AS hostnames,
  count(DISTINCT remote_address) AS addresses,
  array_join(
    slice(array_sort(array_agg(DISTINCT remote_address || ' port ' || CAST(remote_port AS varchar))), 1, 20), ', '
  ) AS remotes,
  min(calendar_time) AS first_seen,
  max(calendar_time) AS last_seen
FROM xdr_data
WHERE query_name = 'open_sockets'
  AND osquery_action <> 'removed'
  AND remote_port > 0
  AND name <> ''
  AND NOT regexp_like(
    remote_address,
    '(?i)^$|^(::ffff:)?(0|10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01])|22[4-9]|23\d)\.|^(::1?$|fe80:|f[cd]|ff)'
  )
GROUP BY lower(name)
HAVING count(DISTINCT endpoint_id) <= $$max_hosts$$
ORDER BY hosts, first_seen DESC
