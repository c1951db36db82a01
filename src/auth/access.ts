import type { Db } from '../db/db.ts'
import { findTenant } from '../db/tenants.ts'
import { AppError } from '../model/errors.ts'
import { parseUuid } from '../model/ids.ts'
import type { AccountType, Caller, TenantCaller } from '../model/principal.ts'
import { type Role, roleTitles } from '../model/role.ts'
import type { Tenant } from '../model/tenant.ts'

// Who may do what: one table of roles and actions, and the one place that binds a caller to a tenant. Every route names
// its action; the routes' test walks this table.

export const actions = [
  /** Saved queries and their categories. */
  'queries.read',
  /** Change a tenant's own saved queries and categories. */
  'queries.write',
  /** Runs and their results. */
  'runs.read',
  /** Start and cancel runs. */
  'runs.write',
  /** Put rows into the lake. */
  'rows.write',
  /** Hosts: their ids, names and what they told of themselves; their labels. */
  'hosts.read',
  /** Remove hosts; make, change, give and delete labels. */
  'hosts.write',
  /** Declare tables for rows of one's own sources, and take them away. */
  'tables.write',
  /** What agents are given: configurations, their history, and what of them one host has. */
  'configurations.read',
  /** Change what agents are given. */
  'configurations.write',
  /** Schema, statistics, validation: about the lake, not its rows. */
  'lake.read',
  /** Tenants of one's own partner or organization. */
  'tenants.read',
  /** Create tenants, change their retention, suspend them. */
  'tenants.write',
  /** Principals, enroll secrets and ingest tokens of a tenant; principals of a partner or organization. */
  'access.manage',
  /** Which limits are in force. */
  'settings.read',
  /** What was done in a partner's or organization's own name; a tenant has its audit log as a table. */
  'audit.read',
] as const

export type Action = (typeof actions)[number]

/** What each role may do. A principal that manages must not see what the hosts reported, hence the gaps. */
export const allowedActions: Readonly<Record<Role, readonly Action[]>> = {
  superAdmin: actions,
  forensics: [
    ...(['queries.read', 'queries.write', 'runs.read', 'runs.write', 'hosts.read', 'configurations.read'] as const),
    ...(['lake.read', 'tenants.read'] as const),
  ],
  readOnly: ['queries.read', 'runs.read', 'hosts.read', 'configurations.read', 'lake.read', 'tenants.read'],
  management: ['hosts.read', 'hosts.write', 'configurations.read', 'tenants.read'],
  ingest: ['rows.write'],
}

/** Throws `permission_denied` when the caller's role does not allow the action. */
export function requireAction(caller: Caller, action: Action): void {
  if (allowedActions[caller.role].includes(action)) return
  throw new AppError('permission_denied', `role ${roleTitles[caller.role]} does not allow this`, {
    details: { refused: 'role' },
  })
}

/**
 * The caller bound to the tenant its `X-Tenant-ID` names. Errors: `unauthenticated` without the header,
 * `invalid_argument` when it is no UUID, `permission_denied` for a tenant the caller does not manage (whether it exists
 * or not), for one that is suspended, and, to a partner or organization, for a trial one.
 */
export async function tenantCaller(db: Db, caller: Caller, tenantHeader: unknown): Promise<TenantCaller> {
  const tenantId = requiredUuid('X-Tenant-ID', tenantHeader)
  if (caller.accountType === 'tenant' && tenantId !== caller.accountId) throw foreign()
  requireReachable(caller, await findTenant(db, tenantId))
  return { ...caller, tenantId }
}

/**
 * The tenant, where the caller may act on it. Throws `permission_denied` for one that does not exist, is another
 * account's, is suspended, or, to a partner or organization, is a trial one.
 */
export function requireReachable(caller: Caller, tenant: Tenant | undefined): Tenant {
  if (tenant === undefined || tenant.status !== 'active') throw foreign()
  const { accountType, accountId } = caller
  const owner = { partner: tenant.partnerId, organization: tenant.organizationId, tenant: tenant.id }[accountType]
  const isClosed = accountType !== 'tenant' && tenant.billingType === 'trial'
  if (owner !== accountId || isClosed) throw foreign()
  return tenant
}

/**
 * Checks that the caller is the partner or organization its header (`X-Partner-ID`, `X-Organization-ID`) names. Same
 * errors as `tenantCaller`.
 */
export function requireAccount(
  caller: Caller,
  accountType: Exclude<AccountType, 'tenant'>,
  headerName: string,
  header: unknown,
): void {
  const accountId = requiredUuid(headerName, header)
  if (caller.accountType !== accountType || caller.accountId !== accountId) throw foreign()
}

function requiredUuid(name: string, header: unknown): string {
  if (header === undefined || header === '') throw new AppError('unauthenticated', `header ${name} is required`)
  const id = typeof header === 'string' ? parseUuid(header.trim()) : undefined
  if (id !== undefined) return id
  const shown = JSON.stringify(String(header).slice(0, headerCharsShown))
  throw new AppError('invalid_argument', `header ${name} must be a UUID, it is ${shown}`)
}

const headerCharsShown = 100

function foreign(): AppError {
  return new AppError('permission_denied', 'not your tenant, partner or organization', {
    details: { refused: 'tenant' },
  })
}
