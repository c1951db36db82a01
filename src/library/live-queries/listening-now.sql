-- name: Who listens now
-- id: 6f8cb5ce-a739-48b2-85cf-8a61e57cabfb
-- category: network inventory
-- attack: T1571 T1205
-- os: windows macOS linux
-- variable: port text = %
--
-- Lists network ports that processes listen on, leaving out those that only the host itself can reach.
--
-- Something unknown that listens, or something known on a port of another service, wants an explanation.
--
-- Next: look the program up by its hash in the lake.

SELECT
  l.address,
  l.port,
  CASE l.protocol WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' ELSE CAST(l.protocol AS TEXT) END AS protocol,
  p.pid,
  p.name,
  p.path,
  p.cmdline,
  u.username
FROM listening_ports l
LEFT JOIN processes p ON p.pid = l.pid
LEFT JOIN users u ON u.uid = p.uid
WHERE l.port <> 0 AND CAST(l.port AS TEXT) LIKE '$$port$$' AND l.address NOT LIKE '127.%' AND l.address <> '::1'
ORDER BY CAST(l.port AS INTEGER)
