-- name: State of updates
-- id: 022cf23f-e923-4ad7-9f97-aadc75428a98
-- category: inventory
-- attack: M1051
-- variable: days integer = 45
--
-- Lists Windows hosts whose latest update was installed more than so many days ago.
--
-- A hit means that the host misses at least one monthly round. It may be off, held back on purpose, or broken.
--
-- Next: see when the host last reported anything, and try the update by hand.

SELECT
  coalesce(max(meta_hostname), max(host_identifier)) AS hostname,
  endpoint_id,
  max(meta_os_name) AS os_name,
  max(meta_os_version) AS os_version,
  count(DISTINCT hotfix_id) AS updates,
  max(try(date_parse(installed_on, '%m/%d/%Y'))) AS latest_installed_on,
  date_diff('day', max(try(date_parse(installed_on, '%m/%d/%Y'))), max(calendar_time)) AS days_behind,
  max(calendar_time) AS last_report
FROM xdr_data
WHERE query_name = 'windows_updates_patch'
  AND osquery_action <> 'removed'
GROUP BY endpoint_id
HAVING date_diff('day', max(try(date_parse(installed_on, '%m/%d/%Y'))), max(calendar_time)) > $$days$$
ORDER BY latest_installed_on
