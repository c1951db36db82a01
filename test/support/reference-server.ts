import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

// A server for osquery agents, written from the protocol alone and without a line of the product: enough to hold an
// agent to its rules. It remembers every request and can be told to fail in a certain way.

export type AgentRoute = 'enroll' | 'config' | 'log' | 'read' | 'write'

export interface ReceivedRequest {
  readonly route: AgentRoute
  /** As it stood in the request line. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  /** Inflated. */
  readonly text: string
  readonly bytes: Buffer
  readonly json: Readonly<Record<string, unknown>>
  /** Number of the connection, from 1. */
  readonly connection: number
}

/** How one request is answered instead of well. */
export interface Fault {
  /** True: the request does what it asks for; only its answer is wrong. */
  readonly isProcessed?: boolean
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Default: none. */
  readonly body?: string | Buffer
  /** No answer; the connection is closed at once, or stays open without a word. */
  readonly silence?: 'closed' | 'open'
}

export interface ReferenceServer extends AsyncDisposable {
  readonly url: string
  readonly requests: readonly ReceivedRequest[]
  /** Texts of the lines of every log body that was processed, in the order of their coming. */
  readonly stored: Readonly<Record<'result' | 'status', readonly string[]>>
  /** Node keys that are valid now. */
  readonly nodeKeys: Set<string>
  readonly enrollSecret: string
  configuration: unknown
  /** Answer of the reads to come: the same each time. */
  live: unknown
  /** The next requests of the route fail so, one after another. */
  fail(route: AgentRoute, ...faults: readonly Fault[]): void
  requestsOf(route: AgentRoute): readonly ReceivedRequest[]
  close(): Promise<void>
}

/** With `pem` over TLS, by the name localhost. */
export async function startReferenceServer(pem?: {
  readonly key: string
  readonly cert: string
}): Promise<ReferenceServer> {
  const requests: ReceivedRequest[] = []
  const faults = new Map<AgentRoute, Fault[]>()
  const sockets: Socket[] = []
  const stored: Record<'result' | 'status', string[]> = { result: [], status: [] }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await buffer(request)
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8')
    const path = request.url ?? '/'
    const json = JSON.parse(text) as Record<string, unknown>
    const connection = sockets.indexOf(request.socket) + 1
    const received = { route: routeOf(path), path, headers: request.headers, text, bytes, json, connection }
    requests.push(received)
    const fault = faults.get(received.route)?.shift()
    if (fault === undefined) return answer(response, { body: JSON.stringify(process(received)) })
    if (fault.isProcessed) process(received)
    if (fault.silence === 'open') return
    if (fault.silence === 'closed') request.socket.destroy()
    else answer(response, fault)
  }

  function process({ route, json }: ReceivedRequest): unknown {
    if (route === 'enroll') return enrol(json)
    if (!server.nodeKeys.has(String(json['node_key']))) return { node_invalid: true }
    if (route === 'config') return server.configuration
    if (route === 'read') return server.live
    if (route === 'log') {
      const kind = json['log_type'] as 'result' | 'status'
      stored[kind].push(...(json['data'] as unknown[]).map(line => JSON.stringify(line)))
    }
    return {}
  }

  function enrol(json: Readonly<Record<string, unknown>>): unknown {
    if (json['enroll_secret'] !== server.enrollSecret) return { node_invalid: true }
    const key = `key-${server.nodeKeys.size + 1}-${requests.length}`
    server.nodeKeys.add(key)
    return { node_key: key }
  }

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    handle(request, response).catch(() => response.destroy())
  }
  const http = pem === undefined ? createServer(listener) : createSecureServer({ ...pem }, listener)
  http.on(pem === undefined ? 'connection' : 'secureConnection', (socket: Socket) => sockets.push(socket))
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const close = async (): Promise<void> => {
    http.closeAllConnections()
    await new Promise(resolve => http.close(resolve))
  }
  const server: ReferenceServer = {
    url: pem === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    ...{ requests, stored, nodeKeys: new Set(), enrollSecret: 'let-me-in', configuration: {}, live: {} },
    fail: (route, ...more) => void faults.set(route, [...(faults.get(route) ?? []), ...more]),
    requestsOf: route => requests.filter(request => request.route === route),
    ...{ close, [Symbol.asyncDispose]: close },
  }
  return server
}

function answer(response: ServerResponse, { status = 200, headers = {}, body = '' }: Fault): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(body)
}

function routeOf(path: string): AgentRoute {
  const name = path.replace(/\?.*$/, '').split('/').at(-1)
  const routes: readonly AgentRoute[] = ['enroll', 'config', 'log', 'read', 'write']
  const route = routes.find(each => each === name)
  if (route === undefined) throw new RangeError(`${path} is no route of an agent`)
  return route
}
