-- name: New local users
-- id: 381cc716-3e72-470f-b1e8-80978f50fcf3
-- category: persistence accounts
-- attack: T1136.001 T1098
-- variable: username text username = %
--
-- Finds local accounts that a host did not have in its first inventory of the window.
--
-- A hit means that an account was made. Outside an installation, few hosts get local accounts.
--
-- Next: find who made it (net user, useradd, New-LocalUser) in the timeline of the host, and whether it has logged on.

WITH reported AS (
  SELECT
    coalesce(meta_hostname, host_identifier) AS hostname,
    endpoint_id, username, uid, gid, directory, shell, description, osquery_action, counter, calendar_time,
    min(calendar_time) OVER (PARTITION BY endpoint_id) AS first_inventory,
    row_number() OVER (PARTITION BY endpoint_id, username ORDER BY calendar_time) AS nth
  FROM xdr_data
  WHERE query_name = 'user_accounts'
    AND osquery_action <> 'removed'
)
SELECT
  calendar_time AS first_reported, hostname, endpoint_id, username, uid, gid, directory, shell, description
FROM reported
WHERE nth = 1
  AND (
    (osquery_action = 'snapshot' AND calendar_time > first_inventory)
    OR (osquery_action = 'added' AND counter > 0)
  )
  AND lower(username) LIKE lower('$$username$$')
ORDER BY first_reported DESC
