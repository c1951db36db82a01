-- name: Local administrators
-- id: 8a24840d-2e7b-4c8c-82fc-66df1841a394
-- category: accounts inventory
-- attack: T1136.001 T1098 T1078.003
-- os: windows macOS linux
--
-- Lists members of the groups that administer a host: Administrators on Windows, admin and wheel on macOS, sudo, wheel
-- and root on Linux.
--
-- An account that is one on few hosts only was likely added by hand.
--
-- Next: ask the lake who added it, and when.

SELECT
  u.username,
  u.uid,
  u.uuid,
  u.description,
  u.directory,
  u.shell,
  g.groupname
FROM user_groups ug
JOIN groups g ON g.gid = ug.gid
JOIN users u ON u.uid = ug.uid
WHERE lower(g.groupname) IN ('administrators', 'admin', 'wheel', 'sudo', 'root')
ORDER BY g.groupname, u.username
