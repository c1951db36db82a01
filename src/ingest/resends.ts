import { randomBytes } from 'node:crypto'
import { resendBodiesMax } from '../limits.ts'
import { FingerprintCounts, type FingerprintKey, fingerprint, takeFingerprint } from './fingerprints.ts'

// The second net against resends. An agent that saw no answer sends its oldest lines again, cut anew and with new lines
// behind them. So fingerprints of the lines of each host's last two bodies are held; a line that stood in them is not
// stored again. Equal lines inside one body are distinct rows (osquery's differences keep equal rows): what counts is
// how often. A line is known as often as any one body carried it, and stored only beyond that.
//
// A body of which lines were left out holds only a part of what its agent sent; the bodies before it are then kept as
// well, so that the chain of one agent's tries stays whole (also when it is read back from segments at start, where
// nothing but the stored lines is left).
//
// Held in memory: 12 bytes in a slot, slots up to twice the lines; about 3 KB a host for bodies of 64 lines.

/** Lines of one host in one body, as fingerprints in the body's order. */
export interface LineFingerprints {
  readonly lows: readonly number[]
  readonly highs: readonly number[]
}

export interface SiftedLines {
  /** Indexes of the lines to be stored; undefined: all of them. */
  readonly kept: readonly number[] | undefined
  readonly dropped: number
  /** The body is durable: older ones may go. */
  settle(): void
  /** The body will never be in the lake: nothing of it is known. */
  forget(): void
}

interface Body {
  readonly counts: FingerprintCounts
  readonly isPartial: boolean
}

export interface Resends {
  readonly key: FingerprintKey
  /**
   * Tells resent lines from new ones, and at once takes the new ones for known: a second body that comes before the
   * first is durable is compared with it, and must not be answered before it.
   */
  sift(tenantId: string, hostId: string, lines: LineFingerprints): SiftedLines
  /**
   * A stored body, oldest first: at start, from segments. `dropped`: lines it had when it came and that were left out.
   */
  replay(tenantId: string, hostId: string, lines: readonly string[], dropped: number): void
  /** For the log and the metrics. */
  held(): { hosts: number; bytes: number }
}

export function openResends(): Resends {
  const random = randomBytes(8)
  const key: FingerprintKey = [random.readInt32LE(0), random.readInt32LE(4)]
  const hosts = new Map<string, Body[]>()

  function known(bodies: readonly Body[], low: number, high: number): number {
    let most = 0
    for (const { counts } of bodies) most = Math.max(most, counts.get(low, high))
    return most
  }

  function add(id: string, body: Body): void {
    const bodies = hosts.get(id)
    if (bodies === undefined) hosts.set(id, [body])
    else bodies.push(body)
  }

  /** Keeps the newest bodies up to the second whole one. */
  function trim(id: string): void {
    const bodies = hosts.get(id)
    if (bodies === undefined) return
    let whole = 0
    for (let at = bodies.length - 1; at > 0; at--) {
      if (!bodies[at]!.isPartial) whole++
      if (whole >= 2 || bodies.length - at >= resendBodiesMax) {
        bodies.splice(0, at)
        return
      }
    }
  }

  function sift(tenantId: string, hostId: string, { lows, highs }: LineFingerprints): SiftedLines {
    const id = `${tenantId}/${hostId}`
    const before = hosts.get(id) ?? []
    const counts = new FingerprintCounts(lows.length)
    let kept: number[] | undefined
    for (let at = 0; at < lows.length; at++) {
      const low = lows[at]!
      const high = highs[at]!
      const isKnown = counts.increment(low, high) <= known(before, low, high)
      if (isKnown) kept ??= Array.from({ length: at }, (_, index) => index)
      else kept?.push(at)
    }
    const dropped = kept === undefined ? 0 : lows.length - kept.length
    const body: Body = { counts, isPartial: dropped > 0 }
    // A body that brought nothing new adds nothing to what is known.
    if (dropped < lows.length) add(id, body)
    return {
      kept,
      dropped,
      settle: () => trim(id),
      forget() {
        const bodies = hosts.get(id)
        const at = bodies?.indexOf(body) ?? -1
        if (at >= 0) bodies!.splice(at, 1)
        if (bodies?.length === 0) hosts.delete(id)
      },
    }
  }

  function replay(tenantId: string, hostId: string, lines: readonly string[], dropped: number): void {
    const id = `${tenantId}/${hostId}`
    const before = hosts.get(id) ?? []
    const counts = new FingerprintCounts(lines.length)
    for (const line of lines) {
      const bytes = Buffer.from(line)
      takeFingerprint(key, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length)
      const { low, high } = fingerprint
      const stored = counts.get(low, high)
      // What was stored came on top of what was known then.
      counts.set(low, high, stored === 0 ? known(before, low, high) + 1 : stored + 1)
    }
    add(id, { counts, isPartial: dropped > 0 })
    trim(id)
  }

  function held(): { hosts: number; bytes: number } {
    let bytes = 0
    for (const bodies of hosts.values()) for (const { counts } of bodies) bytes += counts.bytes
    return { hosts: hosts.size, bytes }
  }

  return { key, sift, replay, held }
}
