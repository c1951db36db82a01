import { STATUS_CODES } from 'node:http'
import type { Problem } from '../api/errors.ts'
import type { AppError } from '../model/errors.ts'
import { statusOf } from './error-status.ts'
import type { RenderedError, RequestFacts } from './rendered-error.ts'

/** Problem details (RFC 9457): our own routes. `type` is about:blank, so `title` is the status's own words (§4.2.1). */
export function renderProblem(error: AppError, facts: RequestFacts): RenderedError {
  const status = statusOf[error.code]
  const body: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: error.message,
    code: error.code,
    requestId: facts.requestId,
    ...(error.details === undefined ? {} : { details: error.details }),
  }
  return { status, contentType: 'application/problem+json; charset=utf-8', body }
}
