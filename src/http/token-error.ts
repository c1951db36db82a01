import type { TokenError } from '../api/errors.ts'
import type { AppError, ErrorCode } from '../model/errors.ts'
import { statusOf } from './error-status.ts'
import type { RenderedError, RequestFacts } from './rendered-error.ts'

const errorWords: Readonly<Record<ErrorCode, string>> = {
  invalid_argument: 'invalid_request',
  unauthenticated: 'invalid_client_secret',
  permission_denied: 'access_denied',
  not_found: 'not_found',
  method_not_allowed: 'method_not_allowed',
  conflict: 'invalid_request',
  too_large: 'invalid_request',
  unsupported_media_type: 'invalid_request',
  rate_limited: 'slow_down',
  internal: 'server_error',
  canceled: 'temporarily_unavailable',
  timed_out: 'temporarily_unavailable',
  unavailable: 'temporarily_unavailable',
}

/** The token service's three keys, whatever went wrong and wherever. */
export function renderTokenError(error: AppError, facts: RequestFacts): RenderedError {
  const word = error.details?.['oauth']
  const body: TokenError = {
    errorCode: `oauth.${typeof word === 'string' ? word : errorWords[error.code]}`,
    message: error.message,
    trackingId: facts.requestId,
  }
  return { status: statusOf[error.code], contentType: 'application/json; charset=utf-8', body }
}
