import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Clock } from '../model/clock.ts'
import type { Log } from '../model/log.ts'
import { connectionOptions } from './connection-options.ts'
import { answerBrokenRequest } from './error-handler.ts'
import type { App } from './instance.ts'
import { watchConnections } from './open-connections.ts'

// The second door of the app: the same routes over TLS. Bounds of connections are those of the plain listener, with one
// more for the handshake and one for how many there are, because this door may be open to everybody.

/** PEM. */
export interface ServedPem {
  readonly keyPem: string
  readonly certificatePem: string
}

export interface TlsListenerOptions {
  readonly pem: ServedPem
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Registry
  /** Connections at once; further ones are closed as they come, and counted. undefined: as many as there are files. */
  readonly connectionsMax: number | undefined
  readonly handshakeMsMax: number
}

export interface TlsListener {
  /** Rejects as `net.Server` does: EADDRINUSE and others. */
  listen(host: string, port: number): Promise<AddressInfo>
  /** For new handshakes; connections that exist go on. */
  serve(pem: ServedPem): void
}

/** To be called before the app is ready. The listener closes with the app: requests in flight finish on both. */
export function tlsListener(app: App, options: TlsListenerOptions): TlsListener {
  const { clock, log, metrics, connectionsMax, handshakeMsMax } = options
  const server = createServer(
    { ...contextOf(options.pem), ...connectionOptions, handshakeTimeout: handshakeMsMax, ALPNProtocols: ['http/1.1'] },
    (request, response) => app.routing(request, response),
  )
  if (connectionsMax !== undefined) server.maxConnections = connectionsMax
  const handshakes = watchHandshakes(server)
  const endConnections = watchConnections(server)
  // Node reports failed handshakes here as well: nothing can be said to those.
  server.on('clientError', (error, socket) => {
    if (handshakes.isDone(socket)) answerBrokenRequest(clock, error, socket as Socket)
    else socket.destroy()
  })
  measure(server, metrics, log)

  let closed: Promise<void> = Promise.resolve()
  app.addHook('preClose', async () => {
    closed = new Promise(resolve => server.close(() => resolve()))
    handshakes.end()
    endConnections()
  })
  app.addHook('onClose', () => closed)
  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen({ host, port }, () => {
          server.off('error', reject)
          resolve(server.address() as AddressInfo)
        })
      }),
    serve: pem => server.setSecureContext(contextOf(pem)),
  }
}

function contextOf({ keyPem, certificatePem }: ServedPem) {
  return { key: keyPem, cert: certificatePem, minVersion: 'TLSv1.2' as const }
}

interface Handshakes {
  isDone(socket: Duplex): boolean
  /** Ends the connections that have not shaken hands: a server that closes does not know them yet. */
  end(): void
}

function watchHandshakes(server: Server): Handshakes {
  const done = new WeakSet<Duplex>()
  const pending = new Map<string, Socket>()
  const keyOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`
  server.on('connection', (socket: Socket) => {
    const key = keyOf(socket)
    pending.set(key, socket)
    socket.once('close', () => pending.get(key) === socket && pending.delete(key))
  })
  server.on('secureConnection', socket => {
    done.add(socket)
    pending.delete(keyOf(socket))
  })
  return {
    isDone: socket => done.has(socket),
    end: () => {
      for (const socket of pending.values()) socket.destroy()
    },
  }
}

function measure(server: Server, metrics: Registry, log: Log): void {
  const registers = [metrics]
  const refused = new Counter({
    name: 'edr_lake_tls_handshakes_failed_total',
    help: 'TLS handshakes that failed: agents that do not trust the certificate, scanners, versions below 1.2',
    registers,
  })
  const dropped = new Counter({
    name: 'edr_lake_tls_connections_dropped_total',
    help: 'connections closed as they came, because there were too many',
    registers,
  })
  new Gauge({
    name: 'edr_lake_tls_connections',
    help: 'connections to the TLS listener',
    registers,
    async collect() {
      this.set(await new Promise<number>(resolve => server.getConnections((_error, count) => resolve(count ?? 0))))
    },
  })
  server.on('drop', () => dropped.inc())
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    refused.inc()
    log.info({ address: socket.remoteAddress, reason: error.code ?? error.message }, 'tls handshake failed')
  })
}
