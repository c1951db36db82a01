import { AgentFileList, AgentFilesQuery } from '../../api/agent-files.ts'
import { type Parameters, textParameter } from '../../api/parameters.ts'
import { findNewestEnrollSecret } from '../../db/enroll-secrets.ts'
import { findTenant } from '../../db/tenants.ts'
import { AppError } from '../../model/errors.ts'
import { formatServerName } from '../../model/server-name.ts'
import { doorByName } from '../../osquery/agent-files/agent-door.ts'
import { agentFiles } from '../../osquery/agent-files/agent-files.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import type { RouteAccess } from '../route-access.ts'

/** The enroll secret is in them: who may have it is who manages access. */
const access: RouteAccess = { kind: 'tenant', action: 'access.manage' }

export function agentFilesRoutes(app: App, { store, agentDoor }: AppDependencies): void {
  app.get(
    '/lake/v1/agent-files',
    {
      config: { access },
      schema: {
        summary: 'What a machine needs to report to the lake, for each platform',
        querystring: AgentFilesQuery,
        response: { 200: AgentFileList },
      },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const found = agentDoor()
      if (found === undefined) {
        throw new AppError('not_found', 'this lake serves no TLS, and agents speak nothing else: see --tls-port')
      }
      const name = textParameter(request.query as Parameters, 'tlsName')
      const door = name === undefined ? found : doorByName(found, name)
      const secret = await findNewestEnrollSecret(store, tenantId)
      if (secret === undefined) {
        throw new AppError(
          'not_found',
          'this tenant has no enroll secret: create one with POST /lake/v1/enroll-secrets',
        )
      }
      const tenantName = (await findTenant(store, tenantId))?.name ?? tenantId
      const items = agentFiles({ door, tenantName, enrollSecret: secret.secret }).map(file => ({ ...file }))
      return { tlsHostname: formatServerName(door.host, door.port), items }
    },
  )
}
