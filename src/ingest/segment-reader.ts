import type { Frame } from '../model/segment.ts'
import { parseFrame } from './frame.ts'
import type { SegmentCounts } from './segment.ts'

// A segment file read back after a crash. What can be believed is a prefix: frames that are whole, whose lines fit
// their hash, numbered without a gap. What stands behind it is one of:
//   torn     a beginning of a line, or zeros: a write that never ended, so nothing of it was acknowledged
//   damaged  anything else: whole lines that are no frames any more, perhaps with good frames behind them

export interface ReadSegment extends SegmentCounts {
  /** The header says that this is the segment it should be. */
  readonly hasHeader: boolean
  readonly tornBytes: number
  readonly damagedBytes: number
  /** Frames behind the damage whose lines are good; their numbers may be what is damaged. */
  readonly stranded: readonly Frame[]
}

export interface ReadOptions {
  readonly number: number
  readonly tenantId: string
  /** What a sealed segment holds; what stands behind that does not count. Undefined: it was open. */
  readonly sealed: Pick<SegmentCounts, 'frames' | 'bytes'> | undefined
  /** Called with each frame of the prefix, in order. */
  readonly onFrame: (frame: Frame) => void
}

const newline = 0x0a

export function readSegment(bytes: Buffer, { number, tenantId, sealed, onFrame }: ReadOptions): ReadSegment {
  const file = bytes.subarray(0, sealed?.bytes)
  const wanted = sealed?.frames
  const headerEnd = file.indexOf(newline)
  const hasHeader = headerEnd >= 0 && isHeader(file.subarray(0, headerEnd), number, tenantId)
  let at = headerEnd < 0 ? 0 : headerEnd + 1
  let frames = 0
  let lines = 0
  // Frames of a body whose last frame has not come yet: they count when it does, or when there is damage.
  let body: Frame[] = []
  let bodyStart = at
  while (wanted === undefined || frames + body.length < wanted) {
    const end = file.indexOf(newline, at)
    if (end < 0) break
    const frame = parseFrame(file.subarray(at, end))
    if (frame === undefined || frame.q !== frames + body.length + 1) break
    if (frame.o !== lines + body.reduce((sum, { n }) => sum + n, 0)) break
    body.push(frame)
    at = end + 1
    if (frame.m !== true) takeBody()
  }
  const isComplete = wanted !== undefined && frames + body.length >= wanted
  const rest = isComplete ? file.subarray(at, at) : file.subarray(at)
  const isHeaderDamaged = !hasHeader && (wanted === undefined ? headerEnd >= 0 : wanted > 0)
  const isDamaged = isHeaderDamaged || (!isComplete && hasDamage(rest, wanted))
  if (isDamaged || isComplete) takeBody()
  const stranded = isDamaged ? strandedFrames(rest) : []
  const tornBytes = isDamaged || isComplete ? 0 : file.length - bodyStart
  return {
    ...{ frames, lines, bytes: bodyStart, hasHeader, tornBytes },
    ...{ damagedBytes: isDamaged ? Math.max(rest.length, 1) : 0, stranded },
  }

  function takeBody(): void {
    for (const frame of body) {
      onFrame(frame)
      frames++
      lines += frame.n
    }
    body = []
    bodyStart = at
  }
}

/** A sealed segment was safe to its last frame: whatever is missing there is damage. */
function hasDamage(rest: Buffer, wanted: number | undefined): boolean {
  return wanted !== undefined || rest.includes(newline)
}

function isHeader(line: Buffer, number: number, tenantId: string): boolean {
  try {
    const header = JSON.parse(line.toString('utf8')) as Record<string, unknown> | null
    return header?.['format'] === 1 && header['segment'] === number && header['tenant'] === tenantId
  } catch {
    return false
  }
}

function strandedFrames(rest: Buffer): Frame[] {
  const stranded: Frame[] = []
  for (let at = 0, end = rest.indexOf(newline); end >= 0; at = end + 1, end = rest.indexOf(newline, at)) {
    const frame = parseFrame(rest.subarray(at, end))
    if (frame !== undefined) stranded.push(frame)
  }
  return stranded
}
