import { decodeText, parseJson } from '../../api/body.ts'
import { ImportsBody, ImportsReply, parseImportsBody } from '../../api/ingest.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'

/** How far file imports have come, so that an importer sends only what is new. */
export function importRoutes(app: App, { ingest }: AppDependencies): void {
  app.post(
    '/lake/v1/ingest/imports',
    {
      config: { access: { kind: 'tenant', action: 'rows.write' } },
      schema: { summary: 'How far imports have come', body: ImportsBody, response: { 200: ImportsReply } },
    },
    async request => {
      const ids = parseImportsBody(parseJson(decodeText(bodyOf(request))))
      const positions = await ingest.importPositions(tenantCallerOf(request).tenantId, ids)
      return { positions: Object.fromEntries(positions) }
    },
  )
}
