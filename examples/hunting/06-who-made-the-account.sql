-- Who made the account
-- Accounts that turned up between two reports, with the last command before that names the account.
WITH made AS (
  SELECT meta_hostname, username, calendar_time
  FROM xdr_data
  WHERE query_name = 'user_accounts' AND osquery_action = 'added' AND counter > 0
)
SELECT
  made.meta_hostname,
  made.username,
  made.calendar_time AS reported_at,
  max_by(process.cmdline, process.time) AS cmdline,
  max_by(process.parent_name, process.time) AS parent_name,
  date_diff('minute', from_unixtime(max(process.time)), made.calendar_time) AS minutes_before
FROM made
JOIN xdr_data AS process
  ON process.meta_hostname = made.meta_hostname
  AND POSITION(LOWER(made.username) IN LOWER(process.cmdline)) > 0
  AND from_unixtime(process.time) <= made.calendar_time
WHERE process.query_name = 'running_processes_windows_sophos'
GROUP BY made.meta_hostname, made.username, made.calendar_time
