-- name: Documents that start programs
-- id: 51c22624-392e-44e5-929e-fccd8767392b
-- category: threatHunting
-- attack: T1566.001 T1204.002 T1059
-- variable: device text deviceName = %
--
-- Finds shells, script hosts and loaders started by an office program, a mail client, a PDF reader or a browser.
--
-- A hit means that a document or a page made its program run a command: the usual first step after a phishing mail.
--
-- Next: save the document, read the command line, and follow the children of the shell with the process family.

SELECT
  from_unixtime(time) AS started_at,
  coalesce(meta_hostname, host_identifier) AS hostname,
  endpoint_id,
  username,
  parent_name,
  parent_cmdline,
  name,
  cmdline,
  sha256
FROM xdr_data
WHERE query_name = 'running_processes_windows_sophos'
  AND osquery_action <> 'removed'
  AND regexp_like(
    parent_name,
    '(?i)^(winword|excel|powerpnt|outlook|onenote|msaccess|mspub|visio|acrobat|acrord32|chrome|msedge|firefox)\.exe$'
  )
  AND regexp_like(
    name,
    '(?i)^(cmd|powershell|pwsh|wscript|cscript|mshta|rundll32|regsvr32|certutil|bitsadmin|wmic|msbuild|installutil)\.exe$'
  )
  AND lower(coalesce(meta_hostname, host_identifier)) LIKE lower('$$device$$')
ORDER BY time DESC
