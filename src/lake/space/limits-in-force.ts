import type { Store } from '../../db/db.ts'
import { changeTenantLimits, listTenantLimits } from '../../db/tenant-limits.ts'
import { limitsInForce, type TenantLimits, type TenantLimitsChange } from '../../model/tenant-limits.ts'

/** The limits of tenants, in memory: asked for with every body. Changes go through here, so they hold at once. */
export interface LimitsInForce {
  /** Reads them all; before anything else. */
  load(): Promise<void>
  /** The tenant's own, and the lake's where it has none. */
  of(tenantId: string): TenantLimits
  /** The tenant's own alone; undefined: it never had any. */
  ownOf(tenantId: string): TenantLimits | undefined
  /** Durable when it resolves. Rejects where there is no such tenant. */
  change(tenantId: string, change: TenantLimitsChange): Promise<void>
}

export function openLimitsInForce(store: Store, defaults: TenantLimits): LimitsInForce {
  let own = new Map<string, TenantLimits>()
  return {
    async load() {
      own = new Map(await listTenantLimits(store))
    },
    of: tenantId => limitsInForce(own.get(tenantId), defaults),
    ownOf: tenantId => own.get(tenantId),
    async change(tenantId, change) {
      own.set(tenantId, await changeTenantLimits(store, tenantId, change))
    },
  }
}
