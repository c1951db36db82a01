import { EndpointList, EndpointListQuery, parseEndpointSearch, toEndpoint } from '../../api/endpoints.ts'
import { keyedPages, parseFields, parseKeyedPage, pickFields } from '../../api/page.ts'
import type { Parameters } from '../../api/parameters.ts'
import { listHosts } from '../../db/hosts.ts'
import { endpointTypeOf } from '../../fleet/endpoint-match.ts'
import { endpointsPageMax, listPageDefault } from '../../limits.ts'
import type { Host } from '../../model/host.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import type { RouteAccess } from '../route-access.ts'

const access: RouteAccess = { kind: 'tenant', action: 'hosts.read' }
const summary = 'List hosts'

function typeOf({ facts }: Host): 'computer' | 'server' {
  return endpointTypeOf({ endpointType: facts.endpointType, platform: facts.platform, osName: facts.osName })
}

export function endpointRoutes(app: App, { store }: AppDependencies): void {
  app.get(
    '/endpoint/v1/endpoints',
    {
      config: { access, isCounted: true },
      schema: { summary, querystring: EndpointListQuery, response: { 200: EndpointList } },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const parameters = request.query as Parameters
      const page = parseKeyedPage(parameters, { sizeDefault: listPageDefault, sizeMax: endpointsPageMax })
      const fields = parseFields(parameters)
      const search = parseEndpointSearch(parameters)
      const { hosts, total } = await listHosts(store, tenantId, search, page.offset, page.pageSize)
      const end = page.offset + hosts.length
      const nextRow = hosts.length > 0 && end < total ? end : undefined
      return {
        items: hosts.map(host => pickFields(toEndpoint(host, typeOf(host)), fields)),
        pages: keyedPages(page, nextRow, total),
      }
    },
  )
}
