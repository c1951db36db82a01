import { AppError } from '../model/errors.ts'

// Distributed queries on the wire: what an agent asks and is given, what it brings back. Forms and variations: osquery
// `plugins/distributed/tls_distributed.cpp` and `osquery/distributed/distributed.cpp`; statuses are SQLite's result
// codes, 0 is success.

export interface DistributedReadAnswer {
  /** SQL by query id. */
  readonly queries: Readonly<Record<string, string>>
  /** SQL by query id: the query runs where this one has rows. One error in it costs the agent the whole answer. */
  readonly discovery?: Readonly<Record<string, string>>
  /** Whole seconds for which the agent asks every five seconds. */
  readonly accelerate?: number
}

/** What agents get when nothing waits for them, as text. */
export const emptyDistributedRead = '{"queries":{}}'

/** The answer as JSON; `accelerate` is an integer there, as agents insist. */
export function renderDistributedRead({ queries, discovery, accelerate }: DistributedReadAnswer): string {
  const rest = accelerate === undefined ? {} : { accelerate: Math.max(1, Math.trunc(accelerate)) }
  return JSON.stringify({ queries, ...(discovery === undefined ? {} : { discovery }), ...rest })
}

/** What one row holds: texts, as osquery gives them, or null where an agent sent that. */
export type DistributedRow = Readonly<Record<string, string | null>>

/** What the agent measured of one query; undefined: not told. Times in ms, memory in bytes. */
export interface DistributedStats {
  readonly wallTimeMs?: number | undefined
  readonly userTimeMs?: number | undefined
  readonly systemTimeMs?: number | undefined
  readonly memoryBytes?: number | undefined
}

/** One query's outcome at one host. */
export interface DistributedAnswer {
  /** 0: it ran. */
  readonly status: number
  /** What went wrong; undefined: nothing was said. */
  readonly message: string | undefined
  readonly rows: readonly DistributedRow[]
  /** Rows that came and were not kept. */
  readonly droppedRows: number
  readonly stats: DistributedStats
}

/** By query id. */
export type DistributedAnswers = ReadonlyMap<string, DistributedAnswer>

export interface DistributedWrite {
  /** undefined: the body names none; it may stand in a header. */
  readonly nodeKey: string | undefined
  readonly answers: DistributedAnswers
}

/**
 * The node key in the body of distributed/read; undefined where it names none. Throws `invalid_argument` for
 * one that is no JSON object.
 */
export function parseDistributedRead(bytes: Buffer): string | undefined {
  let body: unknown
  try {
    body = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw new AppError('invalid_argument', 'the body is not JSON', { cause: error })
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new AppError('invalid_argument', 'the body is no JSON object')
  }
  const key = (body as Record<string, unknown>)['node_key']
  return typeof key === 'string' ? key : undefined
}

/** Why an agent would not run a query that ended its worker within the last 24 hours. */
const denylistedPattern = /denylisted|blacklisted/i

export function isDenylisted({ status, message }: Pick<DistributedAnswer, 'status' | 'message'>): boolean {
  return status !== 0 && message !== undefined && denylistedPattern.test(message)
}
