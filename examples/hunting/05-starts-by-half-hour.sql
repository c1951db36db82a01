-- Process starts by the half-hour
-- How busy each platform was, as a table with one column a platform and a bar for the eye.
SELECT
  date_format(from_unixtime(time / 1800 * 1800), '%H:%i') AS "from",
  count(*) FILTER (WHERE query_name = 'running_processes_windows_sophos') AS windows,
  count(*) FILTER (WHERE query_name = 'running_processes_linux_events') AS linux,
  count(*) FILTER (WHERE query_name = 'running_processes_osx_events') AS macos,
  rpad('', CAST(count(*) AS integer), '*') AS bar
FROM xdr_data
WHERE query_name IN (
    'running_processes_windows_sophos', 'running_processes_linux_events', 'running_processes_osx_events'
  )
  AND from_unixtime(time) >= TIMESTAMP '2026-02-02 20:00:00 UTC'
GROUP BY 1
ORDER BY 1
