import { HostConfigurationReply } from '../../api/configurations.ts'
import { findHostRecord } from '../../db/host-records.ts'
import { AppError } from '../../model/errors.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'

/** What one host is given when it asks now, and why. */
export function hostConfigurationRoutes(app: App, { store, agents }: AppDependencies): void {
  app.get(
    '/lake/v1/hosts/:id/configuration',
    {
      config: { access: { kind: 'tenant', action: 'configurations.read' } },
      schema: { summary: "Get a host's configuration in force", response: { 200: HostConfigurationReply } },
    },
    async request => {
      const { id } = request.params as { readonly id: string }
      const host = await findHostRecord(store, tenantCallerOf(request).tenantId, id.toLowerCase())
      if (host === undefined) throw new AppError('not_found', 'there is no such host')
      const effective = await agents.configurations.effectiveFor(host, await agents.labels.labelsOf(host))
      const { version, platform, shard, layers, text } = effective
      return {
        ...{ hostId: host.id, version, ...(platform === undefined ? {} : { platform }), shard },
        ...{ layers: [...layers], bytes: Buffer.byteLength(text), configuration: JSON.parse(text) as object },
      }
    },
  )
}
