-- name: Units of systemd that run
-- id: 2c33862d-8754-46d2-98cd-bcd94a489647
-- category: persistence inventory
-- attack: T1543.002
-- os: linux
-- variable: unit text = %
--
-- Lists active services and timers whose name or file matches.
--
-- A unit whose file lies in /tmp, /home, /dev/shm or is gone wants an explanation.
--
-- Next: list the file of the unit, with its hash.

SELECT
  s.id,
  s.description,
  s.load_state,
  s.active_state,
  s.sub_state,
  s.fragment_path,
  s.user
FROM systemd_units s
WHERE s.active_state = 'active'
  AND (s.id LIKE '%.service' OR s.id LIKE '%.timer')
  AND (s.id LIKE '$$unit$$' OR s.fragment_path LIKE '$$unit$$')
