import type { FastifyRequest } from 'fastify'
import { decodeText, parseJson } from '../../api/body.ts'
import { Fields, numberedPages, parseFields, parseNumberedPage, pickFields } from '../../api/page.ts'
import type { Parameters } from '../../api/parameters.ts'
import { NewTenant, parseNewTenant, TenantList, TenantListQuery, TenantReply, toWireTenant } from '../../api/tenants.ts'
import { countTenants, findTenant, insertTenant, listTenants, type TenantFilter } from '../../db/tenants.ts'
import { listPageDefault, retentionDaysDefault, tenantsPageMax } from '../../limits.ts'
import { AppError } from '../../model/errors.ts'
import { newId, parseUuid } from '../../model/ids.ts'
import { regionOf, type Tenant } from '../../model/tenant.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { dataOriginOf } from '../origin.ts'
import { callerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'
import type { RouteAccess } from '../route-access.ts'

// The tenants of a partner or an organization: both kinds page and answer alike.

export function tenantRoutes(app: App, deps: AppDependencies): void {
  readRoutes(app, deps, 'partner', accountId => ({ partnerId: accountId }))
  readRoutes(app, deps, 'organization', accountId => ({ organizationId: accountId }))

  app.post(
    '/partner/v1/tenants',
    {
      config: { access: { kind: 'partner', action: 'tenants.write' }, isCounted: true, audit: 'tenants.create' },
      schema: { summary: 'Create a tenant', querystring: Fields, body: NewTenant, response: { 201: TenantReply } },
    },
    async (request, reply) => {
      const wanted = parseNewTenant(parseJson(decodeText(bodyOf(request))))
      const tenant: Tenant = {
        id: newId(),
        name: wanted.name,
        showAs: wanted.showAs ?? wanted.name,
        dataGeography: wanted.dataGeography.toUpperCase(),
        dataRegion: regionOf(wanted.dataGeography.toUpperCase()),
        billingType: wanted.billingType,
        status: 'active',
        partnerId: callerOf(request).accountId,
        organizationId: undefined,
        retentionDays: retentionDaysDefault,
        createdAt: deps.clock(),
        ...(wanted.contact === undefined ? {} : { contact: wanted.contact }),
      }
      await insertTenant(deps.store, tenant)
      request.audited = { tenantId: tenant.id, target: tenant.id, details: { name: tenant.name } }
      return reply.code(201).send(render(request, tenant))
    },
  )

  function readRoutes(
    app: App,
    { store }: AppDependencies,
    kind: 'partner' | 'organization',
    filterOf: (accountId: string) => TenantFilter,
  ): void {
    const config = { access: { kind, action: 'tenants.read' } satisfies RouteAccess, isCounted: true }

    app.get(
      `/${kind}/v1/tenants`,
      { config, schema: { summary: 'List tenants', querystring: TenantListQuery, response: { 200: TenantList } } },
      async request => {
        const parameters = request.query as Parameters
        const page = parseNumberedPage(parameters, { sizeDefault: listPageDefault, sizeMax: tenantsPageMax })
        const filter = filterOf(callerOf(request).accountId)
        const tenants = await listTenants(store, filter, page.offset, page.pageSize)
        const total = page.isTotalWanted ? await countTenants(store, filter) : 0
        return { items: tenants.map(tenant => render(request, tenant)), pages: numberedPages(page, total) }
      },
    )

    app.get(
      `/${kind}/v1/tenants/:tenantId`,
      { config, schema: { summary: 'Get a tenant', querystring: Fields, response: { 200: TenantReply } } },
      async request => {
        const tenantId = parseUuid((request.params as { tenantId: string }).tenantId) ?? ''
        const tenant = await findTenant(store, tenantId)
        const managerId = kind === 'partner' ? tenant?.partnerId : tenant?.organizationId
        if (tenant === undefined || managerId !== callerOf(request).accountId) {
          throw new AppError('not_found', 'there is no such tenant')
        }
        return render(request, tenant)
      },
    )
  }

  function render(request: FastifyRequest, tenant: Tenant) {
    const wire = toWireTenant(tenant, dataOriginOf(request, deps.settings, tenant.dataRegion))
    return pickFields(wire, parseFields(request.query as Parameters))
  }
}
