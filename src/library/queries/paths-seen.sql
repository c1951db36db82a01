-- name: Sweep for file paths
-- id: 9d5f0c19-2676-4ec9-b654-eedd4d5a98ab
-- category: indicators
-- attack: T1204.002 T1547.001
-- variable: paths text filePath
--
-- Looks for paths among the programs that ran, those that start with the system and those that listen on a port. Entries
-- are separated by commas or new lines; % stands for any text, so %\Temp\%.exe is an entry.
--
-- A hit means that the file ran on that host or is set to.
--
-- Next: compare the hash with a known good copy; a program in an unusual folder with a system's name is suspicious.

WITH wanted (pattern) AS (
  SELECT DISTINCT lower(trim(pattern))
  FROM UNNEST(regexp_extract_all('$$paths$$', '[^,;\r\n]+')) AS listed (pattern)
  WHERE trim(pattern) <> ''
)
SELECT
  wanted.pattern,
  coalesce(seen.meta_hostname, seen.host_identifier) AS hostname,
  seen.endpoint_id,
  seen.query_name,
  seen.name,
  seen.path,
  seen.sha256,
  count(*) AS times,
  min(seen.calendar_time) AS first_seen,
  max(seen.calendar_time) AS last_seen
FROM xdr_data AS seen
JOIN wanted ON lower(seen.path) LIKE wanted.pattern
WHERE seen.query_name IN (
    'running_processes_windows_sophos', 'running_processes_linux_events', 'running_processes_osx_events',
    'windows_startup_items', 'listening_ports'
  )
  AND seen.osquery_action <> 'removed'
GROUP BY wanted.pattern, coalesce(seen.meta_hostname, seen.host_identifier), seen.endpoint_id, seen.query_name,
  seen.name, seen.path, seen.sha256
ORDER BY first_seen
