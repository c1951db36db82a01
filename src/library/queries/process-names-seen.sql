-- name: Sweep for process names
-- id: 34238b92-db67-4aed-a3b9-1bd912427d5d
-- category: indicators
-- attack: T1204.002 T1036.005
-- variable: names text
--
-- Looks for a list of program names, separated by commas or new lines, among everything that ran on any host. Letter
-- case does not matter; % in an entry stands for any text.
--
-- A hit means that a program of that name ran. A name proves little: an attacker may choose one.
--
-- Next: sweep for the hash of each hit, which finds the same file under other names.

WITH wanted (pattern) AS (
  SELECT DISTINCT lower(trim(pattern))
  FROM UNNEST(regexp_extract_all('$$names$$', '[^,;\r\n]+')) AS listed (pattern)
  WHERE trim(pattern) <> ''
)
SELECT
  wanted.pattern,
  lower(seen.name) AS process_name,
  seen.sha256,
  count(DISTINCT seen.endpoint_id) AS hosts,
  count(*) AS executions,
  from_unixtime(min(seen.time)) AS first_seen,
  array_join(array_sort(array_agg(DISTINCT coalesce(seen.meta_hostname, seen.host_identifier))), ', ') AS hostnames,
  array_join(array_sort(array_agg(DISTINCT seen.path)), ', ') AS paths
FROM xdr_data AS seen
JOIN wanted ON lower(seen.name) LIKE wanted.pattern
WHERE seen.query_name IN (
    'running_processes_windows_sophos', 'running_processes_linux_events', 'running_processes_osx_events'
  )
  AND seen.osquery_action <> 'removed'
GROUP BY wanted.pattern, lower(seen.name), seen.sha256
ORDER BY hosts, first_seen
