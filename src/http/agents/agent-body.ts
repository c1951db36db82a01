import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { FastifyRequest } from 'fastify'
import { AppError } from '../../model/errors.ts'

// The body of an agent's request as it arrives, inflated and bounded. It may be given up at any point without costing
// the connection, over which the refusal still has to go: an agent that sees only a reset learns nothing of it.

export interface AgentBody {
  /**
   * The plain bytes, once. Fails with `too_large` past the bound, with `invalid_argument` for damaged gzip or a body
   * that ended early, with `unsupported_media_type` for another encoding.
   */
  chunks(): AsyncGenerator<Buffer>
  /** Everything, in one piece. */
  whole(): Promise<Buffer>
  /** Nothing more of it is read: whoever reads it fails with `timed_out`. */
  stop(): void
  /** Reads and throws away what is left, so that an answer can be read by an agent that is still sending. */
  drain(): Promise<void>
}

export function agentBody(request: FastifyRequest, bytesMax: number): AgentBody {
  const sent = request.body instanceof Readable ? request.body : Readable.from([])
  const encoding = (request.headers['content-encoding'] ?? '').trim().toLowerCase()

  let reading: AsyncGenerator<Buffer> | undefined
  let isStopped = false

  async function* read(): AsyncGenerator<Buffer> {
    let bytes = 0
    try {
      for await (const chunk of plain(sent, encoding) as AsyncIterable<Buffer>) {
        if (isStopped) throw new AppError('timed_out', 'the body came too late')
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

  function chunks(): AsyncGenerator<Buffer> {
    reading = read()
    return reading
  }

  return {
    chunks,
    async whole() {
      const parts: Buffer[] = []
      for await (const chunk of chunks()) parts.push(chunk)
      return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    },
    stop() {
      isStopped = true
    },
    async drain() {
      // A reader that has not ended holds on to the request.
      await reading?.return(undefined)
      await drain(request.raw)
    },
  }
}

function plain(sent: Readable, encoding: string): AsyncIterable<unknown> {
  if (encoding === '' || encoding === 'identity') return sent.iterator({ destroyOnReturn: false })
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw new AppError('unsupported_media_type', `content encoding ${JSON.stringify(encoding)} is not gzip or identity`)
  }
  const gunzip = createGunzip()
  const failed = (error?: Error) => gunzip.destroy(error ?? new AppError('invalid_argument', 'the body ended early'))
  sent.once('error', failed)
  sent.once('close', () => {
    if (!sent.readableEnded) failed()
  })
  // Not a pipeline: that would take the request, and with it the connection, down with the inflater.
  sent.pipe(gunzip)
  return gunzip
}

function translate(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code.startsWith('Z_')) return new AppError('invalid_argument', 'the gzip body is damaged', { cause: error })
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') {
    return new AppError('invalid_argument', 'the body ended early', { cause: error })
  }
  return error
}

function drain(raw: IncomingMessage): Promise<void> {
  raw.unpipe()
  if (raw.complete || raw.destroyed || raw.readableEnded) return Promise.resolve()
  return new Promise(resolve => {
    for (const event of ['end', 'close', 'error']) raw.once(event, () => resolve())
    raw.resume()
  })
}
