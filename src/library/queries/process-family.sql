-- name: A process, its parent and its children
-- id: 25ca0ebc-036e-49f9-b2ae-88f3060056e7
-- category: investigation
-- attack: T1059
-- variable: sophos_pid text sophosPid
--
-- Shows one process with the process that started it and those that it started, by the id that stays unique over
-- restarts (<pid>:<start time>).
--
-- The rows say what happened, not whether it was bad. A shell between a document and a download is the classic chain.
--
-- Next: pivot on a child's own id to go down the tree, on the parent's to go up.

SELECT
  CASE
    WHEN sophos_pid = '$$sophos_pid$$' THEN 'itself'
    WHEN parent_sophos_pid = '$$sophos_pid$$' THEN 'child'
    ELSE 'parent'
  END AS relation,
  from_unixtime(time) AS started_at,
  coalesce(meta_hostname, host_identifier) AS hostname,
  endpoint_id,
  name,
  cmdline,
  username,
  sha256,
  sophos_pid,
  parent_sophos_pid
FROM xdr_data
WHERE query_name = 'running_processes_windows_sophos'
  AND osquery_action <> 'removed'
  AND (
    sophos_pid = '$$sophos_pid$$'
    OR parent_sophos_pid = '$$sophos_pid$$'
    OR sophos_pid IN (
      SELECT parent_sophos_pid
      FROM xdr_data
      WHERE query_name = 'running_processes_windows_sophos'
        AND osquery_action <> 'removed'
        AND sophos_pid = '$$sophos_pid$$'
    )
  )
ORDER BY time
