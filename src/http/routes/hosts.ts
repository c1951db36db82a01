import { HostList, HostListQuery, parseHostQuery, toWireHost, WireHost } from '../../api/hosts.ts'
import { keyedPages, parseKeyedPage } from '../../api/page.ts'
import type { Parameters } from '../../api/parameters.ts'
import { findHostRecord, listHostRecords } from '../../db/host-records.ts'
import { labelsByHost } from '../../db/labels.ts'
import { hostStatusBounds, hostStatusOf } from '../../fleet/host-status.ts'
import { hostsPageMax, listPageDefault } from '../../limits.ts'
import { AppError } from '../../model/errors.ts'
import type { HostRecord } from '../../model/host.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import type { RouteAccess } from '../route-access.ts'

const base = '/lake/v1/hosts'
const reading: RouteAccess = { kind: 'tenant', action: 'hosts.read' }
const writing: RouteAccess = { kind: 'tenant', action: 'hosts.write' }

export function hostRoutes(app: App, { store, agents, clock }: AppDependencies): void {
  async function shown(tenantId: string, hosts: readonly HostRecord[]): Promise<WireHost[]> {
    const ids = hosts.map(({ id }) => id)
    const labels = await labelsByHost(store, tenantId, ids)
    return hosts.map(host => {
      const status = hostStatusOf(host, clock())
      const isIngestOff = agents.labels.isIngestOff(tenantId, host.id)
      return toWireHost({ host, status, labels: labels.get(host.id) ?? [], isIngestOff })
    })
  }

  app.get(
    base,
    {
      config: { access: reading },
      schema: { summary: 'List hosts', querystring: HostListQuery, response: { 200: HostList } },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const parameters = request.query as Parameters
      const page = parseKeyedPage(parameters, { sizeDefault: listPageDefault, sizeMax: hostsPageMax })
      const range = { offset: page.offset, count: page.pageSize }
      const query = parseHostQuery(parameters)
      const { hosts, total } = await listHostRecords(store, tenantId, query, hostStatusBounds(clock()), range)
      const end = page.offset + hosts.length
      const nextRow = hosts.length > 0 && end < total ? end : undefined
      return { items: await shown(tenantId, hosts), pages: keyedPages(page, nextRow, total) }
    },
  )

  app.get(
    `${base}/:id`,
    { config: { access: reading }, schema: { summary: 'Get a host', response: { 200: WireHost } } },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const host = await findHostRecord(store, tenantId, idOf(request.params))
      if (host === undefined) throw new AppError('not_found', 'there is no such host')
      const [item] = await shown(tenantId, [host])
      return item as WireHost
    },
  )

  /** Its rows stay; an agent that has one of its keys enrols again, as a new host. */
  app.delete(
    `${base}/:id`,
    { config: { access: writing, audit: 'hosts.delete' }, schema: { summary: 'Remove a host' } },
    async (request, reply) => {
      const host = await agents.removal.remove(tenantCallerOf(request).tenantId, idOf(request.params))
      if (host === undefined) throw new AppError('not_found', 'there is no such host')
      request.audited = { target: host.id, details: { hostIdentifier: host.hostIdentifier } }
      return reply.code(204).send()
    },
  )
}

function idOf(parameters: unknown): string {
  return (parameters as { readonly id: string }).id.toLowerCase()
}
