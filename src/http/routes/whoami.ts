import { toWhoami, Whoami } from '../../api/whoami.ts'
import { findTenant } from '../../db/tenants.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { dataOriginOf, originOf } from '../origin.ts'
import { callerOf } from '../plugins/access.ts'

export function whoamiRoutes(app: App, deps: AppDependencies): void {
  app.get(
    '/whoami/v1',
    {
      config: { access: { kind: 'caller' }, isCounted: true },
      schema: { summary: 'Who the token is, and where its data is', response: { 200: Whoami } },
    },
    async request => {
      const caller = callerOf(request)
      const { publicUrl, regionHosts } = deps.settings
      // Only where regions have hosts of their own does it matter which one a tenant's is.
      const isTenant = caller.accountType === 'tenant' && regionHosts !== undefined
      const tenant = isTenant ? await findTenant(deps.store, caller.accountId) : undefined
      return toWhoami(caller, originOf(request, publicUrl), dataOriginOf(request, deps.settings, tenant?.dataRegion))
    },
  )
}
