import { findIdempotencyKey, putIdempotencyKey } from '../db/idempotency-keys.ts'
import type { WithRun } from '../db/runs.ts'
import { idempotencyKeyCharsMax } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import { sha256Hex } from '../model/ids.ts'
import type { TenantCaller } from '../model/principal.ts'
import type { QueryRun } from '../model/query-run.ts'
import type { AppDependencies } from './dependencies.ts'

// `Idempotency-Key` on POST runs: a request sent again gives the run it started the first time. A key belongs to one
// principal and tenant, lives as long as its run and is stored in the run's own transaction.

/** Starts the run and stores what it is given in the run's transaction. */
type StartWith = (withRun: WithRun | undefined) => Promise<QueryRun>

export interface Idempotency {
  /**
   * The run of this key, or the one `start` makes when there is none. Two requests with one key at once start one run.
   * Throws `conflict` when the key came with another body before. Without a key it just starts.
   */
  once(caller: TenantCaller, key: unknown, body: Uint8Array, start: StartWith): Promise<QueryRun>
}

export function openIdempotency(deps: Pick<AppDependencies, 'store' | 'queries' | 'clock'>): Idempotency {
  // Requests of one key wait for one another; the map holds the last one in line.
  const lines = new Map<string, Promise<unknown>>()

  async function findOrStart(
    caller: TenantCaller,
    key: string,
    requestHash: string,
    start: StartWith,
  ): Promise<QueryRun> {
    const { tenantId, principalId } = caller
    const known = await findIdempotencyKey(deps.store, tenantId, principalId, key, deps.clock())
    if (known !== undefined) {
      if (known.requestHash !== requestHash) {
        throw new AppError('conflict', 'this Idempotency-Key came with another body before: use a new key')
      }
      return deps.queries.get(tenantId, known.runId)
    }
    return start((transaction, run) => {
      const entry = { tenantId, principalId, key, requestHash, runId: run.id, expiresAt: run.expiresAt }
      return putIdempotencyKey(transaction, entry, deps.clock())
    })
  }

  return {
    async once(caller, key, body, start) {
      if (key === undefined) return start(undefined)
      if (typeof key !== 'string' || key === '' || key.length > idempotencyKeyCharsMax) {
        throw new AppError('invalid_argument', `Idempotency-Key must have 1 to ${idempotencyKeyCharsMax} characters`)
      }
      const line = `${caller.tenantId} ${caller.principalId} ${key}`
      const turn = (lines.get(line) ?? Promise.resolve()).then(() => findOrStart(caller, key, sha256Hex(body), start))
      // The next in line starts whether this one succeeds or fails.
      const settled = turn.catch(() => undefined)
      lines.set(line, settled)
      try {
        return await turn
      } finally {
        if (lines.get(line) === settled) lines.delete(line)
      }
    },
  }
}
