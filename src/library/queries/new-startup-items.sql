-- name: New start-up items
-- id: 43ab23c5-7077-42b0-8c88-61772d19855d
-- category: persistence
-- attack: T1547.001
-- variable: device text deviceName = %
--
-- Finds start-up items that a host did not have in its first inventory of the window. Run it over several days.
--
-- A hit means that the item was added in the window: by an installation, by a user, or by something that wants to stay.
--
-- Next: see what ran on the host around first_reported, and whether other hosts have the same item.

WITH reported AS (
  SELECT
    coalesce(meta_hostname, host_identifier) AS hostname,
    endpoint_id, name, path, args, source, username, osquery_action, counter, calendar_time,
    min(calendar_time) OVER (PARTITION BY endpoint_id) AS first_inventory,
    row_number() OVER (PARTITION BY endpoint_id, name, path, source ORDER BY calendar_time) AS nth
  FROM xdr_data
  WHERE query_name = 'windows_startup_items'
    AND osquery_action <> 'removed'
    AND lower(coalesce(meta_hostname, host_identifier)) LIKE lower('$$device$$')
)
SELECT calendar_time AS first_reported, hostname, endpoint_id, name, path, args, source, username
FROM reported
WHERE nth = 1
  AND (
    (osquery_action = 'snapshot' AND calendar_time > first_inventory)
    OR (osquery_action = 'added' AND counter > 0)
  )
ORDER BY first_reported DESC
