-- name: Sweep for addresses
-- id: 91033c67-2f7c-40da-a6bb-b1d272729c94
-- category: indicators network
-- attack: T1071 T1021
-- variable: addresses text ipAddress
--
-- Looks for IP addresses among the connections of every host and the sources of its logons. Entries are separated by
-- commas, spaces or new lines; an entry such as 203.0.113.0/24 stands for the whole network.
--
-- A hit means that a program was connected to the address, or that somebody logged on, or tried to, from there.
--
-- Next: for a connection look at the program and its command line; for a logon at what that account did afterwards.

WITH wanted (indicator) AS (
  SELECT DISTINCT indicator
  FROM UNNEST(regexp_extract_all('$$addresses$$', '[^\s,;]+')) AS listed (indicator)
),
known AS (
  SELECT DISTINCT remote_address
  FROM xdr_data
  WHERE query_name IN (
      'open_sockets', 'windows_event_successful_logon', 'windows_event_invalid_logon_brute_force'
    )
    AND osquery_action <> 'removed'
),
hit AS (
  SELECT known.remote_address, min(wanted.indicator) AS indicator
  FROM known
  CROSS JOIN wanted
  WHERE known.remote_address = wanted.indicator
    OR (
      wanted.indicator LIKE '%/%'
      AND try(contains(wanted.indicator, TRY_CAST(known.remote_address AS IPADDRESS)))
    )
  GROUP BY known.remote_address
)
SELECT
  hit.indicator,
  seen.remote_address,
  coalesce(seen.meta_hostname, seen.host_identifier) AS hostname,
  seen.endpoint_id,
  seen.query_name,
  seen.name,
  seen.path,
  seen.remote_port,
  seen.target_username AS username,
  count(*) AS times,
  min(seen.calendar_time) AS first_seen,
  max(seen.calendar_time) AS last_seen
FROM xdr_data AS seen
JOIN hit ON seen.remote_address = hit.remote_address
WHERE seen.query_name IN (
    'open_sockets', 'windows_event_successful_logon', 'windows_event_invalid_logon_brute_force'
  )
  AND seen.osquery_action <> 'removed'
GROUP BY hit.indicator, seen.remote_address, coalesce(seen.meta_hostname, seen.host_identifier), seen.endpoint_id,
  seen.query_name, seen.name, seen.path, seen.remote_port, seen.target_username
ORDER BY first_seen
