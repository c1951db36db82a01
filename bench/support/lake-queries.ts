import type { FleetLog } from '../fleet.ts'

// The statements of a hunt over thirty days that the lake's targets are about, each in three spellings: as a client
// sends it, as DuckDB reads the same files (`source` stands for them), and as ClickHouse does.

export interface LakeQuery {
  readonly name: string
  /** Target in ms from the POST to the last byte of the first page. */
  readonly targetMs: number
  readonly sql: string
  /** For both peers; `source` is a table of all the tenant's rows. */
  readonly plain: string
  /** Hours before the log's end that the run's window begins; undefined: all of it. */
  readonly lastHours?: number
}

const processes = "query_name = 'running_processes_windows_sophos'"
const sockets = "query_name = 'open_sockets_windows'"
const absentHash = 'f'.repeat(64)

/** `guide` is the getting-started guide's statement. */
export function lakeQueries(log: FleetLog, guide: string): readonly LakeQuery[] {
  const { hash, host } = wantedOf(log)
  const both = (name: string, targetMs: number, sql: string, more: Partial<LakeQuery> = {}): LakeQuery => ({
    ...{ name, targetMs, sql: sql.replaceAll('@', 'xdr_data'), plain: sql.replaceAll('@', 'source') },
    ...more,
  })
  const lastHour = { lastHours: 1, plain: 'SELECT count(*) AS n FROM source WHERE calendar_time >= :from' }
  return [
    both(
      'rows by host',
      75,
      `SELECT meta_hostname, count(*) AS n FROM @ WHERE ${processes} GROUP BY meta_hostname ORDER BY n DESC, meta_hostname LIMIT 20`,
    ),
    both(
      'a hash that is nowhere',
      45,
      `SELECT meta_hostname, path FROM @ WHERE ${processes} AND sha256 = '${absentHash}'`,
    ),
    both("the guide's query LIMIT 1000", 250, `${guide.replace('FROM xdr_data', 'FROM @')}\nLIMIT 1000`),
    both(
      'a hash that is somewhere',
      140,
      `SELECT meta_hostname, path, cmdline, calendar_time FROM @ WHERE ${processes} AND sha256 = '${hash}'`,
    ),
    both('one host, all columns', 150, `SELECT * FROM @ WHERE ${processes} AND meta_hostname = '${host}'`),
    both(
      'processes joined with their sockets',
      250,
      `SELECT p.meta_hostname, p.path, s.remote_address, count(*) AS n FROM @ p JOIN @ s ` +
        `ON s.endpoint_id = p.endpoint_id AND s.sophos_pid = p.sophos_pid WHERE p.${processes} AND s.${sockets} ` +
        `AND s.remote_port NOT IN (80, 443) GROUP BY p.meta_hostname, p.path, s.remote_address ORDER BY n DESC LIMIT 100`,
    ),
    both('rows of the last hour, no query name', 170, 'SELECT count(*) AS n FROM @', lastHour),
    both(
      'the newest 1,000, all columns',
      120,
      `SELECT * FROM @ WHERE ${processes} ORDER BY calendar_time DESC LIMIT 1000`,
    ),
    both(
      'a text within command lines',
      200,
      `SELECT meta_hostname, cmdline FROM @ WHERE ${processes} AND cmdline LIKE '%-EncodedCommand%'`,
    ),
  ]
}

/** A hash and a host that the log is sure to have: those of one of its first process rows. */
function wantedOf(log: FleetLog): { readonly hash: string; readonly host: string } {
  for (let index = 0; index < log.lineCount; index += 1) {
    const line = log.line(index)
    if (!line.includes('running_processes_windows_sophos')) continue
    const hash = /"sha256":"([0-9a-f]{64})"/.exec(line)?.[1]
    const host = /"meta_hostname":"([^"]+)"/.exec(line)?.[1]
    if (hash !== undefined && host !== undefined) return { hash, host }
  }
  throw new Error('the log has no process')
}
