import { createSecureContext, type SecureContext } from 'node:tls'
import type { HttpAnswer } from './answer-reader.ts'
import { type Connection, type ConnectionOptions, type Origin, openConnection } from './connection.ts'

// POST as osquery's HTTP client makes it (osquery/remote/http_client.cpp): the status is of no account but for
// redirects, which are followed with the same body; a request whose connection failed is made once more at once, on a
// new one; and everything together has sixteen seconds.

export interface PostRequest {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Called when its turn has come. */
  readonly onStart?: () => void
}

export interface Transport {
  /** The final answer. Rejects with `RequestFailure`. Requests of one transport come one after another. */
  post(request: PostRequest): Promise<HttpAnswer>
  close(): void
}

export interface TransportOptions extends ConnectionOptions {
  /** Default: osquery's 16 s. Real time: the server is real, whatever clock the agent has. */
  readonly timeoutMs?: number
}

/** No answer that could be judged: no connection, cut off, no HTTP, too many redirects, too late. */
export class RequestFailure extends Error {
  readonly isTimeout: boolean

  constructor(message: string, options: ErrorOptions & { readonly isTimeout?: boolean } = {}) {
    super(message, options)
    this.name = 'RequestFailure'
    this.isTimeout = options.isTimeout ?? false
  }
}

export const requestTimeoutMs = 16_000
const redirectsMax = 10
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 304, 305, 307, 308])

/** Made once for all agents of a fleet. */
export type Trust = SecureContext

/** Trust in this CA (PEM) and no other. */
export function trustIn(caPem: string): Trust {
  return createSecureContext({ ca: caPem, minVersion: 'TLSv1.2' })
}

export function openTransport(options: TransportOptions): Transport {
  let kept: { readonly origin: string; readonly connection: Connection } | undefined
  let last: Promise<unknown> = Promise.resolve()
  let isClosed = false

  function connectionTo(url: URL): Connection {
    if (isClosed) throw new RequestFailure('the agent has stopped')
    if (kept !== undefined && kept.origin === url.origin && kept.connection.isOpen) return kept.connection
    kept?.connection.destroy(new Error('another server is asked'))
    const connection = openConnection(originOf(url), options)
    kept = { origin: url.origin, connection }
    return connection
  }

  async function send(request: PostRequest, isLate: () => boolean): Promise<HttpAnswer> {
    let { url } = request
    let redirects = 0
    let mayRepeat = true
    for (;;) {
      try {
        const answer = await connectionTo(url).exchange(requestBytes(request, url))
        if (!redirectStatuses.has(answer.status)) return answer
        if (redirects >= redirectsMax) throw new RequestFailure(`more than ${redirectsMax} redirects`)
        redirects += 1
        const location = answer.headers.get('location') ?? ''
        if (location === '') throw new RequestFailure('a redirect without a location')
        url = new URL(location, url)
        if (!location.startsWith('/')) mayRepeat = true
      } catch (error) {
        kept?.connection.destroy(error as Error)
        if (!mayRepeat || isLate() || isClosed) throw error
        mayRepeat = false
      }
    }
  }

  async function post(request: PostRequest): Promise<HttpAnswer> {
    request.onStart?.()
    let isLate = false
    const patience = setTimeout(() => {
      isLate = true
      kept?.connection.destroy(new Error('no answer in time'))
    }, options.timeoutMs ?? requestTimeoutMs)
    try {
      return await send(request, () => isLate)
    } catch (error) {
      if (error instanceof RequestFailure) throw error
      throw new RequestFailure((error as Error).message, { cause: error, isTimeout: isLate })
    } finally {
      clearTimeout(patience)
    }
  }

  return {
    post(request) {
      const answer = last.then(() => post(request))
      last = answer.catch(() => {})
      return answer
    },
    close() {
      isClosed = true
      kept?.connection.destroy(new Error('the agent has stopped'))
    },
  }
}

function originOf({ protocol, hostname, port }: URL): Origin {
  if (protocol !== 'http:' && protocol !== 'https:') throw new RequestFailure(`${protocol} is not spoken`)
  return { protocol, hostname, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) }
}

function requestBytes({ headers, body }: PostRequest, { host, pathname, search }: URL): Buffer {
  let head = `POST ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n`
  for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`
  return Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`, 'latin1'), body])
}
