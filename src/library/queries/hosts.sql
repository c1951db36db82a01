-- name: Hosts and their addresses
-- id: 8fc3b2fe-0294-4f51-ab84-06bcfe98d0e2
-- category: inventory investigation
-- attack: T1018
-- variable: device text deviceName = %
-- variable: address text ipAddress = %
-- variable: endpoint_id text deviceId = %
--
-- Lists hosts with their operating system, addresses, user and start, as last reported. Answers which host had an
-- address, or what is behind an endpoint id.
--
-- The rows are an inventory, not alarms.
--
-- Next: open the timeline of the host.

SELECT
  coalesce(max_by(meta_hostname, calendar_time), max_by(host_identifier, calendar_time)) AS hostname,
  endpoint_id,
  max_by(meta_endpoint_type, calendar_time) AS endpoint_type,
  max_by(meta_os_name, calendar_time) AS os_name,
  max_by(meta_os_version, calendar_time) AS os_version,
  max_by(meta_username, calendar_time) AS username,
  array_join(array_sort(array_agg(DISTINCT address)), ', ') AS addresses,
  array_join(array_sort(array_agg(DISTINCT mac)), ', ') AS mac_addresses,
  from_unixtime(max(meta_boot_time)) AS started_at,
  max(calendar_time) AS last_report
FROM xdr_data
WHERE query_name = 'network_interfaces'
  AND osquery_action <> 'removed'
  AND endpoint_id LIKE lower('$$endpoint_id$$')
  AND lower(coalesce(meta_hostname, host_identifier)) LIKE lower('$$device$$')
GROUP BY endpoint_id
HAVING bool_or(address LIKE '$$address$$')
ORDER BY hostname
