-- name: Files at a path
-- id: 8785cddb-a5d1-4396-b692-264da86840bc
-- category: indicators investigation
-- attack: T1083 T1105
-- os: windows macOS linux
-- variable: path text filePath
--
-- Lists files at a path, with their times and hashes. `%` in the last part of the path stands for anything in that
-- folder, `%%` for anything below it as well.
--
-- Ask for a narrow path: each file found is read to its end for its hash.
--
-- Next: sweep the lake for the hash.

SELECT
  f.path,
  f.filename,
  f.size,
  f.mtime,
  f.btime,
  f.ctime,
  f.uid,
  f.mode,
  h.sha256,
  h.sha1
FROM file f
LEFT JOIN hash h ON h.path = f.path
WHERE f.path LIKE '$$path$$' AND f.type = 'regular'
