-- name: Who is connected to an address now
-- id: 6b91b922-294a-4e2d-9f36-804d837fd83e
-- category: network indicators
-- attack: T1071 T1041
-- os: windows macOS linux
-- variable: address text ipAddress = %
--
-- Lists open connections to remote addresses that match, with the process behind each.
--
-- A hit on an address of an alarm means that the connection is still open.
--
-- Next: list the process by its id; ask the lake since when the address is contacted.

SELECT
  s.remote_address,
  s.remote_port,
  s.local_address,
  s.local_port,
  CASE s.protocol WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' ELSE CAST(s.protocol AS TEXT) END AS protocol,
  p.pid,
  p.name,
  p.path,
  p.cmdline,
  u.username
FROM process_open_sockets s
LEFT JOIN processes p ON p.pid = s.pid
LEFT JOIN users u ON u.uid = p.uid
WHERE s.remote_address LIKE '$$address$$'
  AND s.remote_port <> 0
  AND s.remote_address NOT LIKE '127.%'
  AND s.remote_address NOT IN ('', '::1', '0.0.0.0', '::')
