import { randomBytes } from 'node:crypto'
import { decodeText, parseJson } from '../../api/body.ts'
import {
  EnrollSecretList,
  NewEnrollSecretBody,
  parseNewEnrollSecret,
  toWireEnrollSecret,
  WireEnrollSecret,
} from '../../api/enroll-secrets.ts'
import type { Store } from '../../db/db.ts'
import { disableEnrollSecret, insertEnrollSecret, listEnrollSecrets } from '../../db/enroll-secrets.ts'
import { findTenant } from '../../db/tenants.ts'
import type { Labels } from '../../fleet/labels.ts'
import { AppError } from '../../model/errors.ts'
import { newId, parseUuid } from '../../model/ids.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'
import type { RouteAccess } from '../route-access.ts'

const base = '/lake/v1/enroll-secrets'
const access: RouteAccess = { kind: 'tenant', action: 'access.manage' }
const secretBytes = 24

export function enrollSecretRoutes(app: App, { store, agents, clock }: AppDependencies): void {
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
      const { tenantId } = tenantCallerOf(request)
      const given = parseNewEnrollSecret(parseJson(decodeText(bodyOf(request))))
      const { name, secret, labels = [] } = given
      await requireLabels(agents.labels, tenantId, labels)
      const environment = await freeEnvironment(app, store, tenantId, given.environment)
      const enrollSecret = {
        id: newId(),
        tenantId,
        secret: secret ?? randomBytes(secretBytes).toString('hex'),
        name,
        createdAt: clock(),
        disabledAt: undefined,
        labels,
        environment,
      }
      await insertEnrollSecret(store, enrollSecret)
      request.audited = { target: enrollSecret.id, details: { name, labels, environment } }
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

async function requireLabels(labels: Pick<Labels, 'list'>, tenantId: string, wanted: readonly string[]): Promise<void> {
  if (wanted.length === 0) return
  const known = new Set((await labels.list(tenantId)).map(({ name }) => name.toLowerCase()))
  const missing = wanted.find(name => !known.has(name.toLowerCase()))
  if (missing === undefined) return
  throw new AppError('invalid_argument', `labels has ${JSON.stringify(missing.slice(0, 100))}: there is no such label`)
}

/** It stands first in the paths of agents: nothing else may be there, and it must be nobody else's. */
async function freeEnvironment(
  app: App,
  store: Store,
  tenantId: string,
  environment: string | undefined,
): Promise<string | undefined> {
  if (environment === undefined) return undefined
  const id = parseUuid(environment) ?? environment
  const isPath = app.routeList.some(({ url }) => url.split('/')[1]?.toLowerCase() === id.toLowerCase())
  const isAnothers = id !== tenantId && (await findTenant(store, id)) !== undefined
  if (isPath || isAnothers) throw new AppError('conflict', 'this environment cannot be used: choose another')
  return id
}
