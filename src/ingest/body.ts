import { createHash, type Hash } from 'node:crypto'
import { hostIdentifierCharsMax, rejectedKeptPerBodyMax, rejectedTextBytesMax } from '../limits.ts'
import { openLineScanner, reasons } from '../osquery/line-scanner.ts'
import { looksWhole, mendLine, readLogTail } from '../osquery/log-body.ts'
import { type FingerprintKey, fingerprint, takeFingerprint } from './fingerprints.ts'
import { frameLinesWeightMax, lineWeight } from './frame.ts'

// A body taken apart: its lines by host, in their order, with what the nets compare by. Everything that costs a pass
// over bytes happens here, while the body arrives; what follows in intake.ts only looks things up.

export interface BodyLines {
  readonly hosts: readonly HostLines[]
  readonly lines: number
  /** Lines before the first one wanted. */
  readonly skipped: number
  /** Number of the body's last line in its file, blank ones counted. */
  readonly last: number
  readonly rejectedCount: number
  /** The first `rejectedKeptPerBodyMax` of them. */
  readonly rejected: readonly RejectedLine[]
  /** Of an agent's log body: it ended before its end, and what is missing cannot be known. */
  readonly isCut?: boolean
}

export interface RejectedLine {
  /** Number within the body, from 1. */
  readonly line: number
  readonly reason: string
  readonly text: Buffer
}

export interface HostLines {
  readonly hostIdentifier: string
  readonly lines: string[]
  /** Fingerprints, in two halves; empty for an import. */
  readonly lows: number[]
  readonly highs: number[]
  /** Where frames are cut, always at the same lines of the same body. */
  readonly cuts: FrameCut[]
}

export interface FrameCut {
  /** Index behind the frame's last line. */
  readonly end: number
  /** As `hashLines` gives it for these lines. */
  readonly hash: string
}

export interface BodyOptions {
  /** What fingerprints are taken with. Default: none are taken. */
  readonly key?: FingerprintKey | undefined
  /** Number of the body's first line in the file it is a piece of. Default: 1. */
  readonly firstLine?: number
  /** Lines of that file with a lower number are passed over. Default: 1. */
  readonly wantedFrom?: number
  /** Every line is this host's, whatever it says of itself: the agent has shown who it is. */
  readonly hostIdentifier?: string | undefined
  /** The body is the lines of an agent's log post, from their bracket to the body's end (osquery/log-body.ts). */
  readonly isLogBody?: boolean
  /** Weight of lines, by `lineWeight`, at which a piece is complete. Default: the body is one piece. */
  readonly pieceWeightMax?: number
}

interface HostUnderWay extends HostLines {
  hash: Hash
  /** By `lineWeight`, of the frame under way. */
  weight: number
  // Bytes that still have to go into the hash: neighbours in one chunk are hashed at once.
  bytes: Buffer
  start: number
  end: number
}

export interface BodyReader {
  push(chunk: Buffer): void
  /** Of the lines of the piece under way. */
  heldBytes(): number
  /** The pieces that are complete: the same lines of a body are always the same pieces. */
  takePieces(): readonly BodyLines[]
  /** What is left of the body. */
  end(): BodyLines
}

