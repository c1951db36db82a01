// A piece of a result log, cut at its line ends.

const newline = 0x0a

/** A line that is not worth sending. */
export interface UnsentLine {
  readonly kind: 'unsent'
  readonly line: number
  readonly reason: string
}

/** The last piece with its last line ended, or without that line when it is no whole JSON. */
export function endLastLine(rest: Buffer<ArrayBuffer>): { whole: Buffer<ArrayBuffer>; isCut: boolean } {
  const end = rest.lastIndexOf(newline) + 1
  const last = rest.toString('utf8', end)
  if (isJson(last)) return { whole: Buffer.concat([rest, Buffer.from('\n')]), isCut: false }
  return { whole: rest.subarray(0, end), isCut: last.trim() !== '' }
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

export interface CutStart {
  /** Lines before `body`. */
  readonly skipped: number
  readonly unsent: readonly UnsentLine[]
  readonly body: Buffer<ArrayBuffer>
}

/** Whole lines from the first one a piece may begin with: a body that begins with `[` is a JSON array to the API. */
export function cutStart(bytes: Buffer<ArrayBuffer>, firstLine: number): CutStart {
  const unsent: UnsentLine[] = []
  let start = 0
  let skipped = 0
  while (start < bytes.length) {
    const end = bytes.indexOf(newline, start) + 1
    const line = bytes.toString('latin1', start, Math.min(end, start + 64)).trimStart()
    if (line !== '' && !line.startsWith('[')) break
    if (line !== '') unsent.push({ kind: 'unsent', line: firstLine + skipped, reason: 'no JSON object' })
    start = end
    skipped += 1
  }
  return { skipped, unsent, body: bytes.subarray(start) }
}

/** At most so many lines from the start, and where they end. */
export function beginningOf(bytes: Buffer, linesMax: number): { lines: number; end: number } {
  let lines = 0
  let end = 0
  while (lines < linesMax && end < bytes.length) {
    end = bytes.indexOf(newline, end) + 1
    lines += 1
  }
  return { lines, end }
}

export function countLines(bytes: Buffer): number {
  let lines = 0
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) lines += 1
  return lines
}
