import type { TenantRunLimits } from '../model/run-limits.ts'
import type { Db } from './db.ts'

/** What the tenant's runs get instead of what every run gets; members that are absent: nothing of its own. */
export async function findTenantRunLimits(db: Db, tenantId: string): Promise<TenantRunLimits> {
  const row = await db.selectFrom('tenant_run_limits').selectAll().where('tenant_id', '=', tenantId).executeTakeFirst()
  return {
    ...(row?.rows == null ? {} : { rows: row.rows }),
    ...(row?.bytes == null ? {} : { bytes: row.bytes }),
    ...(row?.timeout_ms == null ? {} : { timeoutMs: row.timeout_ms }),
  }
}

/** Replaces them all; `{}` takes them away. Idempotent. Rejects where there is no such tenant. */
export async function putTenantRunLimits(db: Db, tenantId: string, limits: TenantRunLimits): Promise<void> {
  const columns = { rows: limits.rows ?? null, bytes: limits.bytes ?? null, timeout_ms: limits.timeoutMs ?? null }
  await db
    .insertInto('tenant_run_limits')
    .values({ tenant_id: tenantId, ...columns })
    .onConflict(conflict => conflict.column('tenant_id').doUpdateSet(columns))
    .execute()
}
