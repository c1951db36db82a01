import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { KnownRoute } from './known-routes.ts'

/** The Fastify instance that plugins and routes are added to; replies are typed by their schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

declare module 'fastify' {
  interface FastifySchema {
    /** What the route is for, in the reference. */
    summary?: string
    /** Media types of the body; JSON unless said. */
    bodyTypes?: readonly string[]
    /** Media types of an answer that is no JSON: files, text. */
    responseTypes?: readonly string[]
  }
  interface FastifyInstance {
    /** Aborted when the app begins to close: what waits for something must answer now. */
    stopping: AbortSignal
    /** Every route of the app and who may call it. */
    routeList: readonly KnownRoute[]
  }
}
