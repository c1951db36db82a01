import { decodeText, parseJson } from '../../api/body.ts'
import {
  IngestTokenList,
  NewIngestToken,
  NewIngestTokenBody,
  parseNewIngestToken,
  toWireIngestToken,
} from '../../api/ingest-tokens.ts'
import { hashIngestToken, newIngestToken } from '../../auth/ingest-token.ts'
import { insertIngestToken, listIngestTokens, revokeIngestToken } from '../../db/ingest-tokens.ts'
import { ingestTokensMax } from '../../limits.ts'
import { AppError } from '../../model/errors.ts'
import { newId } from '../../model/ids.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'
import type { RouteAccess } from '../route-access.ts'

const base = '/lake/v1/ingest-tokens'
const access: RouteAccess = { kind: 'tenant', action: 'access.manage' }

export function ingestTokenRoutes(app: App, { store, secretKey, clock }: AppDependencies): void {
  app.get(
    base,
    { config: { access }, schema: { summary: 'List ingest tokens', response: { 200: IngestTokenList } } },
    async request => {
      const tokens = await listIngestTokens(store, tenantCallerOf(request).tenantId)
      return { items: tokens.map(toWireIngestToken) }
    },
  )

  app.post(
    base,
    {
      config: { access, audit: 'ingestTokens.create' },
      schema: { summary: 'Create an ingest token', body: NewIngestTokenBody, response: { 201: NewIngestToken } },
    },
    async (request, reply) => {
      const { tenantId } = tenantCallerOf(request)
      const { name } = parseNewIngestToken(parseJson(decodeText(bodyOf(request))))
      if ((await listIngestTokens(store, tenantId)).length >= ingestTokensMax) {
        throw new AppError('conflict', `a tenant has at most ${ingestTokensMax} ingest tokens`)
      }
      const token = newIngestToken()
      const made = {
        ...{ id: newId(), tenantId, name, hash: hashIngestToken(secretKey, token), createdAt: clock() },
        ...{ lastUsedAt: undefined, revokedAt: undefined },
      }
      await insertIngestToken(store, made)
      request.audited = { target: made.id, details: { name } }
      return reply.code(201).send({ ...toWireIngestToken(made), token })
    },
  )

  app.delete(
    `${base}/:id`,
    { config: { access, audit: 'ingestTokens.revoke' }, schema: { summary: 'Revoke an ingest token' } },
    async (request, reply) => {
      const id = (request.params as { id: string }).id.toLowerCase()
      const isKnown = await revokeIngestToken(store, tenantCallerOf(request).tenantId, id, clock())
      if (!isKnown) throw new AppError('not_found', 'there is no such ingest token')
      request.audited = { target: id }
      return reply.code(204).send()
    },
  )
}
