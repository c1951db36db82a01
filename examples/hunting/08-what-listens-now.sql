-- What listens now
-- The last report of each host only: ports open to others, the lowest three of each host.
WITH reported AS (
  SELECT
    meta_hostname, port, calendar_time, min(name) AS name, count(*) AS listeners,
    rank() OVER (PARTITION BY meta_hostname ORDER BY calendar_time DESC) AS age,
    row_number() OVER (PARTITION BY meta_hostname, calendar_time ORDER BY port) AS nth
  FROM xdr_data
  WHERE query_name = 'listening_ports' AND address NOT IN ('127.0.0.1', '::1')
  GROUP BY meta_hostname, port, calendar_time
)
SELECT meta_hostname, port, name, listeners, calendar_time AS reported_at
FROM reported
WHERE age = 1 AND nth <= 3
ORDER BY meta_hostname, port
