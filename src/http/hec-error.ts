import type { HecError } from '../api/hec.ts'
import { AppError, type ErrorCode } from '../model/errors.ts'
import type { RenderedError, RequestFacts } from './rendered-error.ts'

// The HTTP Event Collector's words, codes and statuses, as its clients know them (Splunk, "Troubleshoot HTTP Event
// Collector", possible error codes). Nothing else knows them.

type HecAnswer = readonly [status: number, code: number, text: string]

const answers = {
  tokenDisabled: [403, 1, 'Token disabled'],
  tokenRequired: [401, 2, 'Token is required'],
  invalidAuthorization: [401, 3, 'Invalid authorization'],
  invalidToken: [403, 4, 'Invalid token'],
  noData: [400, 5, 'No data'],
  invalidDataFormat: [400, 6, 'Invalid data format'],
  incorrectIndex: [400, 7, 'Incorrect index'],
  internal: [500, 8, 'Internal server error'],
  busy: [503, 9, 'Server is busy'],
  channelMissing: [400, 10, 'Data channel is missing'],
  invalidChannel: [400, 11, 'Invalid data channel'],
  eventRequired: [400, 12, 'Event field is required'],
  eventBlank: [400, 13, 'Event field cannot be blank'],
  indexedFields: [400, 15, 'Error in handling indexed fields'],
  unhealthy: [503, 18, 'HEC is unhealthy, queues are full'],
  healthInvalidToken: [400, 21, 'Invalid token'],
  tooManyRequests: [429, 9, 'Server is busy'],
  notFound: [404, 404, 'The requested URL was not found on this server.'],
  methodNotAllowed: [405, 405, 'The requested method is not allowed here.'],
  tooLarge: [413, 27, 'Request entity too large'],
  unsupportedEncoding: [415, 6, 'Invalid data format'],
} as const satisfies Readonly<Record<string, HecAnswer>>

export type HecErrorKind = keyof typeof answers

/** An error that HEC has a code for. `eventNumber`: of the first event that was not taken, from 0. */
export function hecError(kind: HecErrorKind, eventNumber?: number): AppError {
  const code: ErrorCode = answers[kind][0] === 503 ? 'unavailable' : 'invalid_argument'
  return new AppError(code, answers[kind][2], { details: { hec: kind, eventNumber } })
}

/** `{"text": …, "code": …}` for whatever went wrong on a path of HEC's. */
export function renderHecError(error: AppError, facts: RequestFacts): RenderedError {
  const [status, code, text] = answers[kindOf(error, facts)]
  const eventNumber = error.details?.['eventNumber']
  const place = typeof eventNumber === 'number' ? { 'invalid-event-number': eventNumber } : {}
  const body: HecError = { text, code, ...place }
  return { status, contentType: 'application/json; charset=utf-8', body }
}

const kinds: Readonly<Record<Exclude<ErrorCode, 'unauthenticated' | 'permission_denied'>, HecErrorKind>> = {
  invalid_argument: 'invalidDataFormat',
  conflict: 'invalidDataFormat',
  not_found: 'notFound',
  method_not_allowed: 'methodNotAllowed',
  too_large: 'tooLarge',
  unsupported_media_type: 'unsupportedEncoding',
  rate_limited: 'tooManyRequests',
  internal: 'internal',
  canceled: 'busy',
  timed_out: 'busy',
  unavailable: 'busy',
}

function kindOf(error: AppError, { credentials }: RequestFacts): HecErrorKind {
  const kind = error.details?.['hec']
  if (typeof kind === 'string' && Object.hasOwn(answers, kind)) return kind as HecErrorKind
  if (error.code === 'permission_denied') {
    return error.details?.['refused'] === 'tenant' ? 'tokenDisabled' : 'invalidToken'
  }
  if (error.code !== 'unauthenticated') return kinds[error.code]
  if (credentials === 'none') return 'tokenRequired'
  return credentials === 'token' ? 'invalidToken' : 'invalidAuthorization'
}
