-- name: Hosts that fell silent
-- id: 65cf9633-ced6-48f7-b9ec-1a56b4f2c67a
-- category: inventory investigation
-- attack: T1562.001
-- variable: hours integer = 6
--
-- Lists hosts that reported something in the window but nothing in its last hours.
--
-- A hit means that the machine is off, cannot reach the lake, or that its agent was stopped. Servers should not be here.
--
-- Next: look at the last things the host reported; a stopped agent right after a new process is an alarm.

WITH named AS (
  SELECT
    endpoint_id,
    max_by(meta_hostname, calendar_time) AS hostname,
    max_by(meta_os_name, calendar_time) AS os_name,
    max_by(meta_endpoint_type, calendar_time) AS endpoint_type
  FROM xdr_data
  WHERE query_name IN ('network_interfaces', 'listening_ports', 'user_accounts')
  GROUP BY endpoint_id
),
heard AS (
  SELECT endpoint_id, max(host_identifier) AS host_identifier, max(calendar_time) AS last_report
  FROM lake_reports
  GROUP BY endpoint_id
)
SELECT
  coalesce(named.hostname, heard.host_identifier) AS hostname,
  heard.endpoint_id,
  named.os_name,
  named.endpoint_type,
  heard.last_report,
  date_diff('hour', heard.last_report, now()) AS hours_silent
FROM heard
LEFT JOIN named ON heard.endpoint_id = named.endpoint_id
WHERE heard.last_report < now() - INTERVAL '$$hours$$' HOUR
ORDER BY heard.last_report
