import type { FastifyRequest } from 'fastify'
import { decodeText, parseJson } from '../../api/body.ts'
import { present } from '../../api/present.ts'
import { parseTenantLimits, TenantLimitsBody, TenantLimitsReply, toWireBounds } from '../../api/tenant-limits.ts'
import { changeRetentions, queryRetentionsOf } from '../../db/query-retentions.ts'
import { findTenant } from '../../db/tenants.ts'
import { AppError } from '../../model/errors.ts'
import { parseUuid } from '../../model/ids.ts'
import type { Tenant } from '../../model/tenant.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { isManagedBy } from '../managed.ts'
import { callerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'

const path = '/lake/v1/tenants/:tenantId/limits'

export function tenantLimitRoutes(app: App, deps: AppDependencies): void {
  const { store, limits } = deps

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
      config: { access: { kind: 'account', action: 'tenants.read' } },
      schema: { summary: "A tenant's retention, caps and budget", response: { 200: TenantLimitsReply } },
    },
    async request => limitsReply(deps, await get(request)),
  )

  app.patch(
    path,
    {
      config: { access: { kind: 'account', action: 'tenants.write' }, audit: 'tenants.limits' },
      schema: {
        summary: "Change a tenant's retention, caps and budget",
        body: TenantLimitsBody,
        response: { 200: TenantLimitsReply },
      },
    },
    async request => {
      const { id } = await get(request)
      const { retentionDays, queryRetentionDays, bounds } = parseTenantLimits(parseJson(decodeText(bodyOf(request))))
      const bounded = Object.keys(bounds)
      if (callerOf(request).accountType === 'tenant' && bounded.length > 0) {
        const what = bounded.join(', ')
        throw new AppError('permission_denied', `a tenant's own principals may not change ${what}: its partner may`, {
          details: { refused: 'account' },
        })
      }
      await changeRetentions(store, id, retentionDays, queryRetentionDays)
      if (bounded.length > 0) await limits.change(id, bounds)
      const days = Object.fromEntries(queryRetentionDays)
      const details = {
        ...present({ retentionDays }),
        ...(queryRetentionDays.size > 0 && { queryRetentionDays: days }),
      }
      request.audited = { tenantId: id, target: id, details: { ...details, ...bounds } }
      return limitsReply(deps, await get(request))
    },
  )
}

async function limitsReply({ store, limits, budgets }: AppDependencies, tenant: Tenant): Promise<TenantLimitsReply> {
  const { usedBytes, percent, level, daysLeft } = budgets.statusOf(tenant.id)
  return {
    retentionDays: tenant.retentionDays,
    queryRetentionDays: Object.fromEntries(await queryRetentionsOf(store, tenant.id)),
    ...toWireBounds(limits.ownOf(tenant.id)),
    inForce: toWireBounds(limits.of(tenant.id)),
    use: { bytes: usedBytes, level, ...present({ percent, daysLeft }) },
  }
}
