import { connect, type TLSSocket } from 'node:tls'
import { gzipSync } from 'node:zlib'
import type { FleetTarget } from './fleet-target.ts'

// Senders that mean no good, against the agents' routes: some write a byte now and then, some write more than may be,
// some pack a lot into little. Bounded: a few hundred sockets on this machine.

export interface Attackers {
  /** What they did, in words. */
  stop(): Promise<string>
}

const slowSockets = 200
const largeSockets = 2
/** Between pieces: the attackers share the machine with those whom they attack. */
const largePauseMs = 5
const bombSockets = 4
const dripMs = 1_000
const largeBytes = 256 * 1024 * 1024
const bombBytes = 512 * 1024 * 1024

export async function attack(target: FleetTarget): Promise<Attackers> {
  const { hostname, port } = new URL(target.origin)
  const state = { isOver: false, slowClosed: 0, large: 0, bombs: 0 }
  const sockets = new Set<TLSSocket>()
  const bomb = gzipSync(Buffer.alloc(bombBytes, ' '))

  function open(): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect(
        { host: hostname, port: Number(port), servername: hostname, secureContext: target.trust },
        () => resolve(socket),
      )
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      socket.once('error', reject)
      socket.on('error', () => {})
      socket.resume()
    })
  }

  const head = (length: number, more = ''): string =>
    `POST /osquery/v1/log HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\n${more}Content-Length: ${length}\r\n\r\n`

  /** Half of them never end their headers, half never end their bodies. */
  async function slow(number: number): Promise<void> {
    while (!state.isOver) {
      const socket = await open().catch(() => undefined)
      if (socket === undefined) return
      const text = number % 2 === 0 ? head(100_000).slice(0, -4) : `${head(100_000)}{"node_key":"`
      let at = number % 2 === 0 ? 0 : text.length - 1
      if (number % 2 === 1) socket.write(text.slice(0, at))
      while (!state.isOver && !socket.destroyed) {
        socket.write(text[at] ?? 'x')
        at += 1
        await new Promise(resolve => setTimeout(resolve, dripMs))
      }
      if (!state.isOver) state.slowClosed += 1
      socket.destroy()
    }
  }

  async function large(): Promise<void> {
    const piece = Buffer.alloc(256 * 1024, 'x')
    while (!state.isOver) {
      const socket = await open().catch(() => undefined)
      if (socket === undefined) return
      socket.write(`${head(largeBytes)}{"data":["`)
      for (let sent = 0; sent < largeBytes && !state.isOver && !socket.destroyed; sent += piece.length) {
        await new Promise(resolve => setTimeout(resolve, largePauseMs))
        if (!socket.write(piece)) {
          await new Promise<void>(resolve => {
            socket.once('drain', resolve)
            socket.once('close', () => resolve())
          })
        }
      }
      state.large += 1
      socket.destroy()
    }
  }

  async function bombs(): Promise<void> {
    while (!state.isOver) {
      const socket = await open().catch(() => undefined)
      if (socket === undefined) return
      socket.write(head(bomb.length, 'Content-Encoding: gzip\r\n'))
      socket.write(bomb)
      await new Promise<void>(resolve => {
        socket.once('data', () => resolve())
        socket.once('close', () => resolve())
      })
      state.bombs += 1
      socket.destroy()
    }
  }

  const all = [
    ...Array.from({ length: slowSockets }, (_, number) => slow(number)),
    ...Array.from({ length: largeSockets }, large),
    ...Array.from({ length: bombSockets }, bombs),
  ]
  return {
    async stop() {
      state.isOver = true
      for (const socket of sockets) socket.destroy()
      await Promise.all(all)
      return (
        `${slowSockets} slow sockets (the server closed ${state.slowClosed} of them), ${state.large} bodies of ` +
        `${largeBytes / 1024 ** 2} MiB, ${state.bombs} gzip bombs of ${bombBytes / 1024 ** 2} MiB`
      )
    },
  }
}
