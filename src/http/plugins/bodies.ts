import type { FastifyRequest } from 'fastify'
import { AppError } from '../../model/errors.ts'
import type { App } from '../instance.ts'

// Bodies reach the routes as bytes, whatever their content type says or whether there is one: clients send JSON without
// a type, SQL as JSON, and forms as they like. What they are is decided by what they hold, in api/.

/** RFC 9110 §8.3.1: `type/subtype`; parameters are not looked at. */
const mediaType = /^[!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+[ \t]*(?:;|$)/

/** Reads every body as one Buffer, bounded by the app's body limit. Routes get it from `bodyOf`. */
export function readBodiesWhole(app: App): void {
  app.removeAllContentTypeParsers()
  // The framework refuses a type that is none before it asks for a parser: to us it says as much as no type.
  app.addHook('onRequest', async ({ headers }) => {
    if (headers['content-type'] !== undefined && !mediaType.test(headers['content-type']))
      delete headers['content-type']
  })
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    const encoding = request.headers['content-encoding']
    if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
      done(new AppError('unsupported_media_type', 'compressed bodies are not accepted here'))
      return
    }
    done(null, body)
  })
}

/** Leaves bodies unread: routes get them as streams and bound them themselves. */
export function readBodiesAsStreams(app: App): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, body, done) => done(null, body))
}

/** The body's bytes; none for a request without a body. */
export function bodyOf(request: FastifyRequest): Uint8Array {
  return request.body instanceof Uint8Array ? request.body : new Uint8Array()
}
