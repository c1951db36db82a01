import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

// Requests as bytes over kept sockets, one at a time on each, with no parsing beyond status and length: what is
// measured is the server, not its client.

export interface Answered {
  readonly status: number
  /** ms from when it was due (at a rate) or sent (as fast as may be) to the last byte. */
  readonly ms: number
}

/** A request's bytes. */
export function requestBytes(
  url: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body = '',
): Buffer {
  const length = method === 'GET' ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const lines = Object.entries({ host: new URL(url).host, ...headers, ...length })
  return Buffer.from(
    `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
  )
}

/** `perSecond` requests for `seconds`, each due at its time whatever became of the others. */
export async function atRate(
  url: string,
  request: Buffer,
  { perSecond, seconds, connections }: { perSecond: number; seconds: number; connections: number },
): Promise<readonly Answered[]> {
  const sockets = await openSockets(url, connections)
  const answers: Answered[] = []
  const startedAt = performance.now()
  let next = 0
  await Promise.all(
    sockets.map(async exchange => {
      for (;;) {
        const dueAt = startedAt + (next * 1000) / perSecond
        next += 1
        if (dueAt - startedAt >= seconds * 1000) return
        while (performance.now() < dueAt) await delay(Math.max(0, dueAt - performance.now()))
        const status = await exchange.send(request)
        answers.push({ status, ms: performance.now() - dueAt })
      }
    }),
  )
  for (const { close } of sockets) close()
  return answers
}

/** As many as the connections get through in `seconds`. */
export async function asFastAsMayBe(
  url: string,
  request: Buffer,
  { seconds, connections }: { seconds: number; connections: number },
): Promise<readonly Answered[]> {
  const sockets = await openSockets(url, connections)
  const answers: Answered[] = []
  const end = performance.now() + seconds * 1000
  await Promise.all(
    sockets.map(async exchange => {
      while (performance.now() < end) {
        const sentAt = performance.now()
        const status = await exchange.send(request)
        answers.push({ status, ms: performance.now() - sentAt })
      }
    }),
  )
  for (const { close } of sockets) close()
  return answers
}

interface Exchange {
  /** Resolves with the status when the whole answer is there. */
  send(request: Buffer): Promise<number>
  close(): void
}

function openSockets(url: string, count: number): Promise<readonly Exchange[]> {
  return Promise.all(Array.from({ length: count }, () => openExchange(url)))
}

async function openExchange(url: string): Promise<Exchange> {
  const { hostname, port } = new URL(url)
  const socket = await new Promise<Socket>((resolve, reject) => {
    const opened = connect({ host: hostname, port: Number(port), noDelay: true }, () => resolve(opened))
    opened.once('error', reject)
  })
  let received: Buffer[] = []
  let length = 0
  let wanted: number | undefined
  let status = 0
  let settle: { resolve: (status: number) => void; reject: (reason: Error) => void } | undefined
  socket.on('data', part => {
    received.push(part)
    length += part.length
    if (wanted === undefined) {
      const start = received.length === 1 ? part : Buffer.concat(received)
      const headEnd = start.indexOf('\r\n\r\n')
      if (headEnd === -1) return
      const head = start.toString('latin1', 0, headEnd)
      status = Number(head.slice(9, 12))
      wanted = headEnd + 4 + Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
    }
    if (length < wanted) return
    received = []
    length = 0
    wanted = undefined
    settle?.resolve(status)
  })
  socket.on('error', error => settle?.reject(error))
  socket.on('close', () => settle?.reject(new Error('the server closed the connection')))
  return {
    send: request =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject }
        socket.write(request)
      }),
    close() {
      settle = undefined
      socket.destroy()
    },
  }
}
