import { readmit } from '../auth/readmit.ts'
import type { Store } from '../db/db.ts'
import type { AppSettings } from '../http/dependencies.ts'
import { planRun } from '../http/run-plan.ts'
import { auditLine, openAuditLog } from '../ingest/audit-log.ts'
import type { Ingest } from '../ingest/ingest.ts'
import { auditTable } from '../lake/tables.ts'
import type { Clock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import type { Log } from '../model/log.ts'
import { openManyRuns } from '../query/many-runs.ts'
import type { Queries } from '../query/runs.ts'

export interface ManagementDeps {
  readonly store: Store
  readonly ingest: Pick<Ingest, 'accept'>
  readonly queries: Queries
  readonly clock: Clock
  readonly log: Log
  readonly settings: Pick<AppSettings, 'templateCharsMin' | 'querySpanMsMax'>
  readonly runLifetimeMs: number
}

/** The audit log and the runs over many tenants: what needs several parts at once. `close` before those it is given. */
export function openManagement({ store, ingest, queries, clock, log, settings, runLifetimeMs }: ManagementDeps) {
  const audit = openAuditLog({
    ...{ store, log },
    keep: async (tenantId, entry) => {
      const { accepted } = await ingest.accept(tenantId, Buffer.from(auditLine(entry)), { table: auditTable })
      if (accepted !== 1) throw new AppError('internal', 'the lake did not take an audit entry')
    },
  })
  const manyRuns = openManyRuns({
    ...{ store, queries, audit, clock, log, limits: { runLifetimeMs } },
    admit: (principalId, tenantId) => readmit(store, principalId, tenantId, 'runs.write', clock()),
    plan: (tenantId, request, now) => planRun({ store, clock: () => now, settings }, tenantId, Buffer.from(request)),
  })
  return {
    ...{ audit, manyRuns },
    async close() {
      await manyRuns.close()
      await audit.close()
    },
  }
}
