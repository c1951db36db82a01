import { randomBytes } from 'node:crypto'
import { resendBodiesMax } from '../limits.ts'
import { FingerprintCounts, type FingerprintKey, fingerprint, takeFingerprint } from './fingerprints.ts'

// The second net against resends. An agent that saw no answer sends its oldest lines again, cut anew and with new lines
// behind them. So fingerprints of the lines of each host's last two bodies are held; a line that stood in them is not
// stored again. Equal lines inside one body are distinct rows (osquery's differences keep equal rows): what counts is
// how often. A line is known as often as any one body carried it, and stored only beyond that.
//
// Equal lines may also stand on both sides of the border of two bodies of which the first was answered: 3,000 rows of
// `SELECT name FROM processes` are three bodies. So a body is compared line by line only when it looks like a resend:
//   it begins as one of the bodies held does (an agent keeps its order), or
//   what is known of it begins so (an agent orders by keys in which line 100 of a second comes before line 99, so new
//   lines may stand before old ones), where the beginning is of lines that differ, or
//   every line of it is known (a piece of what was sent), or
//   its known beginning holds the last line of a body held (the rest of one, and new lines) and is more than one line,
//   or the body before it was a piece that left a rest.
//
// A body of which lines were left out holds only a part of what its agent sent; the bodies before it are then kept as
// well, so that the chain of one agent's tries stays whole (also when it is read back from segments at start, where
// nothing but the stored lines is left).
//
// Held in memory: 12 bytes in a slot, slots up to twice the lines; about 3 KB a host for bodies of 64 lines.

/** So many first lines tell whether a body begins as another does. */
const beginningLines = 4

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
  /** The first lines … */
  readonly beginning: LineFingerprints
  /** … and the last. */
  readonly last: LineFingerprints
  readonly isPartial: boolean
}

interface HostBodies {
  /** Oldest first. */
  bodies: Body[]
  /** The last body was a piece of what is held, and not the end of it. */
  isMidway: boolean
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
  const hosts = new Map<string, HostBodies>()

  function known(bodies: readonly Body[], low: number, high: number): number {
    let most = 0
    for (const { counts } of bodies) most = Math.max(most, counts.get(low, high))
    return most
  }

  function hostOf(id: string): HostBodies {
    const found = hosts.get(id)
    if (found !== undefined) return found
    const host: HostBodies = { bodies: [], isMidway: false }
    hosts.set(id, host)
    return host
  }

  /** Keeps the newest bodies up to the second whole one. */
  function trim({ bodies }: HostBodies): void {
    let whole = 0
    for (let at = bodies.length - 1; at > 0; at--) {
      if (!bodies[at]!.isPartial) whole++
      if (whole < 2 && bodies.length - at < resendBodiesMax) continue
      bodies.splice(0, at)
      return
    }
  }

  function sift(tenantId: string, hostId: string, lines: LineFingerprints): SiftedLines {
    const id = `${tenantId}/${hostId}`
    const host = hostOf(id)
    const counts = new FingerprintCounts(lines.lows.length)
    const isKnown = lines.lows.map((low, at) => {
      const high = lines.highs[at]!
      return counts.increment(low, high) <= known(host.bodies, low, high)
    })
    const kept = looksResent(host, lines, isKnown) ? isKnown.flatMap((each, at) => (each ? [] : [at])) : undefined
    const dropped = kept === undefined ? 0 : lines.lows.length - kept.length
    const body: Body = { counts, ...endsOf(lines), isPartial: dropped > 0 }
    const hasNew = dropped < lines.lows.length
    host.isMidway = !hasNew && !endsAs(lines, host.bodies.at(-1))
    // A body that brought nothing new adds nothing to what is known.
    if (hasNew) host.bodies.push(body)
    return {
      kept: dropped === 0 ? undefined : kept,
      dropped,
      settle: () => trim(host),
      forget() {
        host.bodies = host.bodies.filter(each => each !== body)
        if (host.bodies.length === 0) hosts.delete(id)
      },
    }
  }

