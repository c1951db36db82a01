import type { TenantFilter } from '../db/tenants.ts'
import type { Caller } from '../model/principal.ts'
import type { Tenant } from '../model/tenant.ts'

/** The tenants that the caller manages: its partner's, its organization's, or the one it belongs to. */
export function tenantFilterOf({ accountType, accountId }: Caller): TenantFilter {
  if (accountType === 'partner') return { partnerId: accountId }
  return accountType === 'organization' ? { organizationId: accountId } : { tenantId: accountId }
}

export function isManagedBy({ accountType, accountId }: Caller, tenant: Tenant): boolean {
  const owner = { partner: tenant.partnerId, organization: tenant.organizationId, tenant: tenant.id }[accountType]
  return owner === accountId
}
