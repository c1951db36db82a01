import type { AgentFlags } from '../agent/flags.ts'
import { lineBytes, type Misbehaviour, spoilRow } from '../agent/misbehaviour.ts'
import { decorationsOf, type SimulatedHost } from '../hosts.ts'
import { calendarTime, type Report, type Row, resultLines } from '../result-line.ts'
import { type Ledger, markDecorations, markedMessage } from './ledger.ts'
import type { LogStore } from './log-store.ts'

// Puts what an agent has to say into its buffered log: results of scheduled queries, and statuses, which are what
// osqueryd itself writes to its log.

export interface AgentLogParts {
  readonly host: SimulatedHost
  readonly osqueryVersion: string
  readonly flags: () => AgentFlags
  readonly store: LogStore
  readonly ledger: Ledger
  readonly markedAs: string | undefined
  readonly misbehaviour: Misbehaviour
  /** Seconds. */
  readonly now: () => number
}

export type Severity = 'info' | 'warning' | 'error'

export interface AgentLog {
  report(report: Report): void
  /** `place`: source file and line, as in `scheduler.cpp:80`. */
  status(severity: Severity, place: string, message: string): void
}

const severities: readonly Severity[] = ['info', 'warning', 'error']

export function openAgentLog(parts: AgentLogParts): AgentLog {
  const { host, flags, store, ledger, markedAs, misbehaviour, now } = parts
  const isSpoilt = Object.keys(misbehaviour).length > 0
  let rowCount = 0

  function spoil(rows: readonly Row[]): readonly Row[] {
    if (!isSpoilt) return rows
    return rows.map(row => {
      rowCount += 1
      return spoilRow(row, rowCount, misbehaviour)
    })
  }

  function spoiltReport(report: Report): Report {
    const { content } = report
    if (content.kind === 'snapshot') return { ...report, content: { ...content, rows: spoil(content.rows) } }
    return { ...report, content: { ...content, added: spoil(content.added), removed: spoil(content.removed) } }
  }

  function report(given: Report): void {
    const marks: number[] = []
    const mark = (rows: number): Row => {
      const number = ledger.add('result', given.queryName, rows)
      marks.push(number)
      return markedAs === undefined ? {} : markDecorations(markedAs, number)
    }
    const lines = resultLines({ ...host, style: styleOf(host, flags()) }, isSpoilt ? spoiltReport(given) : given, mark)
    for (const [at, line] of lines.entries()) store.add('result', marks[at]!, lineBytes(line, misbehaviour), now())
  }

  function status(severity: Severity, place: string, message: string): void {
    const level = severities.indexOf(severity)
    if (level < flags().logger_min_status) return
    const mark = ledger.add('status', '', 1)
    const [filename = '', line = '0'] = place.split(':')
    const time = now()
    const body = {
      hostIdentifier: host.identifier,
      calendarTime: calendarTime(time),
      unixTime: time,
      severity: level,
      filename,
      line: Number(line),
      message: markedAs === undefined ? message : markedMessage(message, markedAs, mark),
      version: parts.osqueryVersion,
      decorations: decorationsOf(host),
    }
    store.add('status', mark, Buffer.from(JSON.stringify(body)), time)
  }

  return { report, status }
}

/** The forms of lines are flags; names come whole from the schedule. */
function styleOf({ style }: SimulatedHost, flags: AgentFlags): SimulatedHost['style'] {
  return {
    differences: flags.logger_event_type ? 'events' : 'batch',
    snapshots: flags.logger_snapshot_event_type ? 'events' : 'whole',
    hasNumerics: flags.logger_numerics,
    namePrefix: '',
    decorationPrefix: style.decorationPrefix,
  }
}

/** The flags as this host's flagfile has them. */
export function flagsOfHost({ style }: SimulatedHost, flags: AgentFlags): AgentFlags {
  return {
    ...flags,
    logger_event_type: style.differences === 'events',
    logger_snapshot_event_type: style.snapshots === 'events',
    logger_numerics: style.hasNumerics,
  }
}
