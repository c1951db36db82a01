import { formatTime } from '../display.ts'

// What the demo asks, beside the guide's own statement: three questions of an analyst and one about this machine.

/** What the lines that were reported hold, as far as the questions need it. */
export interface DemoFacts {
  /** SHA-256 of the program the story is about. */
  readonly sha256: string
  readonly fileName: string
  readonly thisMachine: string
  /** Seconds since the epoch: when the story begins. */
  readonly startedAt: number
}

export interface Question {
  readonly title: string
  readonly sql: string
}

export function questions(facts: DemoFacts): readonly Question[] {
  return [
    {
      title: `Alert: ${facts.fileName} was started at ${formatTime(facts.startedAt * 1000)}. Where does that file run?`,
      sql: `SELECT meta_hostname, username, parent_name, cmdline, calendar_time
FROM running_processes_windows_sophos
WHERE sha256 = '${facts.sha256}'
ORDER BY calendar_time`,
    },
    {
      title: 'Which outbound addresses are used by at most two machines, and by which programs?',
      sql: `SELECT remote_address, remote_port, array_join(array_agg(DISTINCT meta_hostname), ', ') AS machines,
  array_join(array_agg(DISTINCT name), ', ') AS programs, min(calendar_time) AS first_seen
FROM open_sockets
WHERE osquery_action = 'added'
GROUP BY remote_address, remote_port
HAVING count(DISTINCT meta_hostname) <= 2
ORDER BY first_seen`,
    },
    {
      title: 'Which local accounts appeared while the agents were watching?',
      sql: `SELECT meta_hostname, username, uid, directory, calendar_time
FROM user_accounts
WHERE osquery_action = 'added' AND counter > 0`,
    },
    {
      title: 'And this machine itself: what does it have most of?',
      sql: `SELECT query_name, count(*) AS reported, max(calendar_time) AS latest
FROM xdr_data
WHERE host_identifier = '${facts.thisMachine.replaceAll("'", "''")}'
GROUP BY query_name
ORDER BY reported DESC`,
    },
  ]
}
