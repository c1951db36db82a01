import type { Ledger, LedgerLine, LineKind } from './buffered-log/ledger.ts'

// Whether a lake holds what its agents logged, line by line: every mark of every ledger against the marks that the
// lake's rows carry. The lake is asked for runs of marks, so that a few rows tell of millions of lines.

/** Marks `first` to `last` of one agent, each of them on `rows` rows. One row of the statement's result. */
export interface MarkRun {
  readonly agent: string
  /** As the lake calls the query; empty of statuses. */
  readonly query: string
  readonly rows: number
  readonly first: number
  readonly last: number
  /** The smallest and the greatest `endpoint_id` of these rows. */
  readonly hostFrom: string
  readonly hostTo: string
}

/** Columns: agent, query, n, first_mark, last_mark, host_from, host_to. `run`: agents are named `<run>-<number>`. */
export function markRunsSql(kind: LineKind, run: string): string {
  return `WITH lines AS (
${kind === 'result' ? markedResults(run) : markedStatuses(run)}
), marks AS (
  SELECT agent, query, mark, count(*) AS n, min(endpoint_id) AS host_from, max(endpoint_id) AS host_to
  FROM lines GROUP BY agent, query, mark
), numbered AS (
  SELECT agent, query, mark, n, host_from, host_to,
    mark - row_number() OVER (PARTITION BY agent, query, n ORDER BY mark) AS island
  FROM marks
)
SELECT agent, query, n, min(mark) AS first_mark, max(mark) AS last_mark, min(host_from) AS host_from,
  max(host_to) AS host_to
FROM numbered GROUP BY agent, query, n, island`
}

/** Answers of live queries carry what decorated the host's last line, its mark with it: they are no lines. */
function markedResults(run: string): string {
  return `  SELECT meta_simulator_agent AS agent, query_name AS query,
    CAST(meta_simulator_line AS bigint) AS mark, endpoint_id
  FROM xdr_data WHERE meta_simulator_agent LIKE '${run}-%' AND query_name NOT LIKE 'live/%'`
}

function markedStatuses(run: string): string {
  return `  SELECT regexp_extract(message, '#([^#/]+)/([0-9]+)$', 1) AS agent, '' AS query,
    CAST(regexp_extract(message, '#([^#/]+)/([0-9]+)$', 2) AS bigint) AS mark, endpoint_id
  FROM osquery_status WHERE message LIKE '%#${run}-%'`
}

/** A row of the statement's result as the API's JSON has it. */
export function parseMarkRun(row: Readonly<Record<string, unknown>>): MarkRun {
  return {
    agent: String(row['agent']),
    query: String(row['query']),
    rows: Number(row['n']),
    first: Number(row['first_mark']),
    last: Number(row['last_mark']),
    hostFrom: String(row['host_from']),
    hostTo: String(row['host_to']),
  }
}

export type Fault =
  /** Acknowledged, and not all of its rows are there. */
  | 'lost'
  /** More rows than it has. */
  | 'doubled'
  /** Some of its rows are there: no line may be torn. */
  | 'torn'
  /** There, although it was never sent or never logged. */
  | 'unexpected'

export interface FoundFault {
  readonly fault: Fault
  readonly agent: string
  readonly line: LedgerLine | undefined
  readonly mark: number
  readonly rowsFound: number
}

export interface Comparison {
  readonly faults: Readonly<Record<Fault, number>>
  /** Some of them, to look at. */
  readonly examples: readonly FoundFault[]
  /** Lines that must be there and are … */
  readonly present: number
  /** … and lines that may be there, for no answer said so: how many are. */
  readonly doubtfulPresent: number
  readonly doubtfulAbsent: number
  /** Lines acknowledged by an empty answer, which only something between agent and lake gives: how many are missing. */
  readonly nothingAbsent: number
  /** Query name in the log → names in the lake; more than one is a fault of the lake. */
  readonly queryNames: ReadonlyMap<string, ReadonlySet<string>>
  /** Agents whose rows are of more than one `endpoint_id`. */
  readonly splitHosts: readonly string[]
}

const examplesMax = 20

/** What was acknowledged before the lake was asked, by agents' names. */
export type AcknowledgedBefore = ReadonlyMap<string, (mark: number) => boolean>

