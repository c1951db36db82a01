import type { AppError } from '../model/errors.ts'
import { statusOf } from './error-status.ts'
import type { RenderedError, RequestFacts } from './rendered-error.ts'

// What agents are told when something went wrong. An agent looks at no status: an empty body is success to it, and so
// is any JSON object without `error`; then it throws away what it sent. So every failure of every layer on its paths
// has that member. `node_invalid`, a real boolean, makes it forget its key and enrol again: only for keys and enroll
// secrets that are known to be none, never for what could not be looked up. Source: osquery `remote/requests.h`,
// `remote/serializers/json.cpp`, `plugins/remote/enroll/tls_enroll.cpp`.

/** `details` of an error by which an agent is told to enrol (again). */
export const nodeInvalid = { nodeInvalid: true } as const

export function renderAgentError(error: AppError, facts: RequestFacts): RenderedError {
  const isInvalid = error.details?.['nodeInvalid'] === true
  const body = { error: error.message, requestId: facts.requestId, ...(isInvalid ? { node_invalid: true } : {}) }
  // Simulators and other clients read a body only where the status is 200.
  return { status: isInvalid ? 200 : statusOf[error.code], contentType: 'application/json; charset=utf-8', body }
}

/** Paths that are agents' whatever stands behind the prefix; without the query. */
export function isAgentPath(path: string): boolean {
  return /^\/+(?:api\/+(?:v1\/+)?)?osquery(?:\/|$)/.test(path)
}
