import type { FastifyReply, FastifyRequest, FastifySchema, RouteOptions } from 'fastify'
import { AppError } from '../model/errors.ts'
import type { RouteAccess } from './route-access.ts'

// Every route of the app, and what answers a request that none of them takes: 405 with `Allow` where the path exists
// with another method, else 404.

export interface KnownRoutes {
  /** Every route, for tests and documents that walk over all of them. */
  readonly list: readonly KnownRoute[]
  /** To be called for every route the app declares. */
  add(route: RouteOptions): void
  /** The error for a request that no route took; sets `Allow` where it is about the method. */
  refusal(request: FastifyRequest, reply: FastifyReply): AppError
}

export interface KnownRoute {
  readonly methods: readonly string[]
  /** With its parameters as `:name`. */
  readonly url: string
  readonly access: RouteAccess | undefined
  /** What a call of it is in the audit log; undefined: it is not kept. */
  readonly audit: string | undefined
  readonly schema: FastifySchema | undefined
}

export function knownRoutes(): KnownRoutes {
  const list: KnownRoute[] = []
  const patterns = new Map<KnownRoute, RegExp>()
  return {
    list,
    add({ method, url, config, schema }) {
      const route = { methods: [method].flat(), url, access: config?.access, audit: config?.audit, schema }
      list.push(route)
      // A path that begins with anything is what it is only for some of it: elsewhere there is nothing.
      if (!url.startsWith('/:')) patterns.set(route, patternOf(url))
    },
    refusal(request, reply) {
      const path = (request.url.split('?', 1)[0] ?? '').replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '')
      const methods = list.filter(route => patterns.get(route)?.test(path)).flatMap(route => route.methods)
      if (methods.length === 0) return new AppError('not_found', `there is nothing at ${shorten(path)}`)
      const allowed = [...new Set(methods)].toSorted().join(', ')
      reply.header('allow', allowed)
      return new AppError('method_not_allowed', `${request.method} is not allowed here, only ${allowed}`)
    },
  }
}

/** A route's path with `:name` segments as a pattern for whole paths. */
function patternOf(url: string): RegExp {
  const segments = url.split('/').map(segment => (segment.startsWith(':') ? '[^/]+' : segment.replaceAll('.', '\\.')))
  return new RegExp(`^${segments.join('/')}$`)
}

function shorten(path: string): string {
  return path.length > 200 ? `${path.slice(0, 200)}…` : path
}
