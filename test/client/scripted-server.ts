import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

// A real HTTP server whose answers a test writes down: what the client meets on the wire, without the product's server.

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface ScriptedAnswer {
  readonly status?: number
  readonly headers?: Record<string, string>
  /** An object is sent as JSON; `cut` closes the connection without an answer; `held` never answers. */
  readonly body?: object | string | 'cut' | 'held'
}

export interface ScriptedServer extends AsyncDisposable {
  readonly url: string
  readonly seen: SeenRequest[]
}

export const tokenPath = '/api/v2/oauth2/token'

export function tokenAnswer(value = 'token-1', expiresIn = 3600): ScriptedAnswer {
  return {
    body: {
      access_token: value,
      errorCode: 'success',
      expires_in: expiresIn,
      message: 'OK',
      refresh_token: '00',
      token_type: 'bearer',
      trackingId: '0b7f2a1e-7d53-4a55-9a7e-2f0f6f3f9b10',
    },
  }
}

export async function scriptedServer(answer: (request: SeenRequest) => ScriptedAnswer): Promise<ScriptedServer> {
  const seen: SeenRequest[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const url = new URL(request.url ?? '/', 'http://localhost')
    const one: SeenRequest = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: Buffer.concat(chunks),
    }
    seen.push(one)
    const { status = 200, headers = {}, body = {} } = answer(one)
    if (body === 'cut') return request.socket.destroy()
    if (body === 'held') return undefined
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    return response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
