-- name: Programs on few hosts
-- id: 2794485d-9233-45b0-aa20-f98fd9b76bc4
-- category: threatHunting
-- attack: T1204.002 T1036
-- variable: max_hosts integer = 1
-- variable: device text deviceName = %
--
-- Lists programs, by hash, that no more than max_hosts hosts of the fleet ran in the window. The device only narrows
-- what is shown: rarity is counted over all hosts.
--
-- A hit means that the file is unusual here. Developers' own builds and updates caught in the act are unusual too.
--
-- Next: judge the folder and the signature; sweep for the hash over a longer window.

WITH program AS (
  SELECT
    sha256,
    count(DISTINCT endpoint_id) AS hosts,
    count(*) AS executions,
    from_unixtime(min(time)) AS first_seen,
    array_join(array_sort(array_agg(DISTINCT lower(name))), ', ') AS names,
    array_join(array_sort(array_agg(DISTINCT path)), ', ') AS paths,
    array_sort(array_agg(DISTINCT coalesce(meta_hostname, host_identifier))) AS hostnames,
    max_by(cmdline, time) AS last_cmdline
  FROM xdr_data
  WHERE query_name IN (
    'running_processes_windows_sophos', 'running_processes_linux_events', 'running_processes_osx_events'
  )
    AND osquery_action <> 'removed'
    AND sha256 <> ''
  GROUP BY sha256
)
SELECT
  sha256, names, paths, hosts, executions, first_seen, array_join(hostnames, ', ') AS hostnames, last_cmdline
FROM program
WHERE hosts <= $$max_hosts$$
  AND any_match(hostnames, hostname -> lower(hostname) LIKE lower('$$device$$'))
ORDER BY hosts, first_seen DESC
