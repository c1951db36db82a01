-- name: Scheduled tasks outside of Windows' own folder
-- id: 0ef4f0e2-9ce8-4260-9c7f-2b6e93717975
-- category: persistence
-- attack: T1053.005
-- os: windows
-- variable: task text = %
--
-- Lists scheduled tasks whose name or action matches and whose action is no program of Windows itself.
--
-- A hidden task, one that runs from a user's folder or starts a script host, wants an explanation.
--
-- Next: list the file it starts, with its hash.

SELECT
  t.name,
  t.action,
  t.path,
  t.enabled,
  t.hidden,
  t.state,
  t.last_run_time,
  t.next_run_time
FROM scheduled_tasks t
WHERE (t.name LIKE '$$task$$' OR t.action LIKE '$$task$$')
  AND lower(t.action) NOT LIKE '%windir%\system32\%'
  AND lower(t.action) NOT LIKE '%systemroot%\system32\%'
