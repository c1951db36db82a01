import type { Organization } from '../model/organization.ts'
import type { Db } from './db.ts'
import type { OrganizationRow } from './tables.ts'

export async function insertOrganization(db: Db, organization: Organization): Promise<void> {
  const { id, partnerId, name, createdAt } = organization
  await db.insertInto('organizations').values({ id, partner_id: partnerId, name, created_at: createdAt }).execute()
}

/** undefined: unknown, or another partner's. */
export async function findOrganization(db: Db, partnerId: string, id: string): Promise<Organization | undefined> {
  const row = await db
    .selectFrom('organizations')
    .selectAll()
    .where('partner_id', '=', partnerId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

/** The partner's, oldest first. */
export async function listOrganizations(db: Db, partnerId: string): Promise<Organization[]> {
  const rows = await db
    .selectFrom('organizations')
    .selectAll()
    .where('partner_id', '=', partnerId)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(fromRow)
}

/** Which organization has the tenant; undefined: none. Idempotent. */
export async function putTenantOrganization(db: Db, tenantId: string, organizationId: string | undefined) {
  await db
    .updateTable('tenants')
    .set({ organization_id: organizationId ?? null })
    .where('id', '=', tenantId)
    .execute()
}

function fromRow({ id, partner_id, name, created_at }: OrganizationRow): Organization {
  return { id, partnerId: partner_id, name, createdAt: created_at }
}
