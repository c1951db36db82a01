import { AppError, type ErrorCode, type ErrorDetails } from '../model/errors.ts'

// What the API says when it refuses, as the program's own error. The three bodies (XDR, token service, problem details)
// are told apart by their members.

const codes: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_argument',
  401: 'unauthenticated',
  403: 'permission_denied',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'conflict',
  413: 'too_large',
  415: 'unsupported_media_type',
  429: 'rate_limited',
  503: 'unavailable',
  504: 'timed_out',
}

/** The error for an answer outside 2xx; its sentence is the server's own where there is one. */
export function failureOf(status: number, body: string): AppError {
  const members = parseObject(body)
  const message = firstText(members['message'], members['detail'], members['title'], members['error'])
  const details: ErrorDetails = { status, ...asObject(members['details']), ...requestId(members) }
  return new AppError(codes[status] ?? 'internal', message ?? `the server answered ${status}`, { details })
}

/** The error for a request that got no answer. The cause's message may hold an address, never a secret. */
export function unreachable(origin: string, cause: unknown): AppError {
  return new AppError('unavailable', `cannot reach ${origin}: ${reasonOf(cause)}`, { cause })
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused (is the lake running? `npm start`)',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host name could not be looked up',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed (NODE_EXTRA_CA_CERTS names a CA file to trust)',
  SELF_SIGNED_CERT_IN_CHAIN: 'its CA is not trusted (NODE_EXTRA_CA_CERTS names a CA file to trust)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its CA is not trusted (NODE_EXTRA_CA_CERTS names a CA file to trust)',
}

/** fetch wraps the system's error, sometimes twice. */
function reasonOf(cause: unknown): string {
  let last = 'unknown reason'
  for (let error = cause; error instanceof Error; error = error.cause) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
    if (reasons[code] !== undefined) return reasons[code]
    if (error.message !== '') last = error.message
  }
  return last
}

function parseObject(body: string): Record<string, unknown> {
  try {
    return asObject(JSON.parse(body))
  } catch {
    // A proxy's page, not the API's: the status says what there is to say.
    return {}
  }
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

function firstText(...candidates: readonly unknown[]): string | undefined {
  return candidates.find((each): each is string => typeof each === 'string' && each !== '')
}

function requestId(members: Record<string, unknown>): ErrorDetails {
  const id = firstText(members['requestId'], members['trackingId'])
  return id === undefined ? {} : { requestId: id }
}
