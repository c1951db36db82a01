import type { FastifyRequest } from 'fastify'
import { decodeText, parseJson } from '../../api/body.ts'
import { fromWireLimits, parseTenantRunLimits, TenantRunLimits, toWireLimits } from '../../api/run-limits.ts'
import { findTenantRunLimits, putTenantRunLimits } from '../../db/tenant-run-limits.ts'
import { findTenant } from '../../db/tenants.ts'
import { AppError } from '../../model/errors.ts'
import { parseUuid } from '../../model/ids.ts'
import type { Tenant } from '../../model/tenant.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { isManagedBy } from '../managed.ts'
import { callerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'

// What every run of a tenant gets where that is not what the lake gives: a Super Admin raises or lowers it, up to the
// ceilings of the settings.

const path = '/lake/v1/tenants/:tenantId/run-limits'

export function runLimitRoutes(app: App, { store, queries }: AppDependencies): void {
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
    path,
    {
      config: { access: { kind: 'account', action: 'settings.read' } },
      schema: { summary: "What a tenant's runs get of their own", response: { 200: TenantRunLimits } },
    },
    async request => toWireLimits(await findTenantRunLimits(store, (await get(request)).id)),
  )

  app.put(
    path,
    {
      config: { access: { kind: 'account', action: 'tenants.write' }, audit: 'tenants.run-limits' },
      schema: {
        summary: "Set what a tenant's runs get",
        description: 'Replaces them all: what is left out is as for every tenant.',
        body: TenantRunLimits,
        response: { 200: TenantRunLimits },
      },
    },
    async request => {
      const { id } = await get(request)
      const wanted = parseTenantRunLimits(parseJson(decodeText(bodyOf(request))))
      const limits = fromWireLimits(wanted)
      queries.checkTenantRunLimits(limits)
      await putTenantRunLimits(store, id, limits)
      request.audited = { tenantId: id, target: id, details: wanted }
      return toWireLimits(await findTenantRunLimits(store, id))
    },
  )
}
