import { createHash } from 'node:crypto'
import { frameBytesMax } from '../limits.ts'
import type { Frame } from '../model/segment.ts'

// One frame as text and back. A frame is written once, by JSON.stringify, and believed again only when its hash fits.

/** A frame before it has its place in a segment. */
export type FrameDraft = Omit<Frame, 'q' | 'o'>

/** Room for everything of a frame but its lines: ids, hash, numbers, and a host identifier full of escapes. */
const frameHeadBytesMax = 8 * 1024
/** What the lines of one frame may weigh by `lineWeight`. */
export const frameLinesWeightMax = frameBytesMax - frameHeadBytesMax

/** Upper bound of a line's bytes in a frame: a checked line grows at most twofold, by escapes; quotes and a comma. */
export function lineWeight(bytes: number): number {
  return 2 * bytes + 3
}

/** The frame's line of a segment file, with its line end. */
export function renderFrame(draft: FrameDraft, q: number, o: number): Buffer {
  const { t, h, hi, tb, ip, qs, n, s, i, m, d, b } = draft
  return Buffer.from(`${JSON.stringify({ q, o, t, h, hi, tb, ip, qs, n, s, i, m, d, b })}\n`)
}

/** The frame in one line of a segment file, or undefined when it is none or its lines are not those it was made of. */
export function parseFrame(line: Buffer): Frame | undefined {
  let frame: Partial<Frame> | null
  try {
    frame = JSON.parse(line.toString('utf8')) as Partial<Frame> | null
  } catch {
    return undefined
  }
  if (frame === null || typeof frame !== 'object') return undefined
  const { q, o, t, h, hi, n, s, b } = frame
  if (!Number.isSafeInteger(q) || !Number.isSafeInteger(o) || !Number.isSafeInteger(t)) return undefined
  if (typeof h !== 'string' || typeof hi !== 'string' || typeof s !== 'string' || !Array.isArray(b)) return undefined
  if (b.length !== n || hashLines(b) !== s) return undefined
  return frame as Frame
}

/** SHA-256 over the lines, each followed by `\n`; hex. */
export function hashLines(lines: readonly string[]): string {
  return createHash('sha256')
    .update(`${lines.join('\n')}\n`)
    .digest('hex')
}
