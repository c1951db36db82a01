-- name: Cron jobs
-- id: 247797e4-d690-431a-97b0-67d2282ca32f
-- category: persistence
-- attack: T1053.003
-- os: macOS linux
-- variable: command text = %
--
-- Lists jobs of the system's and the users' crontabs whose command matches.
--
-- A command that downloads, decodes or starts something from a temporary folder is rarely meant well.
--
-- Next: list the file it starts, with its hash.

SELECT
  c.path,
  c.event,
  c.minute,
  c.hour,
  c.day_of_month,
  c.month,
  c.day_of_week,
  c.command
FROM crontab c
WHERE c.command LIKE '$$command$$'
