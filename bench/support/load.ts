import { connect, type Socket } from 'node:net'
import type { Bodies } from './bodies.ts'

// A client that costs the machine as little as it can, since it shares the cores with what it measures: plain sockets,
// one request at a time on each, no parsing beyond status and length.

export interface LoadTarget {
  readonly url: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

export interface LoadResult {
  readonly lines: number
  readonly bytes: number
  readonly seconds: number
  /** One a body, ms from the first byte sent to the last byte of the answer. */
  readonly latencies: readonly number[]
}

/** Sends every body once over `connections` sockets. Rejects with the answer when one is not 200. */
export async function sendBodies(target: LoadTarget, bodies: Bodies, connections: number): Promise<LoadResult> {
  const latencies: number[] = []
  let next = 0
  const startedAt = performance.now()
  const sendAll = async (): Promise<void> => {
    const socket = await openSocket(target.url)
    const exchange = exchanger(socket)
    try {
      while (next < bodies.count) {
        const body = bodies.read(next)
        next += 1
        const sentAt = performance.now()
        await exchange(requestHead(target, body.length), body)
        latencies.push(performance.now() - sentAt)
      }
    } finally {
      socket.destroy()
    }
  }
  await Promise.all(Array.from({ length: connections }, sendAll))
  const seconds = (performance.now() - startedAt) / 1000
  return { lines: bodies.lines, bytes: bodies.bytes, seconds, latencies }
}

function requestHead({ url, path, headers }: LoadTarget, length: number): string {
  const lines = Object.entries({ host: new URL(url).host, ...headers, 'content-length': String(length) })
  return `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

function openSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true }, () => resolve(socket))
    socket.once('error', reject)
  })
}

/** Sends one request and resolves with its answer complete. */
function exchanger(socket: Socket): (head: string, body: Buffer) => Promise<void> {
  let received = ''
  let settle: { resolve: () => void; reject: (reason: Error) => void } | undefined
  socket.setEncoding('latin1')
  socket.on('data', (part: string) => {
    received += part
    const headEnd = received.indexOf('\r\n\r\n')
    if (headEnd === -1) return
    const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0)
    if (received.length < headEnd + 4 + length) return
    const answer = received
    received = ''
    if (answer.startsWith('HTTP/1.1 200')) settle?.resolve()
    else settle?.reject(new Error(answer))
  })
  socket.on('error', error => settle?.reject(error))
  socket.on('close', () => settle?.reject(new Error('the server closed the connection')))
  return (head, body) =>
    new Promise((resolve, reject) => {
      settle = { resolve, reject }
      socket.cork()
      socket.write(head)
      socket.write(body)
      socket.uncork()
    })
}
