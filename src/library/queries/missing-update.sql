-- name: Hosts without an update
-- id: d459118d-ca1e-4b7b-b772-cc8ab2722cc8
-- category: inventory
-- attack: M1051
-- variable: hotfix text
--
-- Lists Windows hosts whose reports do not name a given update (KB5034441, say), with how many updates they have and the
-- latest of them.
--
-- A hit means that the host has not reported the update in the window. A later cumulative update may contain it: compare
-- the date of the latest one.
--
-- Next: look the update up at its vendor, and install it where it is missing.

SELECT
  coalesce(max(meta_hostname), max(host_identifier)) AS hostname,
  endpoint_id,
  max(meta_os_name) AS os_name,
  max(meta_os_version) AS os_version,
  count(DISTINCT hotfix_id) AS updates,
  max_by(hotfix_id, try(date_parse(installed_on, '%m/%d/%Y'))) AS latest_update,
  max(try(date_parse(installed_on, '%m/%d/%Y'))) AS latest_installed_on,
  max(calendar_time) AS last_report
FROM xdr_data
WHERE query_name = 'windows_updates_patch'
  AND osquery_action <> 'removed'
GROUP BY endpoint_id
HAVING NOT bool_or(upper(hotfix_id) = upper(trim('$$hotfix$$')))
ORDER BY latest_installed_on
