-- name: The host itself
-- id: 797333a6-5e80-4e2d-8f59-92733b4173f5
-- category: inventory
-- attack: T1082
-- os: windows macOS linux
--
-- One row for each host: its system and version, hardware, time since its start, its agent and whether that has a valid
-- configuration.
--
-- Who answers is there now.
--
-- Next: hosts that do not answer are in the list of the run's endpoints.

SELECT
  s.hostname,
  s.hardware_vendor,
  s.hardware_model,
  s.hardware_serial,
  s.physical_memory,
  o.name AS os_name,
  o.version AS os_version,
  o.build AS os_build,
  o.platform AS os_platform,
  u.total_seconds AS uptime_seconds,
  i.version AS osquery_version,
  i.config_valid,
  i.start_time AS osquery_started
FROM system_info s, os_version o, uptime u, osquery_info i
