-- name: Launch agents and daemons that are not Apple's
-- id: 512b0cee-c885-4f62-8a70-3c7c0770cb50
-- category: persistence
-- attack: T1543.001 T1543.004
-- os: macOS
--
-- Lists what launchd starts from folders that others than Apple may write to.
--
-- A program in a hidden or temporary folder, or an interpreter with a long argument, wants an explanation.
--
-- Next: list the file of the program, with its hash.

SELECT
  l.name,
  l.label,
  l.path,
  l.program,
  l.program_arguments,
  l.run_at_load,
  l.keep_alive,
  l.start_interval,
  l.username
FROM launchd l
WHERE l.path NOT LIKE '/System/Library/%'
