import { connect, isIP, type Socket } from 'node:net'
import { connect as connectSecurely, type SecureContext } from 'node:tls'
import { type HttpAnswer, openAnswerReader } from './answer-reader.ts'

// One socket of an agent, kept between requests, one request at a time. Of the cheap kind: thousands of agents share a
// process with what measures them.

export interface Origin {
  readonly protocol: 'http:' | 'https:'
  readonly hostname: string
  readonly port: number
}

export interface ConnectionOptions {
  /** The pinned CA, made once for a fleet: a context for each connection would cost more than the connection. */
  readonly trust?: SecureContext | undefined
  /** How a request's bytes go out; default: at once. */
  readonly writeRequest?: ((socket: Socket, bytes: Buffer) => void) | undefined
}

export interface Connection {
  readonly isOpen: boolean
  /** Rejects when the connection fails or ends before the answer is whole; it is closed then. */
  exchange(request: Buffer): Promise<HttpAnswer>
  /** Whatever waits for it rejects with `reason`. */
  destroy(reason: Error): void
}

interface Waiting {
  resolve(answer: HttpAnswer): void
  reject(reason: Error): void
}

/**
 * Opens at once; a failure to connect is the first exchange's. The server's name is checked against its certificate.
 */
export function openConnection(origin: Origin, options: ConnectionOptions): Connection {
  const socket = openSocket(origin, options.trust)
  let waiting: Waiting | undefined
  let failure: Error | undefined
  let reader = openAnswerReader()

  function fail(reason: Error): void {
    failure ??= reason
    const waited = waiting
    waiting = undefined
    socket.destroy()
    waited?.reject(failure)
  }

  function settle(answer: HttpAnswer | undefined): void {
    if (answer === undefined) return
    const waited = waiting
    waiting = undefined
    if (!answer.keepsAlive) fail(new Error('the server closed the connection'))
    waited?.resolve(answer)
  }

  socket.on('data', (bytes: Buffer) => {
    try {
      settle(reader.push(bytes))
    } catch (error) {
      fail(error as Error)
    }
  })
  const end = (): void => {
    settle(reader.end())
    fail(new Error('the server closed the connection'))
  }
  socket.on('end', end)
  socket.on('close', end)
  socket.on('error', fail)

  return {
    get isOpen() {
      return failure === undefined
    },
    exchange(request) {
      if (failure !== undefined) return Promise.reject(failure)
      if (waiting !== undefined) throw new Error('a connection has one request at a time')
      reader = openAnswerReader()
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        if (options.writeRequest === undefined) socket.write(request)
        else options.writeRequest(socket, request)
      })
    },
    destroy: fail,
  }
}

function openSocket({ protocol, hostname, port }: Origin, trust: SecureContext | undefined): Socket {
  const host = hostname.replace(/^\[|\]$/g, '')
  if (protocol === 'http:') return connect({ host, port, noDelay: true })
  const name = isIP(host) === 0 ? { servername: host } : {}
  const own = trust === undefined ? {} : { secureContext: trust }
  const socket = connectSecurely({ host, port, ...name, ...own, minVersion: 'TLSv1.2' })
  socket.setNoDelay(true)
  return socket
}
