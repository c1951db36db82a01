import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { AppError } from '../model/errors.ts'
import type { Tenant } from '../model/tenant.ts'
import { dropNulls, firstError } from './body.ts'
import { fieldsParameter, NumberedPages, numberedPageParameters } from './page.ts'

/** Precisely the members every known client needs and tolerates. */
export const WireTenant = Type.Object({
  id: Type.String(),
  showAs: Type.String(),
  name: Type.String(),
  dataGeography: Type.String({ description: 'two letters' }),
  dataRegion: Type.String({ description: 'slug like eu01' }),
  billingType: Type.Enum(['term', 'trial', 'usage']),
  partner: Type.Object({ id: Type.Optional(Type.String()) }),
  organization: Type.Object({ id: Type.Optional(Type.String()) }),
  apiHost: Type.String({ description: 'no trailing slash' }),
  status: Type.Enum(['active', 'suspended']),
  contact: Type.Record(Type.String(), Type.Unknown()),
  externalIds: Type.Array(Type.String()),
  products: Type.Array(Type.Object({ code: Type.String() })),
})
export type WireTenant = Static<typeof WireTenant>

/** `fields` may leave out every member but `id`. */
export const TenantReply = Type.Partial(WireTenant)

export const TenantList = Type.Object({ items: Type.Array(TenantReply), pages: NumberedPages })

export const TenantListQuery = Type.Object({ ...numberedPageParameters, ...fieldsParameter })

export function toWireTenant(tenant: Tenant, apiHost: string): WireTenant {
  return {
    id: tenant.id,
    showAs: tenant.showAs,
    name: tenant.name,
    dataGeography: tenant.dataGeography,
    dataRegion: tenant.dataRegion,
    billingType: tenant.billingType,
    partner: tenant.partnerId === undefined ? {} : { id: tenant.partnerId },
    organization: tenant.organizationId === undefined ? {} : { id: tenant.organizationId },
    apiHost,
    status: tenant.status,
    contact: { ...tenant.contact },
    externalIds: [],
    products: [{ code: 'xdr' }],
  }
}

const Text = Type.String({ maxLength: 300 })

/** The body of `POST /partner/v1/tenants`. */
export const NewTenant = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 300 }),
  showAs: Type.Optional(Type.String({ minLength: 1, maxLength: 300 })),
  dataGeography: Type.String({ pattern: '^[A-Za-z]{2}$' }),
  billingType: Type.Enum(['trial', 'usage']),
  contact: Type.Optional(
    Type.Object({
      firstName: Type.Optional(Text),
      lastName: Type.Optional(Text),
      email: Type.Optional(Text),
      phone: Type.Optional(Text),
      mobile: Type.Optional(Text),
      fax: Type.Optional(Text),
      address: Type.Optional(
        Type.Object({
          address1: Type.Optional(Text),
          address2: Type.Optional(Text),
          address3: Type.Optional(Text),
          city: Type.Optional(Text),
          state: Type.Optional(Text),
          countryCode: Type.Optional(Text),
          postalCode: Type.Optional(Text),
        }),
      ),
    }),
  ),
})
export type NewTenant = Static<typeof NewTenant>

const newTenant = Compile(NewTenant)

/** Throws `invalid_argument` naming the member that is wrong. */
export function parseNewTenant(body: unknown): NewTenant {
  const members = dropNulls(body)
  if (!newTenant.Check(members)) throw new AppError('invalid_argument', firstError(newTenant.Errors(members)))
  return members
}
