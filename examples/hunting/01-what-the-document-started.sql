-- What the document started
-- Everything below a Word process, to any depth: who started whom, and with which command line.
WITH RECURSIVE family (depth, sophos_pid, parent_name, name, cmdline, started_at, hostname) AS (
  SELECT 0, sophos_pid, parent_name, name, cmdline, from_unixtime(time), meta_hostname
  FROM xdr_data
  WHERE query_name = 'running_processes_windows_sophos' AND lower(name) = 'winword.exe'
  UNION ALL
  SELECT family.depth + 1, child.sophos_pid, child.parent_name, child.name, child.cmdline, from_unixtime(child.time),
    child.meta_hostname
  FROM xdr_data AS child
  JOIN family ON child.parent_sophos_pid = family.sophos_pid AND child.meta_hostname = family.hostname
  WHERE child.query_name = 'running_processes_windows_sophos'
)
SELECT hostname, started_at, depth, parent_name, name, cmdline
FROM family
WHERE depth > 0
ORDER BY started_at, depth;