/**
 * `ledgers` by agents' names. `runs` may come in any order. While agents go on, `before` is taken before the lake is
 * asked and the ledgers are read after: what was acknowledged in between may be there or not.
 */
export function compareWithLake(
  kind: LineKind,
  ledgers: ReadonlyMap<string, Ledger>,
  runs: readonly MarkRun[],
  before?: AcknowledgedBefore,
): Comparison {
  const faults: Record<Fault, number> = { lost: 0, doubled: 0, torn: 0, unexpected: 0 }
  const examples: FoundFault[] = []
  const tally = { present: 0, doubtfulPresent: 0, doubtfulAbsent: 0, nothingAbsent: 0 }
  const found = foundRows(ledgers, runs)
  for (const [agent, ledger] of ledgers) {
    const rowsOf = found.rows.get(agent) ?? new Map<number, number>()
    const wasAcknowledged = before?.get(agent)
    for (const known of ledger.lines()) {
      const isSettled = wasAcknowledged === undefined || known.state !== 'acknowledged' || wasAcknowledged(known.mark)
      const line: LedgerLine = isSettled ? known : { ...known, state: 'sent' }
      if (line.kind !== kind || line.rows === 0) continue
      const rowsFound = rowsOf.get(line.mark) ?? 0
      rowsOf.delete(line.mark)
      const fault = faultOf(line, rowsFound)
      if (fault === undefined) count(tally, line, rowsFound)
      else note({ fault, agent, line, mark: line.mark, rowsFound })
    }
  }
  for (const [agent, rowsOf] of found.rows) {
    for (const [mark, rowsFound] of rowsOf) {
      note({ fault: 'unexpected', agent, line: undefined, mark, rowsFound })
    }
  }

  function note(fault: FoundFault): void {
    faults[fault.fault] += 1
    if (examples.length < examplesMax) examples.push(fault)
  }

  return { faults, examples, ...tally, queryNames: found.queryNames, splitHosts: [...found.splitHosts] }
}

function faultOf({ state, rows }: LedgerLine, rowsFound: number): Fault | undefined {
  if (rowsFound > rows) return 'doubled'
  if (state === 'acknowledged') return rowsFound < rows ? 'lost' : undefined
  if (rowsFound === 0) return undefined
  if (state === 'waiting' || state === 'dropped') return 'unexpected'
  return rowsFound < rows ? 'torn' : undefined
}

type Tally = Record<'present' | 'doubtfulPresent' | 'doubtfulAbsent' | 'nothingAbsent', number>

function count(tally: Tally, { state }: LedgerLine, rowsFound: number): void {
  if (state === 'acknowledged') tally.present += 1
  else if (state === 'acknowledgedByNothing' && rowsFound === 0) tally.nothingAbsent += 1
  else if (state === 'waiting' || state === 'dropped') return
  else if (rowsFound > 0) tally.doubtfulPresent += 1
  else tally.doubtfulAbsent += 1
}

/** Rows of every mark, and what the lake calls the queries and hosts. */
function foundRows(ledgers: ReadonlyMap<string, Ledger>, runs: readonly MarkRun[]) {
  const rows = new Map<string, Map<number, number>>()
  const queryNames = new Map<string, Set<string>>()
  const hosts = new Map<string, string>()
  const splitHosts = new Set<string>()
  for (const run of runs) {
    const rowsOf = rows.get(run.agent) ?? new Map<number, number>()
    rows.set(run.agent, rowsOf)
    for (let mark = run.first; mark <= run.last; mark += 1) rowsOf.set(mark, (rowsOf.get(mark) ?? 0) + run.rows)
    const host = hosts.get(run.agent) ?? run.hostFrom
    hosts.set(run.agent, host)
    if (run.hostFrom !== host || run.hostTo !== host) splitHosts.add(run.agent)
    const name = nameOf(ledgers.get(run.agent), run.first)
    if (name !== undefined) queryNames.set(name, (queryNames.get(name) ?? new Set()).add(run.query))
  }
  return { rows, queryNames, splitHosts }
}

function nameOf(ledger: Ledger | undefined, mark: number): string | undefined {
  try {
    return ledger?.line(mark).name
  } catch {
    // A mark that was never given: counted as unexpected.
    return undefined
  }
}
