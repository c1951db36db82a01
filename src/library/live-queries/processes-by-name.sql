-- name: Running processes by name or command line
-- id: 30e8cf0c-54af-4e7f-b89d-281225bac801
-- category: threatHunting investigation
-- attack: T1057 T1059
-- os: windows macOS linux
-- variable: process text = %
--
-- Lists running processes whose name or command line matches, with their parent, account and hash. `%` stands for
-- anything.
--
-- A hit runs now. Compare the hash with what the lake has seen elsewhere, and the parent with what usually starts it.
--
-- Next: list the open connections of the process, and its files.

SELECT
  p.pid,
  p.name,
  p.path,
  p.cmdline,
  p.start_time AS time,
  p.parent,
  pp.name AS parent_name,
  pp.path AS parent_path,
  u.username,
  p.on_disk,
  h.sha256
FROM processes p
LEFT JOIN processes pp ON pp.pid = p.parent
LEFT JOIN users u ON u.uid = p.uid
LEFT JOIN hash h ON h.path = p.path AND p.path <> ''
WHERE p.name LIKE '$$process$$' OR p.cmdline LIKE '$$process$$'
