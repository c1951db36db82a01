-- Addresses that are not on the list
-- Connections of the whole fleet whose address no entry of a list of known networks covers.
WITH known (network, owner) AS (
  VALUES
    ('192.0.2.0/24', 'business partners'),
    ('10.0.0.0/8', 'own network'),
    ('127.0.0.0/8', 'this machine')
),
seen AS (
  SELECT remote_address, remote_port, name, meta_hostname, min(calendar_time) AS first_seen, count(*) AS times
  FROM xdr_data
  WHERE query_name = 'open_sockets' AND osquery_action = 'added'
  GROUP BY remote_address, remote_port, name, meta_hostname
)
SELECT seen.meta_hostname, seen.name, seen.remote_address, seen.remote_port, seen.first_seen, seen.times
FROM seen
LEFT JOIN known ON contains(known.network, CAST(seen.remote_address AS IPADDRESS))
WHERE known.network IS NULL
ORDER BY seen.first_seen, seen.meta_hostname
