import { createReadStream } from 'node:fs'
import type { TailPin } from '../../model/run-view.ts'

// Whether the open tail still holds what was pinned of it. DuckDB skips a line that it cannot read, which must not look
// like a complete answer. Counting through DuckDB costs as much as reading the tail does (75 ms for 16 MiB), a look at
// each line's two ends 2 ms. What is damaged inside a line is seen when the segment is converted.

const newline = 0x0a
const closingBrace = 0x7d
/** Enough for `{"q":` and any number. */
const headChars = 24
const chunkBytes = 1024 * 1024

/** True where a pinned segment has fewer whole frames than were pinned. */
export async function isTailDamaged(pins: readonly TailPin[]): Promise<boolean> {
  const framesOf = new Map(pins.map(({ path, frames }) => [path, frames]))
  for (const [path, frames] of framesOf) {
    if ((await wholeFrames(path, frames)) < frames) return true
  }
  return false
}

/** Frames in a row, from the first, that begin with their number and end as an object does; at most `framesMax`. */
async function wholeFrames(path: string, framesMax: number): Promise<number> {
  let frames = 0
  let head = ''
  let last = 0
  const chunks: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: chunkBytes })
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const end = chunk.indexOf(newline, at)
      const stop = end === -1 ? chunk.length : end
      if (head.length < headChars) head += chunk.toString('latin1', at, Math.min(stop, at + headChars - head.length))
      if (stop > at) last = chunk[stop - 1] ?? 0
      if (end === -1) break
      if (head.startsWith(`{"q":${frames + 1},`) && last === closingBrace) frames += 1
      if (frames === framesMax) return frames
      head = ''
      at = end + 1
    }
  }
  return frames
}
