-- name: Keys that may log in over SSH
-- id: 9866b740-8edc-4818-a3d4-c7d9fffd86e5
-- category: accounts persistence lateralMovement
-- attack: T1098.004 T1021.004
-- os: macOS linux
--
-- Lists the keys in every user's authorized_keys.
--
-- A key that stands for root, or on many hosts and nobody knows, opens them all.
--
-- Next: count the hosts with that key in the lake, once all have answered.

SELECT
  u.username,
  u.uid,
  k.algorithm,
  k.key,
  k.comment,
  k.options,
  k.key_file
FROM users u
JOIN authorized_keys k USING (uid)
