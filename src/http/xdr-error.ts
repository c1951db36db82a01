import type { XdrError } from '../api/errors.ts'
import type { AppError, ErrorCode } from '../model/errors.ts'
import { formatInstant } from '../model/time-range.ts'
import { statusOf } from './error-status.ts'
import type { RenderedError, RequestFacts } from './rendered-error.ts'

/** The words clients match. A refused role has a word of its own. */
const errorWords: Readonly<Record<ErrorCode, string>> = {
  invalid_argument: 'ValidationException',
  unauthenticated: 'Unauthorized',
  permission_denied: 'Forbidden',
  not_found: 'resourceNotFound',
  method_not_allowed: 'MethodNotAllowed',
  conflict: 'Conflict',
  too_large: 'PayloadTooLarge',
  unsupported_media_type: 'UnsupportedMediaType',
  rate_limited: 'TooManyRequests',
  internal: 'InternalServerError',
  canceled: 'ServiceUnavailable',
  timed_out: 'ServiceUnavailable',
  unavailable: 'ServiceUnavailable',
}

/** The error body of the vendor's API; no member is ever null, and `code` is a string. */
export function renderXdrError(error: AppError, facts: RequestFacts): RenderedError {
  const status = statusOf[error.code]
  const isRole = error.code === 'permission_denied' && error.details?.['refused'] === 'role'
  const body: XdrError = {
    error: isRole ? 'UNAUTHORIZED_ACCESS' : errorWords[error.code],
    message: error.message,
    correlationId: facts.correlationId,
    requestId: facts.requestId,
    createdAt: formatInstant(facts.now),
    code: String(status),
    ...(error.details === undefined ? {} : { details: error.details }),
  }
  return { status, contentType: 'application/json; charset=utf-8', body }
}
