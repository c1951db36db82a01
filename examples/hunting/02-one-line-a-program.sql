-- One line a program
-- Every program of the Windows hosts outside C:\Windows and C:\Program Files, with the hosts and users that ran it.
SELECT
  LOWER(name) AS program,
  COUNT(*) AS starts,
  COUNT(DISTINCT meta_hostname) AS hosts,
  ARRAY_JOIN(ARRAY_SORT(ARRAY_AGG(DISTINCT username)), CHR(10)) AS users,
  DATE_FORMAT(FROM_UNIXTIME(MIN(time)), '%Y-%m-%d %H:%i:%s') first_start,
  SUBSTR(MAX(sha256), 1, 12) AS hash_begins
FROM XDR_DATA
WHERE query_name = 'running_processes_windows_sophos'
  AND LOWER(path) NOT LIKE 'c:\windows\%'
  AND LOWER(path) NOT LIKE 'c:\program files%'
GROUP BY 1
ORDER BY hosts, program
