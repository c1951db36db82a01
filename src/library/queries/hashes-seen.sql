-- name: Sweep for file hashes
-- id: 1e1d28e6-cafd-4969-8118-4e381956d7d4
-- category: indicators
-- attack: T1204.002 T1105
-- variable: sha256 text sha256
--
-- Looks for SHA-256 and SHA-1 hashes among the programs that ran on any host. The list may be a whole report: everything
-- in it that looks like a hash is taken, whatever stands between.
--
-- A hit means that a file with that hash was executed on that host.
--
-- Next: isolate the host if the indicator is trusted, then open the timeline of the host around first_seen.

WITH wanted (hash) AS (
  SELECT DISTINCT lower(hash)
  FROM UNNEST(regexp_extract_all('$$sha256$$', '[0-9A-Fa-f]{40,64}')) AS listed (hash)
)
SELECT
  coalesce(meta_hostname, host_identifier) AS hostname,
  endpoint_id,
  name,
  path,
  sha256,
  sha1,
  count(*) AS executions,
  from_unixtime(min(time)) AS first_seen,
  from_unixtime(max(time)) AS last_seen,
  max_by(cmdline, time) AS last_cmdline
FROM xdr_data
WHERE query_name IN (
    'running_processes_windows_sophos', 'running_processes_linux_events', 'running_processes_osx_events'
  )
  AND osquery_action <> 'removed'
  AND (lower(sha256) IN (SELECT hash FROM wanted) OR lower(sha1) IN (SELECT hash FROM wanted))
GROUP BY coalesce(meta_hostname, host_identifier), endpoint_id, name, path, sha256, sha1
ORDER BY first_seen
