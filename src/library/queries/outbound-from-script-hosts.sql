-- name: Connections of shells and script hosts
-- id: 2e8bde7b-4ec9-4f04-85a3-21ba940b7015
-- category: network threatHunting
-- attack: T1059 T1105 T1218
-- variable: device text deviceName = %
--
-- Finds shells, script interpreters and system loaders that were connected to an address on the Internet.
--
-- A hit means that a script talks to somebody outside: a download, an installation, or a remote shell.
--
-- Next: read the command line; sweep for the address over the whole fleet.

SELECT
  calendar_time,
  coalesce(meta_hostname, host_identifier) AS hostname,
  endpoint_id,
  name,
  path,
  cmdline,
  pid,
  remote_address,
  remote_port
FROM xdr_data
WHERE query_name = 'open_sockets'
  AND osquery_action <> 'removed'
  AND remote_port > 0
  AND regexp_like(
    name,
    '(?i)^(cmd|powershell|pwsh|wscript|cscript|mshta|rundll32|regsvr32|certutil|bitsadmin|msbuild|installutil'
    || '|bash|sh|dash|zsh|nc|ncat|socat|perl|ruby|osascript|python[0-9.]*|curl|wget)(\.exe)?$'
  )
  AND NOT regexp_like(
    remote_address,
    '(?i)^$|^(::ffff:)?(0|10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01])|22[4-9]|23\d)\.|^(::1?$|fe80:|f[cd]|ff)'
  )
  AND lower(coalesce(meta_hostname, host_identifier)) LIKE lower('$$device$$')
ORDER BY calendar_time DESC
