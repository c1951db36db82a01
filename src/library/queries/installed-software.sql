-- name: Installed software
-- id: 082621c3-da35-4c4a-9c7c-aa7a02c9721e
-- category: inventory
-- attack: M1033 M1051
-- variable: program text = %
-- variable: publisher text = %
--
-- Lists programs and versions installed on Windows, with the hosts that have them, as of the last inventory of each host.
--
-- A hit answers "who has it, and which version": when a vulnerability is announced, or when licences are counted.
--
-- Next: update the hosts with old versions; ask about programs that one host alone has.

WITH reported AS (
  SELECT
    coalesce(meta_hostname, host_identifier) AS hostname,
    endpoint_id, name, version, publisher, osquery_action, calendar_time,
    max(calendar_time) OVER (PARTITION BY endpoint_id) AS last_report,
    row_number() OVER (
      PARTITION BY endpoint_id, name, version ORDER BY calendar_time DESC, osquery_action
    ) AS age
  FROM xdr_data
  WHERE query_name = 'windows_programs'
)
SELECT
  name,
  version,
  publisher,
  count(DISTINCT endpoint_id) AS hosts,
  array_join(array_sort(array_agg(DISTINCT hostname)), ', ') AS hostnames,
  max(calendar_time) AS last_reported
FROM reported
WHERE age = 1
  AND (osquery_action = 'added' OR (osquery_action = 'snapshot' AND calendar_time = last_report))
  AND lower(name) LIKE lower('$$program$$')
  AND lower(coalesce(publisher, '')) LIKE lower('$$publisher$$')
GROUP BY name, version, publisher
ORDER BY name, version
