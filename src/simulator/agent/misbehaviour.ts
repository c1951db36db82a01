import type { Socket } from 'node:net'
import type { Row } from '../result-line.ts'

// What agents do that they should not, each on purpose and each switched on by itself. Clones, two agents that take
// themselves for the same host, are made by whoever makes the agents.

export interface Misbehaviour {
  /** The agent's clock is ahead of the true one by so much; behind where negative. */
  readonly clockSkewMs?: number
  /** Now and then a row has a value of so many bytes. */
  readonly hugeValueBytes?: number
  /** Now and then a row has bytes that are no UTF-8. */
  readonly hasBrokenUtf8?: boolean
  /** Now and then a row has NUL characters. */
  readonly hasNuls?: boolean
  /** Requests go out in pieces with pauses between them, in real time. */
  readonly slowBody?: { readonly pieceBytes: number; readonly pauseMs: number }
  /** The sending side of the connection is closed after each request, before its answer. */
  readonly closesHalf?: boolean
  /** A live query whose SQL matches kills the agent's worker. */
  readonly crashesOn?: RegExp
}

/** One row in so many is spoilt. */
const spoiltEvery = 16

/** Stands for the bytes that are no UTF-8 until the line is bytes; as long as they are. */
const brokenMark = '\ue0ff'
const brokenBytes = Buffer.from([0xff, 0xc3, 0x28])

/** The row as the misbehaving agent logs it; `number` counts its rows. */
export function spoilRow(row: Row, number: number, misbehaviour: Misbehaviour): Row {
  if (number % spoiltEvery !== 0) return row
  const { hugeValueBytes, hasBrokenUtf8, hasNuls } = misbehaviour
  const last = Object.keys(row).at(-1) ?? 'name'
  let value = row[last] ?? ''
  if (hugeValueBytes !== undefined) value += 'x'.repeat(hugeValueBytes)
  if (hasNuls) value += '\u0000\u0000'
  if (hasBrokenUtf8) value += brokenMark
  return { ...row, [last]: value }
}

export function lineBytes(text: string, { hasBrokenUtf8 }: Misbehaviour): Buffer {
  const bytes = Buffer.from(text)
  if (!hasBrokenUtf8) return bytes
  for (let at = bytes.indexOf(brokenMark); at !== -1; at = bytes.indexOf(brokenMark, at)) brokenBytes.copy(bytes, at)
  return bytes
}

/** undefined: a request goes out at once. */
export function requestWriter({
  slowBody,
  closesHalf,
}: Misbehaviour): ((socket: Socket, bytes: Buffer) => void) | undefined {
  if (slowBody === undefined) return closesHalf ? (socket, bytes) => socket.end(bytes) : undefined
  return (socket, bytes) => {
    const writePiece = (at: number): void => {
      if (socket.destroyed) return
      const end = at + slowBody.pieceBytes
      socket.write(bytes.subarray(at, end))
      if (end < bytes.length) setTimeout(() => writePiece(end), slowBody.pauseMs)
      else if (closesHalf) socket.end()
    }
    writePiece(0)
  }
}
