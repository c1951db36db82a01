-- name: Processes whose file is gone
-- id: 2bee3624-89d3-4213-a452-c29cde69aa6e
-- category: threatHunting
-- attack: T1070.004
-- os: windows macOS linux
--
-- Lists running processes whose program is no longer on the disk.
--
-- Updates leave some behind until the next restart. One that was started lately, or by a shell, or listens, is worth a
-- look: what runs cannot be scanned any more.
--
-- Next: list the process by its id, and what it is connected to.

SELECT
  p.pid,
  p.name,
  p.path,
  p.cmdline,
  p.start_time AS time,
  p.parent,
  pp.name AS parent_name,
  u.username
FROM processes p
LEFT JOIN processes pp ON pp.pid = p.parent
LEFT JOIN users u ON u.uid = p.uid
WHERE p.on_disk = 0 AND p.path <> ''
