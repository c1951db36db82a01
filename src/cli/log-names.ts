import { createHash } from 'node:crypto'
import { AppError } from '../model/errors.ts'

// The name the lake knows a result log by is taken from its content: the first 64 KiB once unpacked, or all whole lines
// of a shorter file. So a file that has grown, moved or been packed is the same file; one that was shorter then is
// known by the name of its beginning.

/** Names that a file may have been imported by. */
export interface LogNames {
  readonly importId: string
  /** Names of its beginnings, longest first, each with the lines it is of. */
  readonly beginnings: readonly { readonly importId: string; readonly lines: number }[]
}

/** Where the lake is with a file. */
export interface LogPlace {
  /** Number of the first line that the lake does not have, from 1; whoever learns more moves it on. */
  wantedFrom: number
}

/** Bytes that make a file's name. */
export const headBytes = 64 * 1024
const newline = 0x0a

/** Kinds of files that people hand over by mistake, found by their first bytes. */
export function checkHead(name: string, head: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  const isUtf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)
  if (isUtf16) throw new AppError('invalid_argument', `${name} is UTF-16: convert it to UTF-8 first`)
  if (/^\ufeff?\s*\[/.test(head.toString('utf8', 0, 256))) {
    throw new AppError(
      'invalid_argument',
      `${name} is a JSON array, not lines: convert it with \`jq -c '.[]'\` or post it to /lake/v1/ingest/osquery`,
    )
  }
  return head
}

/** `head`: the first 64 KiB of a file, or all whole lines of a shorter one. */
export function namesOf(head: Buffer): LogNames {
  const hash = createHash('sha256')
  const beginnings = []
  let begin = 0
  for (let end = head.indexOf(newline) + 1; end > 0 && end < head.length; end = head.indexOf(newline, end) + 1) {
    hash.update(head.subarray(begin, end))
    beginnings.push({ importId: hash.copy().digest('hex'), lines: beginnings.length + 1 })
    begin = end
  }
  return { importId: hash.update(head.subarray(begin)).digest('hex'), beginnings: beginnings.reverse() }
}