  function replay(tenantId: string, hostId: string, lines: readonly string[], dropped: number): void {
    const id = `${tenantId}/${hostId}`
    const host = hostOf(id)
    const counts = new FingerprintCounts(lines.length)
    const fingerprints = { lows: [] as number[], highs: [] as number[] }
    for (const line of lines) {
      const bytes = Buffer.from(line)
      takeFingerprint(key, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length)
      const { low, high } = fingerprint
      fingerprints.lows.push(low)
      fingerprints.highs.push(high)
      const stored = counts.get(low, high)
      // Of a body of which lines were left out, what was stored came on top of what was known then.
      const before = stored > 0 || dropped === 0 ? stored : known(host.bodies, low, high)
      counts.set(low, high, before + 1)
    }
    host.bodies.push({ counts, ...endsOf(fingerprints), isPartial: dropped > 0 })
    trim(host)
  }

  function held(): { hosts: number; bytes: number } {
    let bytes = 0
    for (const { bodies } of hosts.values()) for (const { counts } of bodies) bytes += counts.bytes
    return { hosts: hosts.size, bytes }
  }

  return { key, sift, replay, held }
}

function endsOf({ lows, highs }: LineFingerprints): Pick<Body, 'beginning' | 'last'> {
  return {
    beginning: { lows: lows.slice(0, beginningLines), highs: highs.slice(0, beginningLines) },
    last: { lows: lows.slice(-1), highs: highs.slice(-1) },
  }
}

function looksResent(host: HostBodies, lines: LineFingerprints, isKnown: readonly boolean[]): boolean {
  const { bodies, isMidway } = host
  const known = onlyKnown(lines, isKnown)
  if (bodies.some(({ beginning }) => isTelling(beginning) && startsWhole(known, beginning))) return true
  if (isKnown[0] !== true) return false
  if (bodies.some(({ beginning }) => startsWith(lines, 0, beginning))) return true
  const firstNew = isKnown.indexOf(false)
  if (firstNew < 0) return true
  const { lows, highs } = lines
  const isOneLine = lows.slice(0, firstNew).every((low, at) => low === lows[0] && highs[at] === highs[0])
  if (isOneLine && !isMidway) return false
  for (let at = 0; at < firstNew; at++) if (bodies.some(({ last }) => startsWith(lines, at, last))) return true
  return false
}

/** New lines may stand before and among those sent again: what is known is in the order in which it was sent. */
function onlyKnown({ lows, highs }: LineFingerprints, isKnown: readonly boolean[]): LineFingerprints {
  const first: LineFingerprints & { lows: number[]; highs: number[] } = { lows: [], highs: [] }
  for (let at = 0; at < lows.length && first.lows.length < beginningLines; at++) {
    if (!isKnown[at]) continue
    first.lows.push(lows[at]!)
    first.highs.push(highs[at]!)
  }
  return first
}

/** Rows that are alike may stand in any body: only lines that differ tell that it is the same one again. */
function isTelling({ lows, highs }: LineFingerprints): boolean {
  return new Set(lows.map((low, at) => `${low} ${highs[at]}`)).size >= 2
}

function startsWhole(lines: LineFingerprints, beginning: LineFingerprints): boolean {
  return lines.lows.length >= beginning.lows.length && startsWith(lines, 0, beginning)
}

function endsAs(lines: LineFingerprints, body: Body | undefined): boolean {
  return body !== undefined && startsWith(lines, lines.lows.length - 1, body.last)
}

/** As far as both go. */
function startsWith(lines: LineFingerprints, from: number, beginning: LineFingerprints): boolean {
  return beginning.lows.every((low, at) => {
    const index = from + at
    return index >= lines.lows.length || (lines.lows[index] === low && lines.highs[index] === beginning.highs[at])
  })
}
