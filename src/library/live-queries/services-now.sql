-- name: Windows services and their programs
-- id: 7a591910-148b-4ea3-9091-c2d8acc2ce6d
-- category: persistence inventory
-- attack: T1543.003 T1569.002
-- os: windows
-- variable: service text = %
--
-- Lists services whose name or program matches, with the library of shared ones, their account and state.
--
-- A program in a user's folder, a path without quotes or a name of random letters wants an explanation.
--
-- Next: ask the lake when the service was created.

SELECT
  s.name,
  s.display_name,
  s.status,
  s.start_type,
  s.path,
  s.module_path,
  s.user_account,
  s.pid
FROM services s
WHERE s.name LIKE '$$service$$' OR s.display_name LIKE '$$service$$' OR s.path LIKE '$$service$$'
