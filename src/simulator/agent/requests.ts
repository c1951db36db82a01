import { gunzipSync, gzipSync } from 'node:zlib'
import type { ParseAnswer } from '../remote/answer-cache.ts'
import type { HttpAnswer } from '../remote/answer-reader.ts'
import { type Judgement, judgeAnswer } from '../remote/judgement.ts'
import { openTransport, RequestFailure, type Transport, type TransportOptions } from '../remote/transport.ts'

// An agent's requests (osquery/remote/utility.h): each carries the node key, which is got first where there is none and
// thrown away when an answer calls it invalid; some are made several times, waiting n² seconds in between.

export type Route = 'enroll' | 'config' | 'log' | 'read' | 'write'

/** Paths on the server, each with a leading slash. */
export type AgentPaths = Readonly<Record<Route, string>>

export const osqueryPaths: AgentPaths = {
  enroll: '/osquery/v1/enroll',
  config: '/osquery/v1/config',
  log: '/osquery/v1/log',
  read: '/osquery/v1/distributed/read',
  write: '/osquery/v1/distributed/write',
}

export const fleetPaths: AgentPaths = {
  enroll: '/api/osquery/enroll',
  config: '/api/osquery/config',
  log: '/api/osquery/log',
  read: '/api/osquery/distributed/read',
  write: '/api/osquery/distributed/write',
}

export function osctrlPaths(environment: string): AgentPaths {
  const at = (name: string): string => `/${environment}/${name}`
  return { enroll: at('enroll'), config: at('config'), log: at('log'), read: at('read'), write: at('write') }
}

/** One request and what became of it, for figures. */
export interface Exchange {
  readonly route: Route
  /** Real milliseconds from the first byte to the judgement. */
  readonly ms: number
  /** undefined: no answer came. */
  readonly status: number | undefined
  readonly outcome: 'success' | 'empty' | 'refused' | 'nodeInvalid' | 'lost' | 'late'
  /** Why, where it is no success. */
  readonly reason: string
}

export interface RequestsOptions extends TransportOptions {
  readonly origin: string
  readonly paths: AgentPaths
  readonly osqueryVersion: string
  readonly acceptsGzip: boolean
  readonly parse: ParseAnswer
  /** One connection for everything, or one for each of an agent's threads, as osquery has. */
  readonly connections: 'shared' | 'own'
  /** Gets a node key, through `post`; empty where none is to be had. */
  readonly enrol: (post: () => Promise<Buffer>) => Promise<string>
  readonly enrolmentBody: () => object
  readonly wait: (seconds: number) => Promise<void>
  readonly isStopped: () => boolean
  readonly onExchange: (exchange: Exchange) => void
}

export interface Requests {
  /** The node key, kept over a restart of the agent. */
  nodeKey: string
  /** One request without a second attempt. `bodyOf` gets the node key. */
  once(route: Route, bodyOf: (nodeKey: string) => Buffer, isPacked?: boolean): Promise<Judgement>
  /** Up to `attempts` requests. */
  repeated(route: Route, bodyOf: (nodeKey: string) => Buffer, attempts: number): Promise<Judgement>
  close(): void
}

/** From this release on the node key is also in a header. */
const headerSince = [5, 23]

