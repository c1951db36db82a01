-- name: Disks without encryption
-- id: 507dc958-0c79-4e3f-95b9-517dffca0229
-- category: inventory
-- attack: M1041
-- variable: device text deviceName = %
--
-- Lists Windows drives that were not protected by BitLocker at the last report of their host.
--
-- A hit means that whoever takes the machine can read the drive. Protection that is only suspended shows up as well:
-- percentage_encrypted is 100 then.
--
-- Next: switch encryption on; where it is suspended, find out who suspended it.

WITH reported AS (
  SELECT
    coalesce(meta_hostname, host_identifier) AS hostname,
    endpoint_id, drive_letter, protection_status, conversion_status, percentage_encrypted, encryption_method,
    osquery_action, calendar_time,
    max(calendar_time) OVER (PARTITION BY endpoint_id) AS last_report,
    row_number() OVER (
      PARTITION BY endpoint_id, drive_letter ORDER BY calendar_time DESC, osquery_action
    ) AS age
  FROM xdr_data
  WHERE query_name = 'disk_encryption_windows'
    AND lower(coalesce(meta_hostname, host_identifier)) LIKE lower('$$device$$')
)
SELECT
  hostname, endpoint_id, drive_letter, protection_status, conversion_status, percentage_encrypted, encryption_method,
  calendar_time AS reported_at
FROM reported
WHERE age = 1
  AND (osquery_action = 'added' OR (osquery_action = 'snapshot' AND calendar_time = last_report))
  AND protection_status <> '1'
ORDER BY hostname, drive_letter
