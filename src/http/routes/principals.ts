import { decodeText, parseJson } from '../../api/body.ts'
import {
  ExpiryBody,
  NewCredentials,
  NewPrincipalBody,
  parseExpiryBody,
  parseNewPrincipal,
  parseRotation,
  RotationBody,
  ServicePrincipalList,
  toWireServicePrincipal,
  WireServicePrincipal,
} from '../../api/principals.ts'
import { registerPrincipal, rotateSecret } from '../../auth/register.ts'
import { disablePrincipal, findPrincipal, listPrincipals, setPrincipalExpiry } from '../../db/principals.ts'
import { AppError } from '../../model/errors.ts'
import { parseUuid } from '../../model/ids.ts'
import type { Principal } from '../../model/principal.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'
import type { RouteAccess } from '../route-access.ts'

// The service principals of a tenant: list, create, expire, rotate, disable. Nobody can end the access it calls with,
// so a tenant cannot lock itself out by one call.

const base = '/lake/v1/principals'
const config = { access: { kind: 'tenant', action: 'access.manage' } satisfies RouteAccess }

export function principalRoutes(app: App, deps: AppDependencies): void {
  const { store, secretKey, clock } = deps
  const registrar = { store, secretKey, clock }

  /** A principal of another account is not there. */
  async function get(tenantId: string, principalId: string): Promise<Principal> {
    const principal = await findPrincipal(store, principalId)
    if (principal?.accountId !== tenantId) throw new AppError('not_found', 'there is no such principal')
    return principal
  }

  app.get(
    base,
    { config, schema: { summary: 'List principals', response: { 200: ServicePrincipalList } } },
    async request => {
      const principals = await listPrincipals(store, tenantCallerOf(request).tenantId)
      return { items: principals.map(toWireServicePrincipal) }
    },
  )

  app.post(
    base,
    { config, schema: { summary: 'Create a principal', body: NewPrincipalBody, response: { 201: NewCredentials } } },
    async (request, reply) => {
      const { tenantId } = tenantCallerOf(request)
      const wanted = parseNewPrincipal(parseJson(decodeText(bodyOf(request))), clock())
      const { principalId, clientSecret } = await registerPrincipal(registrar, {
        accountType: 'tenant',
        accountId: tenantId,
        ...wanted,
      })
      const principal = await get(tenantId, principalId)
      return reply.code(201).send({ ...toWireServicePrincipal(principal), clientSecret })
    },
  )

  app.patch(
    `${base}/:id`,
    {
      config,
      schema: { summary: 'Let a principal expire', body: ExpiryBody, response: { 200: WireServicePrincipal } },
    },
    async request => {
      const caller = tenantCallerOf(request)
      const principal = await get(caller.tenantId, idOf(request.params))
      const expiresAt = parseExpiryBody(parseJson(decodeText(bodyOf(request))), clock())
      if (principal.id === caller.principalId) throw ownAccess()
      await setPrincipalExpiry(store, caller.tenantId, principal.id, expiresAt)
      return toWireServicePrincipal(await get(caller.tenantId, principal.id))
    },
  )

  app.post(
    `${base}/:id/rotate`,
    {
      config,
      schema: { summary: 'Give a principal a new secret', body: RotationBody, response: { 200: NewCredentials } },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const principal = await get(tenantId, idOf(request.params))
      const body = decodeText(bodyOf(request))
      const overlapMs = parseRotation(body.trim() === '' ? {} : parseJson(body))
      const clientSecret = await rotateSecret(registrar, principal.id, overlapMs)
      return { ...toWireServicePrincipal(principal), clientSecret }
    },
  )

  app.post(
    `${base}/:id/disable`,
    { config, schema: { summary: 'Disable a principal', response: { 200: WireServicePrincipal } } },
    async request => {
      const caller = tenantCallerOf(request)
      const principal = await get(caller.tenantId, idOf(request.params))
      if (principal.id === caller.principalId) throw ownAccess()
      await disablePrincipal(store, caller.tenantId, principal.id, clock())
      return toWireServicePrincipal(await get(caller.tenantId, principal.id))
    },
  )
}

function idOf(parameters: unknown): string {
  const { id } = parameters as { id: string }
  return parseUuid(id) ?? id
}

function ownAccess(): AppError {
  return new AppError('conflict', 'a principal cannot end its own access: use another one')
}
