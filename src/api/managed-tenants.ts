import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { retentionDaysMax } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import type { Tenant } from '../model/tenant.ts'
import { formatInstant } from '../model/time-range.ts'
import { dropNulls, firstError } from './body.ts'
import { NumberedPages, numberedPageParameters } from './page.ts'
import { present } from './query-runs.ts'

// `/lake/v1/tenants`: the tenants of the caller's partner or organization, or the one it belongs to, as those who
// manage them see them.

export const ManagedTenant = Type.Object({
  id: Type.String(),
  name: Type.String(),
  showAs: Type.String(),
  status: Type.Enum(['active', 'suspended'], { description: 'a suspended tenant is closed to everybody' }),
  retentionDays: Type.Integer({ description: 'rows are dropped this many days after they came in' }),
  billingType: Type.Enum(['term', 'trial', 'usage']),
  dataGeography: Type.String(),
  dataRegion: Type.String(),
  partnerId: Type.Optional(Type.String()),
  organizationId: Type.Optional(Type.String()),
  createdAt: Type.String(),
})
export type ManagedTenant = Static<typeof ManagedTenant>

export const ManagedTenantList = Type.Object({ items: Type.Array(ManagedTenant), pages: NumberedPages })

export const ManagedTenantListQuery = Type.Object({ ...numberedPageParameters })

export function toManagedTenant(tenant: Tenant): ManagedTenant {
  const { id, name, showAs, status, retentionDays, billingType, dataGeography, dataRegion } = tenant
  return {
    ...{ id, name, showAs, status, retentionDays, billingType, dataGeography, dataRegion },
    ...present({ partnerId: tenant.partnerId, organizationId: tenant.organizationId }),
    createdAt: formatInstant(tenant.createdAt),
  }
}

const Name = Type.String({ minLength: 1, maxLength: 300 })
const RetentionDays = Type.Integer({ minimum: 1, maximum: retentionDaysMax })

export const NewManagedTenant = Type.Object({
  name: Name,
  showAs: Type.Optional(Name),
  retentionDays: Type.Optional(RetentionDays),
  dataGeography: Type.Optional(Type.String({ pattern: '^[A-Za-z]{2}$', description: 'default IE' })),
  billingType: Type.Optional(Type.Enum(['term', 'trial', 'usage'], { description: 'default usage' })),
})

/** A tenant's own principals may change nothing but its retention. */
export const TenantChangeBody = Type.Object({
  name: Type.Optional(Name),
  showAs: Type.Optional(Name),
  retentionDays: Type.Optional(RetentionDays),
  status: Type.Optional(Type.Enum(['active', 'suspended'])),
})
export type TenantChangeBody = Static<typeof TenantChangeBody>

const newManagedTenant = Compile(NewManagedTenant)
const tenantChangeBody = Compile(TenantChangeBody)

export function parseNewManagedTenant(body: unknown): Static<typeof NewManagedTenant> {
  const members = dropNulls(body)
  if (newManagedTenant.Check(members)) return members
  throw new AppError('invalid_argument', firstError(newManagedTenant.Errors(members)))
}

/** Only the members of the contract. */
export function parseTenantChange(body: unknown): TenantChangeBody {
  const members = dropNulls(body)
  if (!tenantChangeBody.Check(members)) {
    throw new AppError('invalid_argument', firstError(tenantChangeBody.Errors(members)))
  }
  const { name, showAs, retentionDays, status } = members
  return present({ name, showAs, retentionDays, status })
}
