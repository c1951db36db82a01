-- name: Remote-control and remote-execution tools
-- id: 7df77f10-2db5-4c18-951f-eeb3aee90165
-- category: lateralMovement threatHunting
-- attack: T1219 T1569.002 T1021.006 T1572
-- variable: device text deviceName = %
--
-- Finds programs that control other machines or let others control this one: PsExec and its service, wmic and WinRM
-- against a remote host, commercial remote-support tools, tunnels and file movers that attackers bring along.
--
-- A hit means that the tool ran. Whether it may is for your own list of permitted tools to say.
--
-- Next: ask who installed it and when it first ran; look at the addresses it is connected to.

WITH started AS (
  SELECT
    time,
    coalesce(meta_hostname, host_identifier) AS hostname,
    endpoint_id, name, path, cmdline, sha256,
    CASE
      WHEN regexp_like(name, '(?i)^(psexe(c|c64|svc)|paexec|remcomsvc|csexec|winexesvc)(\.exe)?$')
        THEN 'remote execution'
      WHEN regexp_like(name, '(?i)^(wmic)(\.exe)?$') AND regexp_like(cmdline, '(?i)/node:') THEN 'remote execution'
      WHEN regexp_like(name, '(?i)^(wsmprovhost|winrshost|winrs)(\.exe)?$') THEN 'remote shell'
      WHEN regexp_like(name, '(?i)^(powershell|pwsh)') AND regexp_like(cmdline, '(?i)(invoke-command|enter-pssession).*-c')
        THEN 'remote shell'
      WHEN regexp_like(
        name,
        '(?i)^(anydesk|teamviewer|screenconnect|connectwisecontrol|ateraagent|splashtop|logmein|rustdesk|supremo'
        || '|ultraviewer|meshagent|tightvnc|winvnc|vncserver|ammyy|aa_v3|dwagent|simplehelp|netsupport|client32)'
      ) THEN 'remote control'
      WHEN regexp_like(name, '(?i)^(ngrok|chisel|frpc|cloudflared|plink|ligolo|socat|gost)(\.exe)?$') THEN 'tunnel'
      WHEN regexp_like(name, '(?i)^(rclone|megasync|megacmd|restic|winscp)(\.exe)?$') THEN 'file mover'
    END AS kind
  FROM xdr_data
  WHERE query_name IN (
    'running_processes_windows_sophos', 'running_processes_linux_events', 'running_processes_osx_events'
  )
    AND osquery_action <> 'removed'
    AND lower(coalesce(meta_hostname, host_identifier)) LIKE lower('$$device$$')
)
SELECT
  kind, lower(name) AS process_name, hostname, endpoint_id, path, sha256,
  count(*) AS executions,
  from_unixtime(min(time)) AS first_seen,
  from_unixtime(max(time)) AS last_seen,
  max_by(cmdline, time) AS last_cmdline
FROM started
WHERE kind IS NOT NULL
GROUP BY kind, lower(name), hostname, endpoint_id, path, sha256
ORDER BY first_seen DESC
