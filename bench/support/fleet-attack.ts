import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, type TLSSocket } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { trustIn } from '../../src/simulator/remote/transport.ts'
import type { FleetTarget } from './fleet-target.ts'

// Senders that mean no good, against the agents' routes: some write a byte now and then, some write more than may be,
// some pack a lot into little. Bounded: a few hundred sockets on this machine. A process of their own, so that what they
// cost themselves is not taken for what they cost the agents.

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

export const attackKinds = ['slow', 'large', 'bombs'] as const
export type AttackKind = (typeof attackKinds)[number]

interface Orders {
  readonly origin: string
  readonly caFile: string
  readonly kinds: readonly AttackKind[]
}

/** Resolves when they have begun. */
export async function attack(target: FleetTarget, caFile: string, kinds: readonly AttackKind[]): Promise<Attackers> {
  const orders: Orders = { origin: target.origin, caFile, kinds }
  const child = fork(import.meta.filename, ['attack', JSON.stringify(orders)])
  await once(child, 'message')
  return {
    async stop() {
      const said = once(child, 'message') as Promise<[string]>
      child.send('stop')
      const [words] = await said
      child.kill()
      return words
    },
  }
}

async function attackHere({ origin, caFile, kinds }: Orders): Promise<Attackers> {
  const trust = trustIn(await readFile(caFile, 'utf8'))
  const { hostname, port } = new URL(origin)
  const state = { isOver: false, slowClosed: 0, large: 0, bombs: 0 }
  const sockets = new Set<TLSSocket>()
  const bomb = gzipSync(Buffer.alloc(bombBytes, ' '))

  function open(): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), servername: hostname, secureContext: trust }, () =>
        resolve(socket),
      )
      sockets.add(socket)
      socket.on('close', () => {
        sockets.delete(socket)
        reject(new Error('closed'))
      })
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
        if (!socket.write(piece)) await first(socket, 'drain', 'close')
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
      await first(socket, 'data', 'close')
      state.bombs += 1
      socket.destroy()
    }
  }

  const all = [
    ...(kinds.includes('slow') ? Array.from({ length: slowSockets }, (_, number) => slow(number)) : []),
    ...(kinds.includes('large') ? Array.from({ length: largeSockets }, large) : []),
    ...(kinds.includes('bombs') ? Array.from({ length: bombSockets }, bombs) : []),
  ]
  return {
    async stop() {
      state.isOver = true
      for (const socket of sockets) socket.destroy()
      await Promise.all(all)
      return (
        `${kinds.includes('slow') ? slowSockets : 0} slow sockets (the server closed ${state.slowClosed} of them), ${state.large} bodies of ` +
        `${largeBytes / 1024 ** 2} MiB, ${state.bombs} gzip bombs of ${bombBytes / 1024 ** 2} MiB`
      )
    },
  }
}

/** Resolves with whichever comes first. */
function first(socket: TLSSocket, ...names: readonly string[]): Promise<void> {
  return new Promise(resolve => {
    const end = (): void => {
      for (const name of names) socket.off(name, end)
      resolve()
    }
    for (const name of names) socket.on(name, end)
    if (socket.destroyed) end()
  })
}

if (process.argv[2] === 'attack' && process.send !== undefined) {
  const attackers = await attackHere(JSON.parse(process.argv[3] ?? '') as Orders)
  process.send('begun')
  process.once('message', async () => process.send?.(await attackers.stop()))
}
