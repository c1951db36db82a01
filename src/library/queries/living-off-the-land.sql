-- name: Misused system programs
-- id: 4e4b7d48-fcc4-4626-9bdc-689b92e9bbaf
-- category: threatHunting
-- attack: T1218 T1105 T1197 T1140
-- variable: device text deviceName = %
--
-- Finds programs that come with Windows in the ways that attackers use them: certutil and bitsadmin fetching files,
-- mshta, regsvr32 and rundll32 running scripts or remote code, wmic starting processes, msiexec installing from the web.
--
-- A hit means that the command line has one of these shapes. Few of them belong to daily work.
--
-- Next: ask who started it (parent_name, username); look for the file it fetched and the address it came from.

WITH started AS (
  SELECT
    from_unixtime(time) AS started_at,
    coalesce(meta_hostname, host_identifier) AS hostname,
    endpoint_id, username, parent_name, lower(name) AS name, cmdline, sha256,
    CASE
      WHEN regexp_like(name, '(?i)^certutil') AND regexp_like(cmdline, '(?i)[-/](urlcache|verifyctl|decode|decodehex)')
        THEN 'certutil fetches or decodes a file'
      WHEN regexp_like(name, '(?i)^bitsadmin') AND regexp_like(cmdline, '(?i)/(transfer|addfile|setnotifycmdline)')
        THEN 'bitsadmin fetches a file'
      WHEN regexp_like(name, '(?i)^mshta') AND regexp_like(cmdline, '(?i)(https?:|javascript:|vbscript:)')
        THEN 'mshta runs a script'
      WHEN regexp_like(name, '(?i)^regsvr32') AND regexp_like(cmdline, '(?i)(scrobj|/i:)')
        THEN 'regsvr32 runs a script component'
      WHEN regexp_like(name, '(?i)^rundll32')
        AND regexp_like(cmdline, '(?i)(javascript:|\\(temp|appdata|public|programdata)\\|comsvcs.*(minidump|#\+?24))')
        THEN 'rundll32 runs code from an unusual place'
      WHEN regexp_like(name, '(?i)^wmic') AND regexp_like(cmdline, '(?i)(process\s+call\s+create|/format:.*https?:)')
        THEN 'wmic starts a process'
      WHEN regexp_like(name, '(?i)^msiexec') AND regexp_like(cmdline, '(?i)/(i|package)\s*"?https?:')
        THEN 'msiexec installs from the web'
    END AS finding
  FROM xdr_data
  WHERE query_name = 'running_processes_windows_sophos'
    AND osquery_action <> 'removed'
    AND lower(coalesce(meta_hostname, host_identifier)) LIKE lower('$$device$$')
)
SELECT started_at, hostname, endpoint_id, finding, name, cmdline, username, parent_name, sha256
FROM started
WHERE finding IS NOT NULL
ORDER BY started_at DESC
