-- Regular callers
-- Programs that call the same address again and again: the time between two calls, its middle and its spread.
WITH calls AS (
  SELECT
    meta_hostname, name, remote_address, calendar_time,
    date_diff(
      'second',
      lag(calendar_time) OVER (PARTITION BY meta_hostname, name, remote_address ORDER BY calendar_time),
      calendar_time
    ) AS pause
  FROM (
    SELECT DISTINCT meta_hostname, name, remote_address, calendar_time
    FROM xdr_data
    WHERE query_name = 'open_sockets' AND osquery_action = 'added'
  )
)
SELECT
  meta_hostname, name, remote_address,
  count(*) AS calls,
  round(avg(pause)) AS mean_pause,
  min(pause) AS shortest,
  max(pause) AS longest
FROM calls
GROUP BY meta_hostname, name, remote_address
HAVING count(*) >= 4
ORDER BY max(pause) - min(pause), calls DESC, meta_hostname, name, remote_address
