-- name: Registry values below a key
-- id: a03cb8f9-8684-4a74-9275-8b31826bb6a1
-- category: persistence investigation
-- attack: T1112 T1547.001
-- os: windows
-- variable: key text registryKey
--
-- Lists the values of a key, such as `HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Run`. `%` in the
-- last part stands for any one key, `%%` for all below.
--
-- Ask for a narrow key: a hive has hundreds of thousands.
--
-- Next: list the file that a value names.

SELECT
  r.key,
  r.name,
  r.type,
  r.data,
  r.mtime
FROM registry r
WHERE r.key LIKE '$$key$$' AND r.type <> 'subkey'
