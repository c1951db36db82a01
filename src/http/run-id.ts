import type { FastifyRequest } from 'fastify'
import { AppError } from '../model/errors.ts'
import { parseUuid } from '../model/ids.ts'

export const runsPath = '/xdr-query/v1/queries/runs'

/** The run a path names, in lower case. An id that is no UUID is no run's: `not_found`. */
export function runIdOf(request: FastifyRequest): string {
  const runId = parseUuid((request.params as { runId: string }).runId)
  if (runId === undefined) throw new AppError('not_found', 'there is no such run')
  return runId
}
