import { liveDecorationBytesMax, livePartBytesMax, livePartRowsMax, liveRowBytesMax } from '../limits/live.ts'
import type { Host } from '../model/host.ts'
import { type LiveRun, liveQueryName } from '../model/live-run.ts'
import { formatInstant } from '../model/time-range.ts'
import type { DistributedAnswer, DistributedRow } from '../osquery/distributed.ts'

// A host's answer as lines of the lake, in the snapshot form of osquery's own log. Pure. A line is a part of the
// answer: what a page reads, and what is sent to the lake again as it stands after a crash, so that the nets against
// resends know it.

export interface AnswerPart {
  readonly line: string
  readonly rowCount: number
  /** Of the rows, as JSON. */
  readonly bytes: number
}

export interface AnswerLines {
  /** At least one: an answer without rows is a line without rows. */
  readonly parts: readonly AnswerPart[]
  /** In the order in which they came. */
  readonly columns: readonly string[]
  /** Rows that came and are in no part. */
  readonly droppedRows: number
}

/** `at`: when it came, ms. */
export function answerLines(run: LiveRun, host: Host, answer: DistributedAnswer, at: number): AnswerLines {
  const head = headOf(run, host, at)
  const parts: AnswerPart[] = []
  const columns = new Set<string>()
  let rows: string[] = []
  let bytes = 0
  let droppedRows = answer.droppedRows
  const close = () => {
    // Numbered, so that two equal parts are two lines.
    const line = `${head},"counter":${parts.length},"action":"snapshot","snapshot":[${rows.join(',')}]}`
    parts.push({ line, rowCount: rows.length, bytes })
    rows = []
    bytes = 0
  }
  for (const row of answer.rows) {
    const text = JSON.stringify(row)
    const size = Buffer.byteLength(text)
    if (size > liveRowBytesMax) {
      droppedRows += 1
      continue
    }
    if (rows.length > 0 && (rows.length >= livePartRowsMax || bytes + size > livePartBytesMax)) close()
    for (const name of Object.keys(row)) columns.add(name)
    rows.push(text)
    bytes += size
  }
  if (rows.length > 0 || parts.length === 0) close()
  return { parts, columns: [...columns], droppedRows }
}

/** The rows of a part's line. */
export function rowsOfLine(line: string): readonly DistributedRow[] {
  return (JSON.parse(line) as { snapshot: readonly DistributedRow[] }).snapshot
}

/** The beginning of each line: everything but its number and rows. */
function headOf(run: LiveRun, host: Host, at: number): string {
  const header = {
    name: liveQueryName(run),
    hostIdentifier: host.hostIdentifier,
    calendarTime: formatInstant(at),
    unixTime: Math.floor(at / 1000),
    epoch: 0,
    numerics: false,
    decorations: { live_run_id: run.id, ...decorationsOf(host) },
  }
  return JSON.stringify(header).slice(0, -1)
}

/** What the agent decorates its lines with, else what it told when it enrolled; as much as its lines may repeat. */
function decorationsOf({ facts }: Host): Readonly<Record<string, string>> {
  const told = {
    ...{ hostname: facts.hostname, os_name: facts.osName, os_version: facts.osVersion, os_platform: facts.platform },
    ...{ public_ip: facts.publicIp, ...facts.decorations },
  }
  const kept: Record<string, string> = {}
  let bytes = 0
  for (const [name, value] of Object.entries(told)) {
    if (value === undefined || name === 'live_run_id') continue
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
    if (bytes > liveDecorationBytesMax) break
    kept[name] = value
  }
  return kept
}
