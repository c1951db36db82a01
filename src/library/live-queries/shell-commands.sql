-- name: What was typed into shells
-- id: 94f587ff-9956-4939-88d5-2dceeea71b6d
-- category: investigation
-- attack: T1059.004 T1552.003
-- os: macOS linux
-- variable: command text = %
--
-- Lists lines of the users' shell histories that match. Many shells write no times, and some lines late.
--
-- Passwords stand in histories: treat the answer as secret.
--
-- Next: list running processes of that account.

SELECT
  u.username,
  s.time,
  s.command,
  s.history_file
FROM users u
JOIN shell_history s USING (uid)
WHERE s.command LIKE '$$command$$'
