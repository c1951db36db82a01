import type { SimulatedHost } from '../hosts.ts'
import type { OwnQuery } from '../queries/own-queries.ts'
import type { ParseAnswer } from '../remote/answer-cache.ts'
import type { Trust } from '../remote/transport.ts'
import type { AgentEffects } from './agent-effects.ts'
import type { AgentFlags } from './flags.ts'
import type { Misbehaviour } from './misbehaviour.ts'
import type { AgentPaths, Exchange } from './requests.ts'

export interface AgentOptions {
  readonly host: SimulatedHost
  readonly seed: string
  /** Of the server, such as `https://lake.example:8443`. */
  readonly origin: string
  readonly paths: AgentPaths
  readonly enrollSecret: string
  /** As in its flagfile, but for the forms of lines, which are the host's. */
  readonly flags: AgentFlags
  readonly osqueryVersion: string
  readonly trust?: Trust | undefined
  /** Default: shared. */
  readonly connections?: 'shared' | 'own'
  /** Scheduled queries beside those of the configuration. */
  readonly own?: readonly OwnQuery[]
  /** Those of the configuration are loaded and never executed: for figures of a load that is known to the line. */
  readonly executesOwnOnly?: boolean
  /** Lines carry this name and their mark, for comparing the lake with the ledger. */
  readonly markedAs?: string | undefined
  readonly misbehaviour?: Misbehaviour
  readonly effects: AgentEffects
  /** Real time. Default: osquery's 16 s. */
  readonly requestTimeoutMs?: number
  /** Default: each answer on its own. */
  readonly parse?: ParseAnswer
  readonly onExchange?: (exchange: Exchange) => void
}
