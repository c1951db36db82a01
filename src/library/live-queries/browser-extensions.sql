-- name: Extensions of Chrome and its kin
-- id: 557f69bf-c29c-4d09-942c-83adc68a8273
-- category: inventory threatHunting
-- attack: T1176
-- os: windows macOS linux
-- variable: extension text = %
--
-- Lists extensions of every user's browsers whose name or identifier matches, with what they may do.
--
-- One that may read all pages and was not installed from the browser's own store wants an explanation.
--
-- Next: count the hosts with the identifier in the lake, once all have answered.

SELECT
  u.username,
  c.name,
  c.identifier,
  c.version,
  c.profile,
  c.permissions,
  c.update_url,
  c.path
FROM users u
JOIN chrome_extensions c USING (uid)
WHERE c.name LIKE '$$extension$$' OR c.identifier LIKE '$$extension$$'
