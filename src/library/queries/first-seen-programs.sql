-- name: Programs new to the fleet
-- id: a8b55bd6-28a1-4544-a6aa-32f229af903d
-- category: threatHunting
-- attack: T1204.002 T1105
-- variable: hours integer = 24
--
-- Lists programs, by hash, that no host reported before the last hours of the window. Run it over a long window: the
-- longer, the fewer false alarms.
--
-- A hit means that the file is new here. After a patch day that is normal for many; on a quiet day it is not.
--
-- Next: sort out signed updates, then see where the rest came from with the timeline of the first host.

SELECT
  sha256,
  array_join(array_sort(array_agg(DISTINCT lower(name))), ', ') AS names,
  min_by(path, calendar_time) AS path,
  min(calendar_time) AS first_reported,
  min_by(coalesce(meta_hostname, host_identifier), calendar_time) AS first_hostname,
  count(DISTINCT endpoint_id) AS hosts,
  min_by(cmdline, calendar_time) AS first_cmdline
FROM xdr_data
WHERE query_name IN (
    'running_processes_windows_sophos', 'running_processes_linux_events', 'running_processes_osx_events'
  )
  AND osquery_action <> 'removed'
  AND sha256 <> ''
GROUP BY sha256
HAVING min(calendar_time) >= now() - INTERVAL '$$hours$$' HOUR
ORDER BY first_reported DESC
