-- name: Programs in folders anybody can write to
-- id: abdd4377-64d6-4b20-b5c7-1abeebbe8712
-- category: threatHunting
-- attack: T1204.002 T1036.005 T1059.004
-- variable: device text deviceName = %
--
-- Lists programs that ran from temporary, public or download folders and from hidden folders, on all three systems.
--
-- A hit means that the program was not installed. Updaters and portable tools show up; what remains is worth a look.
--
-- Next: see on how many hosts the hash ran (rare programs), and what started it.

SELECT
  lower(name) AS process_name,
  path,
  sha256,
  count(*) AS executions,
  from_unixtime(min(time)) AS first_seen,
  array_join(array_sort(array_agg(DISTINCT coalesce(meta_hostname, host_identifier))), ', ') AS hostnames,
  max_by(cmdline, time) AS last_cmdline
FROM xdr_data
WHERE query_name IN (
    'running_processes_windows_sophos', 'running_processes_linux_events', 'running_processes_osx_events'
  )
  AND osquery_action <> 'removed'
  AND regexp_like(
    path,
    '(?i)(\\users\\public\\|\\appdata\\local\\temp\\|\\windows\\temp\\|\\downloads\\|\\\$recycle\.bin\\|\\perflogs\\)'
    || '|^(/private)?/(tmp|var/tmp)/|^/dev/shm/|^/(home|Users)/[^/]+/(Downloads/|\.[^/]+/)'
  )
  AND lower(coalesce(meta_hostname, host_identifier)) LIKE lower('$$device$$')
GROUP BY lower(name), path, sha256
ORDER BY first_seen DESC
