-- name: Executions of a program by name
-- id: 082c521a-6300-4e9d-8ce0-946ee70dc598
-- category: threatHunting
-- attack: T1059 T1204.002
-- variable: process_name text filePath
--
-- Lists every way a program was run: one row for each name, command line and hash, with the hosts that ran it and when
-- it was first seen. % in the name stands for any text.
--
-- A hit means that the program ran. One name with several hashes, or a command line that a single host has, is what to
-- look at first.
--
-- Next: pivot on the hash to see under which other names it ran, and on the host for what happened around that time.

SELECT
  from_unixtime(min(time)) AS first_seen,
  lower(name) AS process_name,
  cmdline AS cmd_line,
  array_join(array_sort(array_agg(DISTINCT coalesce(meta_hostname, host_identifier))), ', ') AS ep_list,
  sha256,
  count(*) AS executions
FROM xdr_data
WHERE query_name IN (
    'running_processes_windows_sophos', 'running_processes_linux_events', 'running_processes_osx_events'
  )
  AND osquery_action <> 'removed'
  AND lower(name) LIKE lower('$$process_name$$')
GROUP BY lower(name), cmdline, sha256
ORDER BY first_seen DESC
