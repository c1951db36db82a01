import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { AppError } from '../model/errors.ts'
import { plainBody } from './inflate.ts'

/**
 * The body of a route that reads it as a stream (`readBodiesAsStreams`), inflated. Throws `too_large` at once where
 * more is announced than `bytesMax`: compressed or not, it cannot fit under it; what else reading it may fail with is
 * said at `plainBody`.
 */
export function bodyStream(request: FastifyRequest, bytesMax: number): Readable {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) {
    throw new AppError('too_large', `the body is larger than ${bytesMax} bytes`, { details: { limit: bytesMax } })
  }
  const sent = request.body instanceof Readable ? request.body : Readable.from([])
  return plainBody(sent, request.headers['content-encoding'], bytesMax)
}
