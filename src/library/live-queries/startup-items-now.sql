-- name: What starts with the host or at logon
-- id: be9c3489-d990-4c4d-b8b0-217c022d9e83
-- category: persistence
-- attack: T1547.001 T1543
-- os: windows macOS linux
-- variable: item text = %
--
-- Lists start-up items whose name, path or arguments match.
--
-- Compare with the lake: what one host alone has, or what appeared lately, is worth a look.
--
-- Next: list the file at the path, with its hash.

SELECT
  s.name,
  s.path,
  s.args,
  s.type,
  s.source,
  s.status,
  s.username
FROM startup_items s
WHERE s.name LIKE '$$item$$' OR s.path LIKE '$$item$$' OR s.args LIKE '$$item$$'
