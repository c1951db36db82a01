import type { Role } from './role.ts'

export const accountTypes = ['tenant', 'organization', 'partner'] as const

/** What a principal belongs to; `whoami` calls it `idType`. */
export type AccountType = (typeof accountTypes)[number]

/** A service principal as stored. Its secrets are rows of their own (two may overlap while one is rotated out). */
export interface Principal {
  readonly id: string
  readonly clientId: string
  readonly accountType: AccountType
  /** Id of the tenant, organization or partner it belongs to. */
  readonly accountId: string
  readonly role: Role
  readonly name: string
  readonly createdAt: number
  readonly expiresAt: number | undefined
  readonly disabledAt: number | undefined
}

/** Who is calling, as far as a request is concerned: what a verified token says. */
export interface Caller {
  readonly principalId: string
  readonly accountType: AccountType
  readonly accountId: string
  readonly role: Role
}

/** A caller bound to the one tenant this request is about; made only by the access check. */
export interface TenantCaller extends Caller {
  readonly tenantId: string
}
