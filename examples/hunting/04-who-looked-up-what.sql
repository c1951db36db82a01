-- Who looked up what
-- Names looked up, joined with the process behind each: the lookups carry lists of process ids.
WITH lookups AS (
  SELECT domain, new_pid, meta_hostname
  FROM xdr_data
  CROSS JOIN UNNEST(SPLIT(sophos_pids, ',')) AS t (new_pid)
  WHERE query_name = 'sophos_urls_windows'
)
SELECT lookups.domain, process.name, COUNT(*) AS lookups, COUNT(DISTINCT lookups.meta_hostname) AS hosts
FROM lookups
JOIN xdr_data process ON process.sophos_pid = lookups.new_pid AND process.meta_hostname = lookups.meta_hostname
WHERE process.query_name = 'running_processes_windows_sophos'
GROUP BY lookups.domain, process.name
HAVING COUNT(*) >= 2
ORDER BY 3 DESC, 1, 2
