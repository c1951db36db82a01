import type { Tenant } from '../model/tenant.ts'
import type { Db } from './db.ts'
import type { TenantRow } from './tables.ts'

/** Whose tenants a list is about; `{}` means all of them. */
export interface TenantFilter {
  readonly partnerId?: string
  readonly organizationId?: string
  /** Only this one. */
  readonly tenantId?: string
}

export async function insertTenant(db: Db, tenant: Tenant): Promise<void> {
  await db.insertInto('tenants').values(toRow(tenant)).execute()
}

export async function findTenant(db: Db, tenantId: string): Promise<Tenant | undefined> {
  const row = await db.selectFrom('tenants').selectAll().where('id', '=', tenantId).executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

/** Those of these ids that there are, in no order. */
export async function findTenants(db: Db, tenantIds: readonly string[]): Promise<Tenant[]> {
  if (tenantIds.length === 0) return []
  return (await db.selectFrom('tenants').selectAll().where('id', 'in', tenantIds).execute()).map(fromRow)
}

/** Tenants `[offset, offset + count)` in order of creation, then id: pages do not shift when a tenant is added. */
export async function listTenants(db: Db, filter: TenantFilter, offset: number, count: number): Promise<Tenant[]> {
  const rows = await matching(db, filter)
    .selectAll()
    .orderBy('created_at')
    .orderBy('id')
    .limit(count)
    .offset(offset)
    .execute()
  return rows.map(fromRow)
}

export async function countTenants(db: Db, filter: TenantFilter): Promise<number> {
  const row = await matching(db, filter)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/** What may change of a tenant; members left out stay. */
export type TenantChange = Partial<Pick<Tenant, 'name' | 'showAs' | 'status' | 'retentionDays'>>

/** False when there is no such tenant. */
export async function changeTenant(db: Db, tenantId: string, change: TenantChange): Promise<boolean> {
  const { name, showAs, status, retentionDays } = change
  const columns = {
    ...(name === undefined ? {} : { name }),
    ...(showAs === undefined ? {} : { show_as: showAs }),
    ...(status === undefined ? {} : { status }),
    ...(retentionDays === undefined ? {} : { retention_days: retentionDays }),
  }
  if (Object.keys(columns).length === 0) return (await findTenant(db, tenantId)) !== undefined
  const result = await db.updateTable('tenants').set(columns).where('id', '=', tenantId).executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** False when there is no such tenant. */
export async function setTenantStatus(db: Db, tenantId: string, status: Tenant['status']): Promise<boolean> {
  const result = await db.updateTable('tenants').set({ status }).where('id', '=', tenantId).executeTakeFirst()
  return result.numUpdatedRows > 0n
}

function matching(db: Db, filter: TenantFilter) {
  let query = db.selectFrom('tenants')
  if (filter.partnerId !== undefined) query = query.where('partner_id', '=', filter.partnerId)
  if (filter.organizationId !== undefined) query = query.where('organization_id', '=', filter.organizationId)
  if (filter.tenantId !== undefined) query = query.where('id', '=', filter.tenantId)
  return query
}

function toRow(tenant: Tenant): TenantRow {
  return {
    id: tenant.id,
    name: tenant.name,
    show_as: tenant.showAs,
    data_geography: tenant.dataGeography,
    data_region: tenant.dataRegion,
    billing_type: tenant.billingType,
    status: tenant.status,
    partner_id: tenant.partnerId ?? null,
    organization_id: tenant.organizationId ?? null,
    retention_days: tenant.retentionDays,
    created_at: tenant.createdAt,
    contact_json: tenant.contact === undefined ? null : JSON.stringify(tenant.contact),
  }
}

function fromRow(row: TenantRow): Tenant {
  return {
    id: row.id,
    name: row.name,
    showAs: row.show_as,
    dataGeography: row.data_geography,
    dataRegion: row.data_region,
    billingType: row.billing_type as Tenant['billingType'],
    status: row.status as Tenant['status'],
    partnerId: row.partner_id ?? undefined,
    organizationId: row.organization_id ?? undefined,
    retentionDays: row.retention_days,
    createdAt: row.created_at,
    ...(row.contact_json === null ? {} : { contact: JSON.parse(row.contact_json) }),
  }
}
