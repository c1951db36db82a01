import type { TenantLimits, TenantLimitsChange } from '../model/tenant-limits.ts'
import type { Db } from './db.ts'
import type { TenantLimitsRow } from './tables.ts'

/** The limits of those tenants that have some of their own. */
export async function listTenantLimits(db: Db): Promise<ReadonlyMap<string, TenantLimits>> {
  const rows = await db.selectFrom('tenant_limits').selectAll().execute()
  return new Map(rows.map(row => [row.tenant_id, fromRow(row)]))
}

/** What the tenant has of its own after the change. Rejects where there is no such tenant. */
export async function changeTenantLimits(db: Db, tenantId: string, change: TenantLimitsChange): Promise<TenantLimits> {
  const { uploadCapHostBytes, uploadCapTenantBytes, diskBudgetBytes } = change
  const columns = {
    ...(uploadCapHostBytes === undefined ? {} : { upload_cap_host_bytes: uploadCapHostBytes }),
    ...(uploadCapTenantBytes === undefined ? {} : { upload_cap_tenant_bytes: uploadCapTenantBytes }),
    ...(diskBudgetBytes === undefined ? {} : { disk_budget_bytes: diskBudgetBytes }),
  }
  const none = { upload_cap_host_bytes: null, upload_cap_tenant_bytes: null, disk_budget_bytes: null }
  const row = await db
    .insertInto('tenant_limits')
    .values({ tenant_id: tenantId, ...none, ...columns })
    .onConflict(conflict => conflict.column('tenant_id').doUpdateSet({ tenant_id: tenantId, ...columns }))
    .returningAll()
    .executeTakeFirstOrThrow()
  return fromRow(row)
}

function fromRow(row: TenantLimitsRow): TenantLimits {
  return {
    uploadCapHostBytes: row.upload_cap_host_bytes ?? undefined,
    uploadCapTenantBytes: row.upload_cap_tenant_bytes ?? undefined,
    diskBudgetBytes: row.disk_budget_bytes ?? undefined,
  }
}
