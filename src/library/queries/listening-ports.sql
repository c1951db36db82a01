-- name: Listening programs
-- id: e0b4e7c1-b53b-49a3-92ae-b45dcc851913
-- category: network inventory
-- attack: T1571 T1205
-- variable: port text = %
-- variable: max_hosts integer = 1000000
-- variable: device text deviceName = %
--
-- Lists programs that accept connections from the network, as of the last report of each host. A small max_hosts leaves
-- only what few hosts have open.
--
-- A hit is an open door. Few hosts, high ports and programs outside the system's folders deserve a look.
--
-- Next: check the program's hash and start, and who is connected to it.

WITH reported AS (
  SELECT
    coalesce(meta_hostname, host_identifier) AS hostname,
    endpoint_id, pid, name, path, port, protocol, address, osquery_action, calendar_time,
    max(calendar_time) OVER (PARTITION BY endpoint_id) AS last_report,
    row_number() OVER (
      PARTITION BY endpoint_id, pid, path, port, protocol, address ORDER BY calendar_time DESC, osquery_action
    ) AS age
  FROM xdr_data
  WHERE query_name = 'listening_ports'
),
open_now AS (
  SELECT *
  FROM reported
  WHERE age = 1
    AND (osquery_action = 'added' OR (osquery_action = 'snapshot' AND calendar_time = last_report))
    AND NOT regexp_like(address, '^(127\.|::1$|::ffff:127\.)')
    AND port > 0
),
program AS (
  SELECT lower(name) AS name, port, count(DISTINCT endpoint_id) AS hosts
  FROM open_now
  GROUP BY lower(name), port
)
SELECT DISTINCT
  open_now.hostname,
  open_now.endpoint_id,
  open_now.name,
  open_now.path,
  open_now.port,
  CASE open_now.protocol WHEN 6 THEN 'TCP' WHEN 17 THEN 'UDP' ELSE CAST(open_now.protocol AS varchar) END AS protocol,
  open_now.address,
  program.hosts,
  open_now.calendar_time AS reported_at
FROM open_now
JOIN program ON lower(open_now.name) = program.name AND open_now.port = program.port
WHERE CAST(open_now.port AS varchar) LIKE '$$port$$'
  AND program.hosts <= $$max_hosts$$
  AND lower(open_now.hostname) LIKE lower('$$device$$')
ORDER BY hosts, port, hostname
