import type { TenantCaller } from '../../src/model/principal.ts'
import type { QueryRun } from '../../src/model/query-run.ts'

export const now = Date.UTC(2026, 1, 3, 8, 0, 0)

export function caller(tenantId: string): TenantCaller {
  return {
    principalId: '0a8a7e8e-7a51-4c8a-8f4e-3f1c2d3e4f50',
    accountType: 'tenant',
    accountId: tenantId,
    role: 'superAdmin',
    tenantId,
  }
}

/** A queued run as `start` makes it. */
export function queuedRun(tenantId: string, id: string, changed: Partial<QueryRun> = {}): QueryRun {
  return {
    id,
    tenantId,
    state: 'queued',
    name: undefined,
    template: 'SELECT 1 AS one',
    variables: undefined,
    savedQueryId: undefined,
    categoryId: undefined,
    hostIds: undefined,
    range: { start: now - 86_400_000, end: now + 1 },
    isOpenEnded: true,
    createdBy: { principalId: 'p', accountId: tenantId, accountType: 'tenant' },
    createdAt: now,
    expiresAt: now + 7_200_000,
    finishedAt: undefined,
    attempts: 0,
    error: undefined,
    truncated: undefined,
    window: undefined,
    note: undefined,
    warnings: undefined,
    rowCount: undefined,
    ...changed,
  }
}
