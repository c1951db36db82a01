import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'

// What a client of the wire contract does, in plain HTTP: no code of the product, so that it can be wrong about nothing
// together with the product.

export interface Credentials {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  readonly tenantId: string
}

export type ResultRow = Readonly<Record<string, unknown>>

export interface Run {
  readonly id: string
  readonly createdAt: string
  readonly expiresAt: string
  readonly finishedAt?: string
  readonly status: 'pending' | 'started' | 'finished'
  readonly result: 'notAvailable' | 'succeeded' | 'failed' | 'canceled' | 'timedOut'
  readonly template?: string
  readonly from: string
  readonly to: string
  readonly error?: { readonly message: string }
  readonly window?: Readonly<Record<string, unknown>>
  readonly note?: string
  readonly truncated?: unknown
}

export interface ResultPage {
  readonly items: readonly ResultRow[]
  readonly metadata: { readonly columns: readonly { readonly name: string; readonly type: string }[] }
  readonly pages: {
    readonly fromKey?: string
    readonly nextKey?: string
    readonly size: number
    readonly maxSize: number
    readonly total: number
    readonly items: number
  }
}

/** An answer with its body read; `json` is undefined where the body is no JSON. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: unknown
}

export interface IngestAnswer {
  readonly accepted: number
  readonly duplicates: number
  readonly rejected: readonly { readonly line: number; readonly reason: string }[]
}

export interface RunRequest {
  readonly sql: string
  /** ISO 8601; the contract's default is the last 24 hours. */
  readonly from?: string
  readonly to?: string
  readonly hostIds?: readonly string[]
}

export interface XdrClient {
  readonly tenantId: string
  readonly token: string
  /** Any call, with the bearer token and tenant; `headers` win. An empty header value leaves the header out. */
  call(
    method: string,
    path: string,
    options?: { body?: string | Uint8Array; headers?: Record<string, string> },
  ): Promise<Answer>
  /** NDJSON in, durable when it resolves; anything but 200 fails the test. */
  ingest(body: string): Promise<IngestAnswer>
  /** Starts a run; anything but 201 fails the test. */
  start(request: RunRequest): Promise<Run>
  /** Polls until it is finished, however it ended. */
  finish(runId: string): Promise<Run>
  page(runId: string, options?: { pageSize?: number; key?: string }): Promise<ResultPage>
  /** Every row of a finished run, through `nextKey`. */
  rows(runId: string, pageSize?: number): Promise<readonly ResultRow[]>
  /** Start, finish, succeed, all rows. */
  query(request: RunRequest): Promise<readonly ResultRow[]>
}

const runsPath = '/xdr-query/v1/queries/runs'
const finishMsMax = 60_000
const pollMs = 20

export async function fetchAnswer(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init)
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: jsonOf(text) }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The token service's answer to a client id and secret. */
export function requestToken(credentials: Pick<Credentials, 'url' | 'clientId' | 'clientSecret'>): Promise<Answer> {
  const { clientId, clientSecret } = credentials
  const form = { grant_type: 'client_credentials', scope: 'token', client_id: clientId, client_secret: clientSecret }
  return fetchAnswer(`${credentials.url}/api/v2/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) })
}

export async function connect(credentials: Credentials): Promise<XdrClient> {
  const answer = await requestToken(credentials)
  assert.equal(answer.status, 200, answer.text)
  const { access_token: token } = answer.json as { access_token: string }
  return xdrClient(credentials.url, token, credentials.tenantId)
}

export function xdrClient(url: string, token: string, tenantId: string): XdrClient {
  const call: XdrClient['call'] = (method, path, options = {}) => {
    const headers: Record<string, string> = {
      authorization: `Bearer ${token}`,
      'x-tenant-id': tenantId,
      ...options.headers,
    }
    const sent = Object.entries(headers).filter(([, value]) => value !== '')
    const body = options.body as RequestInit['body']
    return fetchAnswer(url + path, { method, headers: sent, ...(body === undefined ? {} : { body }) })
  }
  const client: XdrClient = {
    tenantId,
    token,
    call,
    ingest: body => ingest(call, body),
    start: request => start(call, request),
    finish: runId => finish(call, runId),
    page: (runId, options) => page(call, runId, options),
    rows: (runId, pageSize) => rows(call, runId, pageSize),
    query: async request => {
      const { id } = await start(call, request)
      const run = await finish(call, id)
      assert.equal(run.result, 'succeeded', JSON.stringify(run))
      return rows(call, id)
    },
  }
  return client
}

type Call = XdrClient['call']

async function ingest(call: Call, body: string): Promise<IngestAnswer> {
  const headers = { 'content-type': 'application/x-ndjson' }
  const answer = await call('POST', '/lake/v1/ingest/osquery', { body, headers })
  assert.equal(answer.status, 200, answer.text)
  return answer.json as IngestAnswer
}

async function start(call: Call, { sql, from, to, hostIds }: RunRequest): Promise<Run> {
  const matchEndpoints = hostIds === undefined ? undefined : { filters: [{ ids: hostIds }] }
  const body = JSON.stringify({ adHocQuery: { template: sql }, from, to, matchEndpoints })
  const answer = await call('POST', runsPath, { body, headers: { 'content-type': 'application/json' } })
  assert.equal(answer.status, 201, answer.text)
  return answer.json as Run
}

async function finish(call: Call, runId: string): Promise<Run> {
  const deadline = performance.now() + finishMsMax
  for (;;) {
    const answer = await call('GET', `${runsPath}/${runId}`)
    assert.equal(answer.status, 200, answer.text)
    const run = answer.json as Run
    if (run.status === 'finished') return run
    assert.equal(run.status, 'pending', answer.text)
    assert.ok(performance.now() < deadline, `run ${runId} did not finish in ${finishMsMax} ms`)
    // The contract's own way to learn of the end is to poll.
    await delay(pollMs)
  }
}

async function page(call: Call, runId: string, options: { pageSize?: number; key?: string } = {}): Promise<ResultPage> {
  const parameters = new URLSearchParams()
  if (options.pageSize !== undefined) parameters.set('pageSize', String(options.pageSize))
  if (options.key !== undefined) parameters.set('pageFromKey', options.key)
  const answer = await call('GET', `${runsPath}/${runId}/results?${parameters}`)
  assert.equal(answer.status, 200, answer.text)
  return answer.json as ResultPage
}

async function rows(call: Call, runId: string, pageSize = 2000): Promise<readonly ResultRow[]> {
  const all: ResultRow[] = []
  let key: string | undefined
  do {
    const { items, pages } = await page(call, runId, key === undefined ? { pageSize } : { pageSize, key })
    all.push(...items)
    key = pages.nextKey
  } while (key !== undefined)
  return all
}
