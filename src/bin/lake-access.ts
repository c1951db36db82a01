import type { Store } from '../db/db.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { TailKeys } from '../ingest/tail-keys.ts'
import { describeDamage } from '../lake/damage.ts'
import { learnTail } from '../lake/learn.ts'
import { schemaOf } from '../lake/schema.ts'
import { dataSpan } from '../lake/span.ts'
import { pinView, releaseLease, renewLease } from '../lake/view.ts'
import type { Clock } from '../model/clock.ts'
import type { LakeAccess } from '../query/lake-access.ts'
import type { Storage } from '../storage/storage.ts'

/** Readings of a long tail: each is bounded in time, and goes on where the last one stopped. */
const tailReadingsMax = 20

/** The tenant's tail, read to its end unless that takes too long. */
export async function wholeTail(ingest: Ingest, tenantId: string): Promise<TailKeys> {
  let tail = await ingest.tailKeys(tenantId)
  for (let more = 1; !tail.isComplete && more < tailReadingsMax; more += 1) tail = await ingest.tailKeys(tenantId)
  return tail
}

/** The lake as runs see it: the catalog, the data files and ingest's open tail together. */
export function lakeAccess(deps: { store: Store; storage: Storage; ingest: Ingest; clock: Clock }): LakeAccess {
  const { store, storage, ingest, clock } = deps
  return {
    schemaOf: tenantId => schemaOf(store, tenantId),
    refreshSchema: async tenantId => learnTail(store, tenantId, await wholeTail(ingest, tenantId), clock()),
    pinView: (tenantId, request) => pinView({ store, storage, tail: ingest }, tenantId, request),
    releaseLease: leaseId => releaseLease(store, leaseId),
    renewLease: (leaseId, now, leaseMs) => renewLease(store, leaseId, now, leaseMs),
    describeDamage: view => describeDamage({ store, storage }, view),
    async dataSpan(tenantId) {
      const tail = await wholeTail(ingest, tenantId)
      const span = await dataSpan(store, tenantId, tail)
      return span && { ...span, isPartial: !tail.isComplete }
    },
  }
}
