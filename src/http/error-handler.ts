import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { credentialsIn, ingestTokenOf } from '../auth/ingest-token.ts'
import type { Clock } from '../model/clock.ts'
import { AppError, type ErrorCode } from '../model/errors.ts'
import { newId, parseUuid } from '../model/ids.ts'
import { isAgentPath, renderAgentError } from './agent-error.ts'
import { answerHeaders } from './answer-headers.ts'
import { retryAfterSeconds, statusOf, toRequestError } from './error-status.ts'
import { renderHecError } from './hec-error.ts'
import { renderProblem } from './problem.ts'
import type { RenderedError, RequestFacts } from './rendered-error.ts'
import { renderTokenError } from './token-error.ts'
import { renderXdrError } from './xdr-error.ts'

// Every answer that is not a success leaves through here, in the form its path has, and always as JSON: known clients
// parse the body of every error, also of those a framework would have written itself.

declare module 'fastify' {
  interface FastifyRequest {
    /** The kind of error it was answered with. */
    refusal: ErrorCode | undefined
  }
}

/** Answers with the error in the form of the request's path. Unknown errors are logged whole and shown as one line. */
export function sendError(clock: Clock, thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = toRequestError(thrown)
  request.refusal = error.code
  if (error.code === 'internal') request.log.error({ err: error.cause ?? error }, 'request failed')
  else if (isNews(error)) request.log.warn({ err: error.cause ?? error }, 'request not served')
  // The rest of a body nobody will read is not waited for: the connection ends with this answer.
  if (hasBody(request) && !request.raw.complete) reply.header('connection', 'close')
  // Here too: a request that was refused before its route was found has passed no hook.
  reply.headers(answerHeaders(request))
  const isAgents = request.agentTenantId !== undefined || isAgentPath(request.url.split('?', 1)[0] ?? '')
  const rendered = (isAgents ? renderAgentError : renderingOf(request.url))(error, factsOf(request, clock()))
  const seconds = retryAfterSeconds(error)
  if (seconds !== undefined) reply.header('retry-after', String(seconds))
  const challenge = error.code === 'unauthenticated' ? challengeFor(request) : undefined
  if (challenge !== undefined) reply.header('www-authenticate', challenge)
  return reply.code(rendered.status).type(rendered.contentType).send(JSON.stringify(rendered.body))
}

/** Whoever is told when to come again was put off by a bound, and often: metrics count them, a stack says nothing. */
function isNews({ code, details }: AppError): boolean {
  return statusOf[code] >= 500 && details?.['retryAfterSeconds'] === undefined
}

function hasBody(request: FastifyRequest): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
}

function renderingOf(url: string): (error: AppError, facts: RequestFacts) => RenderedError {
  const path = (url.split('?', 1)[0] ?? '').replace(/\/{2,}/g, '/')
  if (path.startsWith('/api/v2/oauth2/')) return renderTokenError
  if (/^\/(?:lake|livez|readyz|metrics|version|docs|openapi\.json|\.well-known)(?:\/|$)/.test(path))
    return renderProblem
  if (/^\/services\/collector(?:\/|$)/.test(path)) return renderHecError
  return renderXdrError
}

function factsOf(request: FastifyRequest, now: number): RequestFacts {
  const header = request.headers['x-correlation-id']
  const given = typeof header === 'string' ? parseUuid(header) : undefined
  return { requestId: request.id, correlationId: given ?? newId(), now, credentials: credentialsOf(request) }
}

/** A bearer token of another form is a principal's; behind HEC's own schemes anything may be meant for one of ours. */
function credentialsOf(request: FastifyRequest): RequestFacts['credentials'] {
  const { authorization } = request.headers
  if (authorization === undefined || authorization.trim() === '') return 'none'
  const isBearer = credentialsIn(authorization, 'bearer') !== undefined
  const sent = isBearer ? ingestTokenOf(authorization) : credentialsIn(authorization, 'hec')
  return sent === undefined ? 'other' : 'token'
}

/** RFC 6749 §5.2: a client that tried Basic is told of Basic; RFC 6750 §3 for every other route. */
function challengeFor(request: FastifyRequest): string | undefined {
  if (!request.url.includes('/api/v2/oauth2/')) return 'Bearer realm="edr-lake"'
  return /^basic /i.test(request.headers.authorization ?? '') ? 'Basic realm="edr-lake"' : undefined
}

/**
 * Answers what Node's HTTP parser refused: there is no request then, and its path only where the packet begins with it.
 * The connection is closed, because the place where the next request would begin is unknown.
 */
export function answerBrokenRequest(clock: Clock, error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const isTimeout = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  const isOverflow = error.code === 'HPE_HEADER_OVERFLOW'
  const statusLine = isTimeout
    ? '408 Request Timeout'
    : isOverflow
      ? '431 Request Header Fields Too Large'
      : '400 Bad Request'
  const refusal = new AppError('invalid_argument', 'the request is not valid HTTP')
  const facts = { requestId: newId(), correlationId: newId(), now: clock(), credentials: 'none' } as const
  const xdr = { ...renderXdrError(refusal, facts).body, code: statusLine.slice(0, 3) }
  const body = JSON.stringify(isAgentPath(pathIn(error)) ? renderAgentError(refusal, facts).body : xdr)
  const head = [
    `HTTP/1.1 ${statusLine}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Of the request that could not be read; empty where that is not known. */
function pathIn(error: NodeJS.ErrnoException & { readonly rawPacket?: unknown }): string {
  const packet = error.rawPacket
  return (
    (packet instanceof Uint8Array && /^\w+ (\S+)/.exec(Buffer.from(packet).toString('latin1', 0, 2_000))?.[1]) || ''
  )
}