export function openBodyReader(options: BodyOptions): BodyReader {
  const { key, firstLine = 1, wantedFrom = 1, pieceWeightMax = Number.POSITIVE_INFINITY } = options
  let hosts = new Map<string, HostUnderWay>()
  let rejected: RejectedLine[] = []
  let rejectedCount = 0
  let lines = 0
  let skipped = 0
  let pieces: BodyLines[] = []
  let pieceWeight = 0
  const logEnd = options.isLogBody === true ? openLogEnd() : undefined
  let recent: HostUnderWay | undefined
  let view: DataView = new DataView(new ArrayBuffer(0))
  let viewed: Buffer | undefined

  function reject(number: number, reason: string, text: Buffer): void {
    if (firstLine - 1 + number < wantedFrom || logEnd?.take(reason, text) === true) return
    rejectedCount++
    if (rejected.length < rejectedKeptPerBodyMax) rejected.push({ line: number, reason, text })
  }

  function take(bytes: Buffer, start: number, end: number, ownHost: string | undefined, number: number): void {
    if (firstLine - 1 + number < wantedFrom) {
      skipped++
      return
    }
    const hostIdentifier = options.hostIdentifier ?? ownHost
    if (hostIdentifier === undefined || hostIdentifier === '') {
      reject(number, 'no hostIdentifier', beginning(bytes, start, end))
      return
    }
    if (hostIdentifier.length > hostIdentifierCharsMax) {
      const reason = `hostIdentifier longer than ${hostIdentifierCharsMax} characters`
      reject(number, reason, beginning(bytes, start, end))
      return
    }
    if (recent?.hostIdentifier !== hostIdentifier) recent = hostOf(hostIdentifier)
    lines++
    addLine(recent, bytes, start, end)
    takeKey(recent, bytes, start, end)
    pieceWeight += lineWeight(end - start)
    if (pieceWeight > pieceWeightMax) pieces.push(finishPiece(firstLine - 1 + number))
  }

  function takeKey(host: HostUnderWay, bytes: Buffer, start: number, end: number): void {
    if (key === undefined) return
    if (viewed !== bytes) {
      viewed = bytes
      view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    takeFingerprint(key, view, start, end)
    host.lows.push(fingerprint.low)
    host.highs.push(fingerprint.high)
  }

  function finishPiece(last: number): BodyLines {
    for (const host of hosts.values()) cut(host)
    const piece = { hosts: [...hosts.values()], lines, skipped, last, rejectedCount, rejected }
    hosts = new Map()
    rejected = []
    recent = undefined
    rejectedCount = 0
    lines = 0
    skipped = 0
    pieceWeight = 0
    return piece
  }

  function hostOf(hostIdentifier: string): HostUnderWay {
    const found = hosts.get(hostIdentifier)
    if (found !== undefined) return found
    const host: HostUnderWay = {
      ...{ hostIdentifier, lines: [], lows: [], highs: [], cuts: [] },
      ...{ hash: createHash('sha256'), weight: 0, bytes: nothing, start: 0, end: 0 },
    }
    hosts.set(hostIdentifier, host)
    return host
  }

  // An agent, or a table's source, wraps nothing.
  const isWrapped = options.hostIdentifier === undefined
  const mend = logEnd === undefined ? undefined : mendLine
  const scanner = openLineScanner({ line: take, rejected: reject }, { isWrapped, mend })
  return {
    push(chunk) {
      logEnd?.push(chunk)
      scanner.push(chunk)
    },
    // A line weighs twice its bytes.
    heldBytes: () => pieceWeight / 2,
    takePieces() {
      const complete = pieces
      pieces = []
      return complete
    },
    end() {
      const piece = finishPiece(firstLine - 1 + scanner.end())
      return logEnd === undefined ? piece : { ...piece, isCut: logEnd.isCut() }
    },
  }
}

/** Whether an agent's log body is all there: its end is looked at, and is no line that was rejected. */
function openLogEnd() {
  let last: Buffer = nothing
  let isWhole = false
  return {
    push(chunk: Buffer) {
      last = chunk.length >= endBytes ? chunk : Buffer.concat([last.subarray(-endBytes), chunk])
    },
    take(reason: string, text: Buffer): boolean {
      if (reason === reasons.textAfter) isWhole = readLogTail(text) !== undefined
      else if (reason === reasons.notClosed) isWhole = looksWhole(last.subarray(-endBytes))
      else return false
      return true
    },
    isCut: () => !isWhole,
  }
}

/** Of a body's end, this much is looked at. */
const endBytes = 512

const nothing = Buffer.alloc(0)
const newline = 0x0a
const newlineBytes = Buffer.from([newline])

function addLine(host: HostUnderWay, bytes: Buffer, start: number, end: number): void {
  const weight = lineWeight(end - start)
  if (host.weight + weight > frameLinesWeightMax) cut(host)
  host.weight += weight
  host.lines.push(bytes.toString('utf8', start, end))
  if (bytes === host.bytes && start === host.end) host.end = end
  else {
    hashPending(host)
    host.bytes = bytes
    host.start = start
    host.end = end
  }
  // The line end that the hash wants stands behind the line in the body, as a rule.
  if (bytes[end] === newline) host.end = end + 1
  else {
    hashPending(host)
    host.hash.update(newlineBytes)
  }
}

function beginning(bytes: Buffer, start: number, end: number): Buffer {
  return Buffer.from(bytes.subarray(start, Math.min(end, start + rejectedTextBytesMax)))
}

function hashPending(host: HostUnderWay): void {
  if (host.end > host.start) host.hash.update(host.bytes.subarray(host.start, host.end))
  host.bytes = nothing
  host.start = 0
  host.end = 0
}

function cut(host: HostUnderWay): void {
  hashPending(host)
  host.cuts.push({ end: host.lines.length, hash: host.hash.digest('hex') })
  host.hash = createHash('sha256')
  host.weight = 0
}
