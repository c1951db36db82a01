import { randomBytes } from 'node:crypto'
import { decodeText, parseJson } from '../../api/body.ts'
import {
  EnrollSecretList,
  NewEnrollSecretBody,
  parseNewEnrollSecret,
  toWireEnrollSecret,
  WireEnrollSecret,
} from '../../api/enroll-secrets.ts'
import { disableEnrollSecret, insertEnrollSecret, listEnrollSecrets } from '../../db/enroll-secrets.ts'
import { AppError } from '../../model/errors.ts'
import { newId } from '../../model/ids.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'
import type { RouteAccess } from '../route-access.ts'

const base = '/lake/v1/enroll-secrets'
const access: RouteAccess = { kind: 'tenant', action: 'access.manage' }
const secretBytes = 24

export function enrollSecretRoutes(app: App, { store, clock }: AppDependencies): void {
  app.get(
    base,
    { config: { access }, schema: { summary: 'List enroll secrets', response: { 200: EnrollSecretList } } },
    async request => {
      const secrets = await listEnrollSecrets(store, tenantCallerOf(request).tenantId)
      return { items: secrets.map(toWireEnrollSecret) }
    },
  )

  app.post(
    base,
    {
      config: { access, audit: 'enrollSecrets.create' },
      schema: { summary: 'Create an enroll secret', body: NewEnrollSecretBody, response: { 201: WireEnrollSecret } },
    },
    async (request, reply) => {
      const { name, secret } = parseNewEnrollSecret(parseJson(decodeText(bodyOf(request))))
      const enrollSecret = {
        id: newId(),
        tenantId: tenantCallerOf(request).tenantId,
        secret: secret ?? randomBytes(secretBytes).toString('hex'),
        name,
        createdAt: clock(),
        disabledAt: undefined,
        labels: [],
        environment: undefined,
      }
      await insertEnrollSecret(store, enrollSecret)
      request.audited = { target: enrollSecret.id, details: { name } }
      return reply.code(201).send(toWireEnrollSecret(enrollSecret))
    },
  )

  /** Hosts that have enrolled with it stay enrolled. */
  const ending = { access, audit: 'enrollSecrets.end' }
  app.delete(`${base}/:id`, { config: ending, schema: { summary: 'End an enroll secret' } }, async (request, reply) => {
    const { id } = request.params as { id: string }
    const isKnown = await disableEnrollSecret(store, tenantCallerOf(request).tenantId, id.toLowerCase(), clock())
    if (!isKnown) throw new AppError('not_found', 'there is no such enroll secret')
    request.audited = { target: id.toLowerCase() }
    return reply.code(204).send()
  })
}
