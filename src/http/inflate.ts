import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { AppError } from '../model/errors.ts'

/**
 * The body as plain bytes, inflated when `encoding` is gzip. Reading it fails with `too_large` past `bytesMax` plain
 * bytes, however small it came, and with `invalid_argument` where the gzip data is damaged or cut short. Throws
 * `unsupported_media_type` at once for another encoding.
 */
export function plainBody(body: Readable, encoding: string | undefined, bytesMax: number): Readable {
  const word = (encoding ?? '').trim().toLowerCase()
  if (word === '' || word === 'identity') return Readable.from(bounded(body, bytesMax), { objectMode: false })
  if (word !== 'gzip' && word !== 'x-gzip') {
    throw new AppError('unsupported_media_type', `content encoding ${JSON.stringify(word)} is not gzip or identity`)
  }
  const gunzip = createGunzip()
  // Failures reach the reader through `gunzip`, which the pipeline destroys with them.
  pipeline(body, gunzip, () => {})
  return Readable.from(bounded(gunzip, bytesMax), { objectMode: false })
}

async function* bounded(chunks: Readable, bytesMax: number): AsyncGenerator<Buffer> {
  let bytes = 0
  try {
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > bytesMax) {
        throw new AppError('too_large', `the body is larger than ${bytesMax} bytes`, { details: { limit: bytesMax } })
      }
      yield chunk
    }
  } catch (error) {
    throw translate(error)
  }
}

function translate(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code.startsWith('Z_')) return new AppError('invalid_argument', 'the gzip body is damaged', { cause: error })
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') {
    return new AppError('invalid_argument', 'the body ended early', { cause: error })
  }
  return error
}