export function openRequests(options: RequestsOptions): Requests {
  const { origin, paths, wait, isStopped } = options
  const transports = new Map<string, Transport>()
  const hasHeader = isSince(options.osqueryVersion)
  let enrolling: Promise<string> | undefined
  const requests: Requests = { nodeKey: '', once, repeated, close }

  function transportOf(route: Route): Transport {
    const thread = options.connections === 'shared' ? 'all' : threadOf(route)
    const known = transports.get(thread)
    if (known !== undefined) return known
    const transport = openTransport(options)
    transports.set(thread, transport)
    return transport
  }

  function headersOf(nodeKey: string, isPacked: boolean): Readonly<Record<string, string>> {
    return {
      'User-Agent': `osquery/${options.osqueryVersion}`,
      'Content-Type': 'application/json',
      Accept: 'application/json',
      ...(hasHeader && nodeKey !== '' ? { Authorization: `NodeKey ${nodeKey}` } : {}),
      ...(isPacked ? { 'Content-Encoding': 'gzip' } : {}),
      ...(options.acceptsGzip ? { 'Accept-Encoding': 'gzip' } : {}),
    }
  }

  async function post(route: Route, over: Transport, body: Buffer, nodeKey: string, isPacked = false) {
    let startedAt = performance.now()
    const request = {
      url: new URL(paths[route], origin),
      headers: headersOf(nodeKey, isPacked),
      body: isPacked ? gzipSync(body) : body,
      // Not what it waited for another request of the same agent.
      onStart: () => {
        startedAt = performance.now()
      },
    }
    const tell = (outcome: Exchange['outcome'], status: number | undefined, reason: string): void =>
      options.onExchange({ route, ms: performance.now() - startedAt, status, outcome, reason })
    try {
      const answer = await over.post(request)
      const answered = inflated(answer)
      const judgement = judgeAnswer(answered, options.parse)
      tell(outcomeOf(judgement), answer.status, judgement.isSuccess ? '' : judgement.reason)
      return { body: answered, judgement }
    } catch (error) {
      const { isTimeout = false, message } = error as RequestFailure
      if (!isStopped()) tell(isTimeout ? 'late' : 'lost', undefined, message)
      throw error
    }
  }

  function inflated({ headers, body }: HttpAnswer): Buffer {
    return options.acceptsGzip && headers.get('content-encoding') === 'gzip' ? gunzipSync(body) : body
  }

  /** All that need a key at once wait for the same enrolment. */
  async function nodeKeyFor(route: Route): Promise<string> {
    if (requests.nodeKey !== '') return requests.nodeKey
    const over = transportOf(route)
    enrolling ??= options
      .enrol(async () => {
        const body = Buffer.from(JSON.stringify(options.enrolmentBody()))
        return (await post('enroll', over, body, '')).body
      })
      .finally(() => {
        enrolling = undefined
      })
    const key = await enrolling
    if (key !== '') requests.nodeKey = key
    return key
  }

  async function once(route: Route, bodyOf: (nodeKey: string) => Buffer, isPacked = false): Promise<Judgement> {
    const nodeKey = await nodeKeyFor(route)
    if (isStopped()) return failed('the agent has stopped')
    try {
      const { judgement } = await post(route, transportOf(route), bodyOf(nodeKey), nodeKey, isPacked)
      // Another request may have enrolled anew meanwhile.
      if (!judgement.isSuccess && judgement.isNodeInvalid && requests.nodeKey === nodeKey) requests.nodeKey = ''
      return judgement
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error
      return failed(error.message)
    }
  }

  async function repeated(route: Route, bodyOf: (nodeKey: string) => Buffer, attempts: number): Promise<Judgement> {
    for (let attempt = 1; ; attempt += 1) {
      const judgement = await once(route, bodyOf)
      if (judgement.isSuccess || attempt >= attempts || isStopped()) return judgement
      await wait(attempt ** 2)
      if (isStopped()) return judgement
    }
  }

  function close(): void {
    for (const transport of transports.values()) transport.close()
    transports.clear()
  }

  return requests
}

function failed(reason: string): Judgement {
  return { isSuccess: false, reason, isNodeInvalid: false }
}

function outcomeOf(judgement: Judgement): Exchange['outcome'] {
  if (judgement.isSuccess) return judgement.isEmpty ? 'empty' : 'success'
  return judgement.isNodeInvalid ? 'nodeInvalid' : 'refused'
}

function threadOf(route: Route): string {
  return route === 'log' ? 'log' : route === 'read' || route === 'write' ? 'distributed' : 'config'
}

function isSince(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > headerSince[0]! || (major === headerSince[0] && minor >= headerSince[1]!)
}
