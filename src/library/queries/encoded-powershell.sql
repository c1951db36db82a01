-- name: Encoded PowerShell
-- id: 02336c6b-5e0a-4e4e-a54d-6f38e4b98ed7
-- category: threatHunting
-- attack: T1059.001 T1027.010
-- variable: device text deviceName = %
--
-- Finds PowerShell that was started with its script in Base64 on the command line, and shows the script as text.
--
-- A hit means that somebody hid a script from a casual look. Management tools do so as well: their parents are known
-- services and the text is the same on many hosts.
--
-- Next: read decoded. Downloads, in-memory loading or switched-off protection call for the timeline of the host.

WITH encoded AS (
  SELECT
    from_unixtime(time) AS started_at,
    coalesce(meta_hostname, host_identifier) AS hostname,
    endpoint_id,
    username,
    parent_name,
    cmdline,
    regexp_extract(cmdline, '(?i)[-/](?:e|ec|en[a-z]*)\s+[''"]?([A-Za-z0-9+/]{16,}={0,2})', 1) AS script
  FROM xdr_data
  WHERE query_name = 'running_processes_windows_sophos'
    AND osquery_action <> 'removed'
    AND regexp_like(name, '(?i)^(powershell|pwsh)(\.exe)?$')
    AND lower(coalesce(meta_hostname, host_identifier)) LIKE lower('$$device$$')
)
SELECT
  started_at, hostname, endpoint_id, username, parent_name, cmdline,
  -- UTF-16: every other byte of Latin text is zero.
  CASE WHEN length(script) % 4 = 0 THEN replace(from_utf8(from_base64(script)), chr(0), '') END AS decoded
FROM encoded
WHERE script IS NOT NULL
ORDER BY started_at DESC
