-- name: What starts with Windows
-- id: 1f57826d-a697-4654-8cdf-640679164e79
-- category: persistence
-- attack: T1547.001 T1547.009
-- variable: path text filePath = %
-- variable: source text registryKey = %
-- variable: max_hosts integer = 5
--
-- Lists programs that start with Windows or with a user's session on no more than max_hosts hosts, by path and by where
-- they are registered. Run it over at least a day: the inventory is taken twice a day.
--
-- A hit means that few hosts start this program. Malware that survives a restart is usually here or in tasks and
-- services.
--
-- Next: look the path up among the programs that ran, for its hash and parent.

SELECT
  name,
  path,
  args,
  source,
  count(DISTINCT endpoint_id) AS hosts,
  array_join(array_sort(array_agg(DISTINCT coalesce(meta_hostname, host_identifier))), ', ') AS hostnames,
  array_join(array_sort(array_agg(DISTINCT username)), ', ') AS usernames,
  max(calendar_time) AS last_reported
FROM xdr_data
WHERE query_name = 'windows_startup_items'
  AND osquery_action <> 'removed'
  AND lower(path) LIKE lower('$$path$$')
  AND lower(source) LIKE lower('$$source$$')
GROUP BY name, path, args, source
HAVING count(DISTINCT endpoint_id) <= $$max_hosts$$
ORDER BY hosts, last_reported DESC
