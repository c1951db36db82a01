import { sha256Hex } from '../../model/ids.ts'
import { programs } from '../catalogue-programs.ts'
import type { SimulatedHost } from '../hosts.ts'
import type { Row } from '../result-line.ts'

// A query of the simulator's own, beside those that the agent is told: processes started at a steady rate, so that a
// fleet logs as much as is asked for.

export interface OwnQuery {
  readonly name: string
  readonly sql: string
  /** Seconds between executions. */
  readonly interval: number
  /** Seconds after the interval's multiples: spreads the hosts. */
  readonly offset: number
  /** What happened since the execution before, which was at `since`; both in seconds. */
  events(since: number, until: number): readonly Row[]
}

export function steadyProcesses(host: SimulatedHost, linesPerMinute: number, interval: number): OwnQuery {
  const seed = Number.parseInt(sha256Hex(host.identifier).slice(0, 8), 16)
  const isWindows = host.platform === 'windows'
  const started = programs[host.platform].filter(({ weight }) => weight > 0)
  let count = 0
  let carried = 0

  function processAt(time: number): Row {
    const program = started[(seed + count) % started.length]!
    count += 1
    const pid = String(1_000 + ((seed + count * 4) % 60_000))
    return {
      pid,
      parent: String(600 + (seed % 300)),
      path: program.path,
      cmdline: program.commandLines[count % program.commandLines.length] ?? program.path,
      [isWindows ? 'process_name' : 'name']: program.name,
      time: String(time),
      uid: isWindows ? '1001' : '1000',
      eid: `${seed.toString(16)}${count.toString(16).padStart(8, '0')}`,
    }
  }

  return {
    name: isWindows ? 'process_etw_events' : 'process_events',
    sql: `SELECT * FROM ${isWindows ? 'process_etw_events' : 'process_events'}`,
    interval,
    offset: seed % Math.max(1, interval),
    events(since, until) {
      const due = carried + (linesPerMinute * (until - since)) / 60
      carried = due - Math.floor(due)
      return Array.from({ length: Math.floor(due) }, (_, index) =>
        processAt(since + Math.floor(((until - since) * index) / due)),
      )
    },
  }
}
