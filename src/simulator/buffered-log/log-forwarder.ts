import type { AgentFlags } from '../agent/flags.ts'
import type { Judgement } from '../remote/judgement.ts'
import type { Ledger, LineKind } from './ledger.ts'
import type { LogStore, StoredLine } from './log-store.ts'

// Sends the buffered log (plugins/logger/buffered.cpp, tls_logger.cpp). One flush takes the first lines of the store,
// posts its results and then its statuses, each once, and deletes what was acknowledged. After a failure of one kind
// that kind waits period × n²; the other goes on. The lines of a failed request are the first of the next, with others
// behind or between them.
//
// A flush looks at the first `logger_tls_max_lines` of both kinds together: while so many results wait, no status goes.

export interface LogForwarderParts {
  readonly flags: () => AgentFlags
  readonly store: LogStore
  readonly ledger: Ledger
  /** One request without a second attempt. */
  readonly send: (kind: LineKind, lines: readonly Buffer[]) => Promise<Judgement>
  readonly wait: (seconds: number) => Promise<void>
  readonly isStopped: () => boolean
  /** Lines were dropped because the store was full. */
  readonly onPurge: (max: number, size: number) => void
}

interface Backoff {
  failures: number
  /** Seconds left. */
  left: number
}

export interface LogForwarder {
  /** Flushes until the agent stops. */
  run(): Promise<void>
  /** One flush, whatever the back-off says. */
  flush(): Promise<void>
}

export function openLogForwarder(parts: LogForwarderParts): LogForwarder {
  const { flags, store, ledger, wait, isStopped } = parts
  const backoffs: Record<LineKind, Backoff> = {
    result: { failures: 0, left: 0 },
    status: { failures: 0, left: 0 },
  }
  const isWaiting = (kind: LineKind): boolean => backoffs[kind].left > 0

  async function send(kind: LineKind, lines: readonly StoredLine[]): Promise<void> {
    const { logger_tls_max_linesize: bytesMax } = flags()
    const sendable = lines.filter(line => line.bytes.length <= bytesMax)
    for (const { mark } of sendable) ledger.sent(mark)
    const judgement = await parts.send(
      kind,
      sendable.map(line => line.bytes),
    )
    if (!judgement.isSuccess) return backOff(backoffs[kind])
    for (const line of lines) {
      if (line.bytes.length > bytesMax) ledger.dropped(line.mark)
      else ledger.acknowledged(line.mark, judgement.isEmpty)
    }
    store.remove(lines)
    backoffs[kind] = { failures: 0, left: 0 }
  }

  function backOff(backoff: Backoff): void {
    const { logger_tls_period: period, logger_tls_backoff_max: max } = flags()
    // An agent that is stopped in the middle learns nothing from it.
    if (max === 0 || isStopped()) return
    backoff.failures += 1
    backoff.left = period * backoff.failures ** 2
    if (backoff.left <= max) return
    backoff.left = max
    backoff.failures -= 1
  }

  async function flush(kinds: readonly LineKind[]): Promise<void> {
    const first = store.first(flags().logger_tls_max_lines)
    for (const kind of kinds) {
      const lines = first.filter(line => line.kind === kind)
      if (lines.length > 0) await send(kind, lines)
      if (isStopped()) return
    }
    const { buffered_log_max: max } = flags()
    const size = store.size
    if (max === 0 || size <= max) return
    for (const { mark } of store.purge(max)) ledger.dropped(mark)
    parts.onPurge(max, size)
  }

  function tick(): void {
    const { logger_tls_period: period, logger_tls_backoff_max: max } = flags()
    for (const backoff of Object.values(backoffs)) {
      if (max <= period) Object.assign(backoff, { failures: 0, left: 0 })
      else backoff.left = Math.max(0, backoff.left - period)
    }
  }

  const kinds: readonly LineKind[] = ['result', 'status']
  return {
    async run() {
      while (!isStopped()) {
        await flush(kinds.filter(kind => !isWaiting(kind)))
        do {
          await wait(flags().logger_tls_period)
          tick()
        } while (!isStopped() && kinds.every(isWaiting))
      }
    },
    flush: () => flush(kinds),
  }
}
