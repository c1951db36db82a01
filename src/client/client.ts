import type { IngestReply } from '../api/ingest.ts'
import type { Run } from '../api/query-runs.ts'
import type { WireTenant } from '../api/tenants.ts'
import type { Whoami } from '../api/whoami.ts'
import { type Clock, systemClock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import type { QueryVariable } from '../model/query-run.ts'
import { parseExactJson } from './exact-json.ts'
import { type ResultPage, resultPages } from './results.ts'
import { type Credentials, openSession, openSourceSession, type Session } from './session.ts'
import { type ApiRequest, openTransport, type TransportEffects } from './transport.ts'

// The public API as functions: what the CLI, the console and the tools for language models call. Holds no resource but
// a token; nothing needs closing.

export type ClientOptions = (Credentials | SourceToken) & {
  /** Origin of the lake, with or without a trailing slash. */
  readonly url: string
  /** The tenant the calls are about; undefined: the principal's own, or the source's. */
  readonly tenantId?: string | undefined
  readonly effects?: Partial<TransportEffects> & { readonly clock?: Clock }
}

/** Good for `ingest` and the question how far imports have come, and nothing else. */
export interface SourceToken {
  readonly ingestToken: string
}

export interface RunRequest {
  readonly template: string
  readonly name?: string
  readonly variables?: readonly QueryVariable[]
  /** As the wire has them: instants, dates or durations; `to` inclusive. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly hostIds?: readonly string[]
}

export interface IngestOptions {
  /** Which file the lines are of, and the number of the first of them: the server skips what it already has. */
  readonly importId?: string
  readonly firstLine?: number
  readonly isGzip?: boolean
  readonly signal?: AbortSignal
}

export interface AwaitOptions {
  readonly signal?: AbortSignal
  /** Called with every state seen, the last one included. */
  readonly onPoll?: (run: Run) => void
}

/** Every function rejects with AppError: the server's refusal, `unavailable` without an answer, `canceled`. */
export interface LakeClient {
  whoami(signal?: AbortSignal): Promise<Whoami>
  /** Every tenant a partner's or organization's principal manages; page after page. */
  tenants(signal?: AbortSignal): AsyncGenerator<WireTenant>
  startRun(request: RunRequest, signal?: AbortSignal): Promise<Run>
  getRun(id: string, signal?: AbortSignal): Promise<Run>
  /** Resolves when the run is finished, however it ended; asks with long polls. An abort ends the one under way. */
  awaitRun(id: string, options?: AwaitOptions): Promise<Run>
  /** True when the run was still going. */
  cancelRun(id: string, signal?: AbortSignal): Promise<boolean>
  /** The pages of a succeeded run in order; reads the next one only when asked. */
  resultPages(id: string, options?: { pageSize?: number; signal?: AbortSignal }): AsyncGenerator<ResultPage>
  /** Any other route, in the tenant's name; resolves to the reply's JSON, whole numbers beyond 2^53 as ExactNumber. */
  call(request: CallRequest): Promise<unknown>
  /** A reply that is a file, whatever its type. */
  download(request: CallRequest): Promise<Blob>
  /** Result-log lines, one JSON object a line. Resolves once they are durable. */
  ingest(body: Uint8Array<ArrayBuffer>, options?: IngestOptions): Promise<IngestReply>
}

/** `json` is sent as JSON, `text` as it is; one of them at most. */
export interface CallRequest extends Pick<ApiRequest, 'method' | 'path' | 'query' | 'isRepeatable' | 'signal'> {
  readonly json?: unknown
  readonly text?: string
  /** True for a route about what the principal belongs to: no tenant is named. */
  readonly isAccount?: boolean
}

const runsPath = '/xdr-query/v1/queries/runs'
const pageRows = 2_000
/** How long the lake may hold one answer back: so often a run that goes on says how far it is. */
const pollWaitSeconds = 2
const firstPauseMs = 50
const pauseMsMax = 1_000

export function openClient(options: ClientOptions): LakeClient {
  const effects = { fetch: callFetch, wait: waitFor, random: Math.random, clock: systemClock, ...options.effects }
  const transport = openTransport(options.url, effects)
  const isSource = 'ingestToken' in options
  const session = isSource
    ? openSourceSession(transport, options.ingestToken)
    : openSession(transport, options, effects.clock)
  const tenant = tenantResolver(session, options.tenantId)

  /** A source's token says whose it is. */
  async function tenantHeader(signal: AbortSignal | undefined): Promise<Record<string, string>> {
    if (isSource && options.tenantId === undefined) return {}
    return { 'x-tenant-id': await tenant(signal) }
  }

  async function send(request: Omit<ApiRequest, 'headers'> & { headers?: Record<string, string> }): Promise<unknown> {
    const headers = { ...request.headers, ...(await tenantHeader(request.signal)) }
    return parseReply((await session.send({ ...request, headers })).text)
  }

  /** With `wait`, in seconds, the answer comes when the run has ended, at the latest after that. */
  async function askForRun(id: string, wait: number | undefined, signal: AbortSignal | undefined): Promise<Run> {
    return (await send({ method: 'GET', path: runPath(id), query: { wait }, isRepeatable: true, signal })) as Run
  }

  return {
    whoami: signal => whoami(session, signal),
    tenants: signal => listTenants(session, signal),
    startRun: async (request, signal) => {
      const body = JSON.stringify(runBody(request))
      const headers = { 'content-type': 'application/json' }
      return (await send({ method: 'POST', path: runsPath, headers, body, isRepeatable: false, signal })) as Run
    },
    getRun: (id, signal) => askForRun(id, undefined, signal),
    awaitRun: async (id, { signal, onPoll } = {}) => {
      for (let pauseMs = firstPauseMs; ; ) {
        const askedAt = effects.clock()
        const run = await askForRun(id, pollWaitSeconds, signal)
        onPoll?.(run)
        if (run.status === 'finished') return run
        // A lake that is stopping, or something in front of it, does not hold answers back.
        if (effects.clock() - askedAt >= pollWaitSeconds * 500) continue
        await effects.wait(pauseMs, signal)
        pauseMs = Math.min(pauseMsMax, pauseMs * 1.5)
      }
    },
    cancelRun: async (id, signal) => {
      const path = `${runPath(id)}/cancel`
      const headers = { 'content-type': 'application/json' }
      const answer = await send({ method: 'POST', path, headers, body: '{}', isRepeatable: true, signal })
      return (answer as { canceled: boolean }).canceled
    },
    resultPages: (id, { pageSize = pageRows, signal } = {}) =>
      resultPages(key => {
        const query = { pageSize, pageFromKey: key }
        return send({ method: 'GET', path: `${runPath(id)}/results`, query, isRepeatable: true, signal })
      }),
    call: async ({ isAccount, ...request }) => {
      if (isAccount !== true) return send(jsonRequest(request))
      return parseReply((await session.send(jsonRequest(request))).text)
    },
    download: async request => {
      const prepared = jsonRequest(request)
      const headers = { ...prepared.headers, ...(await tenantHeader(request.signal)) }
      const answer = await session.send({ ...prepared, headers, isFile: true })
      return answer.file ?? new Blob([answer.text])
    },
    ingest: async (body, { importId, firstLine, isGzip, signal } = {}) => {
      const headers = { 'content-type': 'application/x-ndjson', ...(isGzip ? { 'content-encoding': 'gzip' } : {}) }
      const query = { importId, firstLine }
      // Without an import id a repeat could double lines that were stored but not answered.
      const isRepeatable = importId !== undefined
      const path = '/lake/v1/ingest/osquery'
      return (await send({ method: 'POST', path, query, headers, body, isRepeatable, signal })) as IngestReply
    },
  }
}

/** An answer without a body, 204, is undefined. */
function parseReply(text: string): unknown {
  return text === '' ? undefined : parseExactJson(text)
}

function jsonRequest({
  json,
  text,
  ...request
}: CallRequest): Omit<ApiRequest, 'headers'> & { headers?: Record<string, string> } {
  if (text !== undefined) return { ...request, headers: { 'content-type': 'text/plain' }, body: text }
  if (json === undefined) return request
  return { ...request, headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }
}

function runPath(id: string): string {
  return `${runsPath}/${encodeURIComponent(id)}`
}

/** The tenant given, else the principal's own, asked once. */
function tenantResolver(
  session: Session,
  given: string | undefined,
): (signal: AbortSignal | undefined) => Promise<string> {
  let own = given
  return async signal => {
    if (own !== undefined) return own
    const { id, idType } = await whoami(session, signal)
    if (idType !== 'tenant') {
      throw new AppError('invalid_argument', `this ${idType}'s credentials manage several tenants: name one`)
    }
    own = id
    return id
  }
}

async function whoami(session: Session, signal: AbortSignal | undefined): Promise<Whoami> {
  const answer = await session.send({ method: 'GET', path: '/whoami/v1', isRepeatable: true, signal })
  return JSON.parse(answer.text) as Whoami
}

async function* listTenants(session: Session, signal: AbortSignal | undefined): AsyncGenerator<WireTenant> {
  const { id, idType } = await whoami(session, signal)
  if (idType === 'tenant') {
    throw new AppError('invalid_argument', "a tenant's credentials have no list of tenants")
  }
  const headers = { [idType === 'partner' ? 'x-partner-id' : 'x-organization-id']: id }
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const query = { page, pageTotal: true }
    const path = `/${idType}/v1/tenants`
    const { text } = await session.send({ method: 'GET', path, query, headers, isRepeatable: true, signal })
    const answer = JSON.parse(text) as { items: WireTenant[]; pages: { total?: number } }
    pages = answer.pages.total ?? 1
    yield* answer.items
  }
}

function runBody({ template, name, variables, from, to, hostIds }: RunRequest): object {
  return {
    adHocQuery: { template, name },
    variables,
    from,
    to,
    matchEndpoints: hostIds === undefined ? undefined : { filters: [{ ids: hostIds }] },
  }
}

/** A browser's fetch refuses to be called as a method of anything but the window. */
const callFetch: typeof fetch = (input, init) => fetch(input, init)

/** Not Node's own timer promise: the console runs this in a browser. */
function waitFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    if (signal?.aborted) stop()
    else signal?.addEventListener('abort', stop, { once: true })
  })
}
