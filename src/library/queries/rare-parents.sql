-- name: Unusual parents of programs
-- id: 21728ea0-272e-42d7-b06a-6c343df6c2de
-- category: threatHunting
-- attack: T1055 T1059 T1204.002
-- variable: max_hosts integer = 1
-- variable: max_starts integer = 3
--
-- Lists pairs of parent and child program that the fleet hardly ever shows: on no more than max_hosts hosts and no more
-- than max_starts times in the window.
--
-- A hit means that something started a program it usually does not start: a document a shell, a web server a command.
--
-- Next: read the command lines of both; then look at the parent's own parent with the process family.

SELECT
  lower(parent_name) AS parent_name,
  lower(name) AS process_name,
  count(*) AS starts,
  count(DISTINCT endpoint_id) AS hosts,
  from_unixtime(max(time)) AS last_started,
  max_by(coalesce(meta_hostname, host_identifier), time) AS hostname,
  max_by(username, time) AS username,
  max_by(parent_cmdline, time) AS parent_cmdline,
  max_by(cmdline, time) AS cmdline
FROM xdr_data
WHERE query_name = 'running_processes_windows_sophos'
  AND osquery_action <> 'removed'
  AND parent_name <> ''
GROUP BY lower(parent_name), lower(name)
HAVING count(DISTINCT endpoint_id) <= $$max_hosts$$ AND count(*) <= $$max_starts$$
ORDER BY starts, last_started DESC
