import type { Store } from '../db/db.ts'
import { findEnvironmentTenant } from '../db/enroll-secrets.ts'
import { findTenant } from '../db/tenants.ts'
import { nodeKeyReadAgainMs } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import { parseUuid } from '../model/ids.ts'

// Agents that come from osctrl have an id of their environment in every path. It is a tenant's id, or one that was
// declared with an enroll secret of the tenant's.

export interface Environments {
  /** The tenant behind the id in a path; undefined: there is none. Rejects with `unavailable`. */
  tenantOf(id: string): Promise<string | undefined>
}

/** Environments held in memory: a server has a few. */
const heldMax = 1_000

export function openEnvironments(store: Store, clock: Clock): Environments {
  const held = new Map<string, { readonly tenantId: string; readonly readAt: number }>()

  async function read(id: string): Promise<string | undefined> {
    try {
      const uuid = parseUuid(id)
      const tenant = uuid === undefined ? undefined : await findTenant(store, uuid)
      return tenant?.id ?? (await findEnvironmentTenant(store, uuid ?? id))
    } catch (error) {
      throw new AppError('unavailable', 'environments cannot be looked up at the moment', { cause: error })
    }
  }

  return {
    async tenantOf(id) {
      const known = held.get(id)
      if (known !== undefined && clock() - known.readAt < nodeKeyReadAgainMs) return known.tenantId
      const tenantId = await read(id)
      held.delete(id)
      if (tenantId === undefined) return undefined
      if (held.size >= heldMax) held.delete(held.keys().next().value!)
      held.set(id, { tenantId, readAt: clock() })
      return tenantId
    },
  }
}
