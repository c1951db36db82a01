import { readmit } from '../auth/readmit.ts'
import { insertAccountAudit } from '../db/account-audit.ts'
import type { Store } from '../db/db.ts'
import type { AppSettings } from '../http/dependencies.ts'
import { planRun } from '../http/run-plan.ts'
import { openAuditLog } from '../ingest/audit-log.ts'
import { accountAuditEntriesMax } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import type { Log } from '../model/log.ts'
import { openManyRuns } from '../query/many-runs.ts'
import type { Queries } from '../query/runs.ts'

export interface ManagementDeps {
  readonly store: Store
  readonly queries: Queries
  readonly clock: Clock
  readonly log: Log
  readonly settings: Pick<AppSettings, 'templateCharsMin' | 'querySpanMsMax'>
  readonly runLifetimeMs: number
}

/** The audit log and the runs over many tenants: what needs several parts at once. `close` before those it is given. */
export function openManagement({ store, queries, clock, log, settings, runLifetimeMs }: ManagementDeps) {
  const audit = openAuditLog({
    ...{ store, log },
    keep: (tenantId, entry) => insertAccountAudit(store, tenantId, entry, accountAuditEntriesMax),
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
