import { promisify } from 'node:util'
import { deflate, deflateSync, inflate, inflateSync } from 'node:zlib'

// Lines as the store keeps them. Small ones, and most are, are done at once: a turn of the thread pool costs seven
// times what deflating 3 KB does (0.28 ms and 0.04 ms). Large ones would hold the event loop.

const deflateLater = promisify<string, { level: number }, Buffer>(deflate)
const inflateLater = promisify<Uint8Array, Buffer>(inflate)

/** The fastest: rows of one query are much alike, and more effort saves a tenth. */
const effort = { level: 1 }

/** About 0.2 ms of the event loop. */
const smallCharsMax = 32 * 1024
const smallBytesMax = 4 * 1024

export function deflateText(text: string): Buffer | Promise<Buffer> {
  return text.length <= smallCharsMax ? deflateSync(text, effort) : deflateLater(text, effort)
}

export async function inflateText(bytes: Uint8Array): Promise<string> {
  const text = bytes.length <= smallBytesMax ? inflateSync(bytes) : await inflateLater(bytes)
  return text.toString('utf8')
}
