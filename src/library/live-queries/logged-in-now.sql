-- name: Who is logged in now
-- id: aaa90ec6-e28b-47d3-9a4f-21c93ab5f71b
-- category: accounts lateralMovement
-- attack: T1078 T1021
-- os: windows macOS linux
--
-- Lists sessions of people and of remote hosts, with where they came from and since when.
--
-- A session from an unknown host, or of an account that should not work there, wants an explanation.
--
-- Next: list the logons of the account in the lake.

SELECT
  l.user,
  l.type,
  l.host,
  l.tty,
  l.time,
  l.pid
FROM logged_in_users l
ORDER BY l.time DESC
