import type { FastifyRequest } from 'fastify'
import { decodeText, parseJson } from '../../api/body.ts'
import {
  ManagedTenant,
  ManagedTenantList,
  ManagedTenantListQuery,
  NewManagedTenant,
  parseNewManagedTenant,
  parseTenantChange,
  TenantChangeBody,
  toManagedTenant,
} from '../../api/managed-tenants.ts'
import { numberedPages, parseNumberedPage } from '../../api/page.ts'
import type { Parameters } from '../../api/parameters.ts'
import type { Action } from '../../auth/access.ts'
import { changeTenant, countTenants, findTenant, insertTenant, listTenants } from '../../db/tenants.ts'
import { listPageDefault, retentionDaysDefault, tenantsPageMax } from '../../limits.ts'
import { AppError } from '../../model/errors.ts'
import { newId, parseUuid } from '../../model/ids.ts'
import { regionOf, type Tenant } from '../../model/tenant.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { isManagedBy, tenantFilterOf } from '../managed.ts'
import { callerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'

// Tenants as those who manage them see them: a partner or organization its own, also suspended and trial ones; a
// tenant's principals themselves.

const base = '/lake/v1/tenants'

function configOf(action: Action, audit?: string) {
  return { access: { kind: 'account', action }, ...(audit === undefined ? {} : { audit }) } as const
}

export function managedTenantRoutes(app: App, { agents, store, clock }: AppDependencies): void {
  /** A tenant of another account is not there. */
  async function get(request: FastifyRequest): Promise<Tenant> {
    const tenantId = parseUuid((request.params as { tenantId: string }).tenantId) ?? ''
    const tenant = await findTenant(store, tenantId)
    if (tenant === undefined || !isManagedBy(callerOf(request), tenant)) {
      throw new AppError('not_found', 'there is no such tenant')
    }
    return tenant
  }

  app.get(
    base,
    {
      config: configOf('tenants.read'),
      schema: { summary: 'List tenants', querystring: ManagedTenantListQuery, response: { 200: ManagedTenantList } },
    },
    async request => {
      const page = parseNumberedPage(request.query as Parameters, {
        sizeDefault: listPageDefault,
        sizeMax: tenantsPageMax,
      })
      const filter = tenantFilterOf(callerOf(request))
      const tenants = await listTenants(store, filter, page.offset, page.pageSize)
      const total = page.isTotalWanted ? await countTenants(store, filter) : 0
      return { items: tenants.map(toManagedTenant), pages: numberedPages(page, total) }
    },
  )

  app.get(
    `${base}/:tenantId`,
    { config: configOf('tenants.read'), schema: { summary: 'Get a tenant', response: { 200: ManagedTenant } } },
    async request => toManagedTenant(await get(request)),
  )

  app.post(
    base,
    {
      config: configOf('tenants.write', 'tenants.create'),
      schema: { summary: 'Create a tenant', body: NewManagedTenant, response: { 201: ManagedTenant } },
    },
    async (request, reply) => {
      const { accountType, accountId } = callerOf(request)
      if (accountType === 'tenant') throw notForTenants('create tenants')
      const wanted = parseNewManagedTenant(parseJson(decodeText(bodyOf(request))))
      const dataGeography = (wanted.dataGeography ?? 'IE').toUpperCase()
      const tenant: Tenant = {
        id: newId(),
        name: wanted.name,
        showAs: wanted.showAs ?? wanted.name,
        dataGeography,
        dataRegion: regionOf(dataGeography),
        billingType: wanted.billingType ?? 'usage',
        status: 'active',
        partnerId: accountType === 'partner' ? accountId : undefined,
        organizationId: accountType === 'organization' ? accountId : undefined,
        retentionDays: wanted.retentionDays ?? retentionDaysDefault,
        createdAt: clock(),
      }
      await insertTenant(store, tenant)
      request.audited = { tenantId: tenant.id, target: tenant.id, details: { name: tenant.name } }
      return reply.code(201).send(toManagedTenant(tenant))
    },
  )

  app.patch(
    `${base}/:tenantId`,
    {
      config: configOf('tenants.write', 'tenants.change'),
      schema: { summary: 'Change a tenant', body: TenantChangeBody, response: { 200: ManagedTenant } },
    },
    async request => {
      const tenant = await get(request)
      const change = parseTenantChange(parseJson(decodeText(bodyOf(request))))
      const { retentionDays: _, ...forManagers } = change
      if (callerOf(request).accountType === 'tenant' && Object.keys(forManagers).length > 0) {
        throw notForTenants(`change ${Object.keys(forManagers).join(', ')}`)
      }
      await changeTenant(store, tenant.id, change)
      // Agents of a tenant that is suspended are refused from now on, and let in again at once.
      if (change.status !== undefined) agents.hostKeys.forgetAll()
      request.audited = { tenantId: tenant.id, target: tenant.id, details: change }
      return toManagedTenant(await get(request))
    },
  )
}

function notForTenants(what: string): AppError {
  return new AppError('permission_denied', `a tenant's own principals may not ${what}: its partner may`, {
    details: { refused: 'account' },
  })
}
