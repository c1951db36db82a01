-- name: One process and its children
-- id: d9230391-f1b5-4017-8d8c-eb17ea5f4cc1
-- category: investigation
-- attack: T1057
-- os: windows macOS linux
-- variable: pid integer
--
-- Shows one process by its id, and the processes it has started that still run.
--
-- Process ids are used again: check the start time against the row that led here.
--
-- Next: list the open connections of the host.

SELECT
  CASE WHEN p.pid = $$pid$$ THEN 'process' ELSE 'child' END AS relation,
  p.pid,
  p.name,
  p.path,
  p.cmdline,
  p.cwd,
  p.start_time AS time,
  p.parent,
  u.username,
  h.sha256
FROM processes p
LEFT JOIN users u ON u.uid = p.uid
LEFT JOIN hash h ON h.path = p.path AND p.path <> ''
WHERE p.pid = $$pid$$ OR p.parent = $$pid$$
ORDER BY relation DESC, p.start_time
