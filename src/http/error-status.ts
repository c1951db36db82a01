import { AppError, type ErrorCode } from '../model/errors.ts'

// The one mapping from kinds of errors to HTTP status codes, and from what the framework throws to our kinds.

export const statusOf: Readonly<Record<ErrorCode, number>> = {
  invalid_argument: 400,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  internal: 500,
  canceled: 503,
  timed_out: 503,
  unavailable: 503,
}

const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'too_large',
  415: 'unsupported_media_type',
}

/**
 * What was thrown while serving a request, as an AppError. The framework's own refusals (a body too large, a malformed
 * URL) keep their kind and words; everything unknown is `internal`, with the original as its cause.
 */
export function toRequestError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  if (thrown instanceof Error && 'statusCode' in thrown && 'code' in thrown) {
    const { statusCode, code, message } = thrown
    const isFrameworks = typeof code === 'string' && code.startsWith('FST_')
    if (isFrameworks && typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
      const words = message.charAt(0).toLowerCase() + message.slice(1)
      return new AppError(codeOfStatus[statusCode] ?? 'invalid_argument', words, { cause: thrown })
    }
  }
  return new AppError('internal', 'internal error', { cause: thrown })
}

/** Whole seconds to wait before asking again; undefined when waiting is not the point. */
export function retryAfterSeconds(error: AppError): number | undefined {
  const seconds = error.details?.['retryAfterSeconds']
  if (typeof seconds === 'number') return Math.max(1, Math.ceil(seconds))
  return error.code === 'unavailable' || error.code === 'rate_limited' ? 5 : undefined
}
