import type { Ledger } from '../buffered-log/ledger.ts'
import type { SimulatedHost } from '../hosts.ts'
import type { AgentOptions } from './agent-options.ts'
import { openAgentParts } from './agent-parts.ts'

// An osquery agent: everything that osqueryd does towards a TLS server, by its own rules. Modes: stopped → working
// (`start`) → stopped (`stop`); a worker that dies (`crash`) is started again after a pause. What survives the worker:
// node key, buffered log, states of scheduled queries, pending live queries.

export interface Agent {
  readonly host: SimulatedHost
  readonly ledger: Ledger
  /** Empty before the enrolment. */
  readonly nodeKey: string
  /** Lines that no answer has acknowledged. */
  readonly buffered: number
  /** The configuration in force, as it was served; undefined before the first. */
  readonly configuration: unknown
  start(): void
  /** Resolves when nothing of the agent is going on any more. The buffered log stays for another `start`. */
  stop(): Promise<void>
  /** The worker dies now. */
  crash(): void
  /** Scheduled queries end; what is buffered goes on being sent. */
  quiet(): void
}

/** The watcher starts a worker anew after this. */
const restartSeconds = 1

export function openAgent(options: AgentOptions): Agent {
  const { effects } = options
  let worker = new AbortController()
  let stopping = new AbortController()
  stopping.abort()
  const isStopping = (): boolean => stopping.signal.aborted
  let working: Promise<void> = Promise.resolve()
  const skewMs = options.misbehaviour?.clockSkewMs ?? 0
  const { ledger, store, requests, configuration, forwarder, scheduler, live } = openAgentParts(options, {
    now: () => Math.floor((effects.clock() + skewMs) / 1000),
    wait: seconds => effects.wait(seconds * 1000, worker.signal),
    isStopped: () => worker.signal.aborted,
    crash,
  })

  function endWorker(): void {
    worker.abort()
    scheduler.wake()
    requests.close()
  }

  function crash(): void {
    if (!isStopping()) endWorker()
  }

  async function work(): Promise<void> {
    while (!isStopping()) {
      worker = new AbortController()
      await configuration.load()
      const services = [configuration.refresh(), forwarder.run(), scheduler.run()]
      if (!configuration.flags.disable_distributed) services.push(live.run())
      await Promise.all(services)
      live.forgetResults()
      await effects.wait(restartSeconds * 1000, stopping.signal)
    }
  }

  return {
    ...{ host: options.host, ledger, crash },
    get nodeKey() {
      return requests.nodeKey
    },
    get buffered() {
      return store.size
    },
    get configuration() {
      return configuration.served
    },
    start() {
      if (!isStopping()) return
      stopping = new AbortController()
      working = working.then(work)
    },
    async stop() {
      stopping.abort()
      endWorker()
      await working
    },
    quiet: () => scheduler.pause(),
  }
}
