import { AuditList, AuditListQuery, toWireAuditEntry } from '../../api/audit.ts'
import { numberedPages, parseNumberedPage } from '../../api/page.ts'
import type { Parameters } from '../../api/parameters.ts'
import { countAccountAudit, listAccountAudit } from '../../db/account-audit.ts'
import { listPageDefault, tenantsPageMax } from '../../limits.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { callerOf } from '../plugins/access.ts'

export function auditRoutes(app: App, { store }: AppDependencies): void {
  app.get(
    '/lake/v1/account/audit',
    {
      config: { access: { kind: 'account', action: 'audit.read' } },
      schema: {
        summary: "What was done in the account's own name",
        querystring: AuditListQuery,
        response: { 200: AuditList },
      },
    },
    async request => {
      const { accountId } = callerOf(request)
      const page = parseNumberedPage(request.query as Parameters, {
        sizeDefault: listPageDefault,
        sizeMax: tenantsPageMax,
      })
      const entries = await listAccountAudit(store, accountId, page.offset, page.pageSize)
      const total = page.isTotalWanted ? await countAccountAudit(store, accountId) : 0
      return { items: entries.map(toWireAuditEntry), pages: numberedPages(page, total) }
    },
  )
}
