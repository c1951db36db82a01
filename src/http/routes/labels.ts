import { decodeText, parseJson } from '../../api/body.ts'
import {
  LabelBody,
  LabelHostsBody,
  LabelHostsReply,
  LabelList,
  parseLabel,
  parseLabelHosts,
  parseLabelName,
  toWireLabel,
  WireLabel,
} from '../../api/labels.ts'
import { builtInLabels } from '../../fleet/labels.ts'
import { AppError } from '../../model/errors.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'
import type { RouteAccess } from '../route-access.ts'

const base = '/lake/v1/labels'
const reading: RouteAccess = { kind: 'tenant', action: 'hosts.read' }
const writing: RouteAccess = { kind: 'tenant', action: 'hosts.write' }

export function labelRoutes(app: App, { agents: { labels }, clock }: AppDependencies): void {
  app.get(
    base,
    { config: { access: reading }, schema: { summary: 'List labels', response: { 200: LabelList } } },
    async request => ({ items: (await labels.list(tenantCallerOf(request).tenantId)).map(toWireLabel) }),
  )

  app.put(
    `${base}/:label`,
    {
      config: { access: writing, audit: 'labels.put' },
      schema: { summary: 'Make or change a label', body: LabelBody, response: { 200: WireLabel, 201: WireLabel } },
    },
    async (request, reply) => {
      const { tenantId } = tenantCallerOf(request)
      const name = parseLabelName(labelOf(request.params), builtInLabels)
      const body = bodyOf(request)
      const label = parseLabel(body.length === 0 ? {} : parseJson(decodeText(body)))
      const isNew = await labels.put({ tenantId, name, ...label, createdAt: clock() })
      const found = (await labels.list(tenantId)).find(each => each.name.toLowerCase() === name.toLowerCase())
      if (found === undefined) throw new AppError('not_found', 'the label is gone')
      request.audited = { target: found.name, details: { isNew, isIngestOff: label.isIngestOff } }
      return reply.code(isNew ? 201 : 200).send(toWireLabel(found))
    },
  )

  app.delete(
    `${base}/:label`,
    { config: { access: writing, audit: 'labels.delete' }, schema: { summary: 'Delete a label' } },
    async (request, reply) => {
      const name = labelOf(request.params)
      const isKnown = await labels.delete(tenantCallerOf(request).tenantId, name)
      if (!isKnown) throw new AppError('not_found', 'there is no such label')
      request.audited = { target: name }
      return reply.code(204).send()
    },
  )

  app.post(
    `${base}/:label/hosts`,
    {
      config: { access: writing, audit: 'labels.changeHosts' },
      schema: {
        summary: 'Give hosts a label, or take it from them',
        body: LabelHostsBody,
        response: { 200: LabelHostsReply },
      },
    },
    async request => {
      const name = labelOf(request.params)
      const change = parseLabelHosts(parseJson(decodeText(bodyOf(request))))
      const done = await labels.changeHosts(tenantCallerOf(request).tenantId, name, change)
      request.audited = { target: name, details: { ...done } }
      return done
    },
  )
}

function labelOf(parameters: unknown): string {
  return (parameters as { readonly label: string }).label
}
