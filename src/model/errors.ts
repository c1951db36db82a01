// One error class and a closed list of codes. A code says what kind of thing went wrong; each protocol renders
// it in one file of its own (status codes and wire words are known there and nowhere else).

export const errorCodes = [
  'invalid_argument',
  'unauthenticated',
  'permission_denied',
  'not_found',
  'method_not_allowed',
  'unsupported_media_type',
  'conflict',
  'too_large',
  'rate_limited',
  'canceled',
  'timed_out',
  'unavailable',
  'internal',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/**
 * Facts a caller may act on: a position in SQL, a limit, seconds to wait. JSON values only; never a secret or a
 * path.
 */
export type ErrorDetails = Readonly<Record<string, unknown>>

/**
 * The one error that crosses a module boundary. `message` is lower case unless a wire contract fixes the words,
 * names the offending value and, when known, the fix.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails | undefined

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.details = options.details
  }
}

/** Anything thrown, as an AppError: what is not one already becomes `internal`, with the original kept as its cause. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  return new AppError('internal', 'internal error', { cause: thrown })
}

/**
 * True where the disk is full, whoever says so: the system, SQLite or DuckDB. It says nothing about what was to be
 * written.
 */
export function isDiskFull(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false
  if (['ENOSPC', 'EDQUOT'].includes(systemErrorCode(thrown) ?? '')) return true
  if (/no space left on device|database or disk is full|disk quota exceeded/i.test(thrown.message)) return true
  return thrown.cause !== undefined && isDiskFull(thrown.cause)
}

/** The system's error code (`ENOSPC`, `EADDRINUSE`), or undefined. */
export function systemErrorCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined
  return typeof thrown.code === 'string' ? thrown.code : undefined
}
