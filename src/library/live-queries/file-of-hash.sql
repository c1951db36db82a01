-- name: A file with this hash in a folder
-- id: 0eec4c32-f8ae-4809-b3a2-78003287b4f2
-- category: indicators
-- attack: T1204 T1036
-- os: windows macOS linux
-- variable: folder text filePath
-- variable: sha256 text sha256
--
-- Looks into a folder (with `%%` at its end also below it) for a file with this SHA-256, whatever it is called now.
--
-- Every file of the folder is read for its hash: take a folder where such files lie, downloads or temporary ones.
--
-- Next: list running processes with that path.

SELECT
  h.path,
  h.sha256,
  f.size,
  f.mtime,
  f.btime
FROM file f
JOIN hash h ON h.path = f.path
WHERE f.path LIKE '$$folder$$' AND f.type = 'regular' AND h.sha256 = lower('$$sha256$$')
