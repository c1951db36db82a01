import { request as forward } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface TlsProxy {
  /** By the name `localhost`. */
  readonly url: string
  close(): Promise<void>
}

/** What stands in front of a lake: takes TLS off and passes the request on, with the headers that say so. */
export async function startTlsProxy(target: string, pem: { key: Buffer; cert: Buffer }): Promise<TlsProxy> {
  const server = createServer(pem, (request, response) => {
    const headers = {
      ...request.headers,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': request.headers.host,
      'x-forwarded-for': request.socket.remoteAddress,
    }
    const passed = forward(
      new URL(request.url ?? '/', target),
      { method: request.method ?? 'GET', headers },
      answer => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      },
    )
    passed.on('error', () => response.destroy())
    request.pipe(passed)
  })
  // Clients that do not trust the certificate end the handshake.
  server.on('tlsClientError', () => {})
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
