-- name: Sweep for domains and URLs
-- id: 30c4c36e-f6e3-4bc3-a55d-913addbc0e3e
-- category: indicators network
-- attack: T1071.001 T1071.004 T1105
-- variable: domains text url
--
-- Looks for domain names among the names that hosts looked up and inside command lines. Entries are separated by commas,
-- spaces or new lines; of a URL only the domain counts, and a domain stands for its subdomains too.
--
-- A hit means that a host looked the name up, or that a program was told to go there.
--
-- Next: find the program behind the lookup (pids), and sweep for the hashes of what it fetched.

WITH wanted (domain) AS (
  SELECT DISTINCT regexp_extract(lower(entry), '^(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?([a-z0-9._-]+)', 1)
  FROM UNNEST(regexp_extract_all('$$domains$$', '[^\s,;]+')) AS listed (entry)
),
looked_up AS (
  SELECT
    'looked up' AS how, lower(domain) AS evidence, coalesce(meta_hostname, host_identifier) AS hostname, endpoint_id,
    pids, calendar_time
  FROM xdr_data
  WHERE query_name = 'sophos_urls_windows' AND osquery_action <> 'removed'
),
told AS (
  SELECT
    'command line' AS how, cmdline AS evidence, coalesce(meta_hostname, host_identifier) AS hostname, endpoint_id,
    coalesce(CAST(pid AS varchar), pids) AS pids, calendar_time
  FROM xdr_data
  WHERE query_name IN (
    'running_processes_windows_sophos', 'running_processes_linux_events', 'running_processes_osx_events'
  )
    AND osquery_action <> 'removed'
)
SELECT wanted.domain, how, evidence, hostname, endpoint_id, pids, calendar_time
FROM looked_up
JOIN wanted ON evidence = wanted.domain OR evidence LIKE '%.' || wanted.domain
UNION ALL
SELECT wanted.domain, how, evidence, hostname, endpoint_id, pids, calendar_time
FROM told
JOIN wanted ON regexp_like(
  lower(evidence),
  '(^|[^a-z0-9-])' || replace(wanted.domain, '.', '\.') || '($|[^a-z0-9.-])'
)
ORDER BY calendar_time
