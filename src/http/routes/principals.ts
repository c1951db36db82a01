import type { FastifyRequest } from 'fastify'
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
import type { Store } from '../../db/db.ts'
import { disablePrincipal, findPrincipal, listPrincipals, setPrincipalExpiry } from '../../db/principals.ts'
import { AppError } from '../../model/errors.ts'
import { parseUuid } from '../../model/ids.ts'
import type { Principal } from '../../model/principal.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { callerOf, tenantCallerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'
import type { RouteAccess } from '../route-access.ts'

// The service principals of a tenant, and those of the caller's own partner or organization: list, create, expire,
// rotate, disable. Nobody can end the access it calls with, so nobody locks itself out by one call.

/** What principals belong to, and where the routes about them are. */
interface Place {
  readonly base: string
  readonly of: string
  readonly access: RouteAccess
  readonly account: (request: FastifyRequest) => Pick<Principal, 'accountType' | 'accountId'>
}

const places: readonly Place[] = [
  {
    base: '/lake/v1/principals',
    of: 'of a tenant',
    access: { kind: 'tenant', action: 'access.manage' },
    account: request => ({ accountType: 'tenant', accountId: tenantCallerOf(request).tenantId }),
  },
  {
    base: '/lake/v1/account/principals',
    of: "of the caller's account",
    access: { kind: 'account', action: 'access.manage' },
    account: callerOf,
  },
]

export function principalRoutes(app: App, deps: AppDependencies): void {
  for (const place of places) {
    creation(app, deps, place)
    changes(app, deps, place)
  }
}

/** A principal of another account is not there. */
async function getPrincipal(store: Store, accountId: string, principalId: string): Promise<Principal> {
  const principal = await findPrincipal(store, principalId)
  if (principal?.accountId !== accountId) throw new AppError('not_found', 'there is no such principal')
  return principal
}

function creation(app: App, deps: AppDependencies, { base, of, access, account }: Place): void {
  const { store, clock } = deps
  app.get(
    base,
    { config: { access }, schema: { summary: `List principals ${of}`, response: { 200: ServicePrincipalList } } },
    async request => {
      const principals = await listPrincipals(store, account(request).accountId)
      return { items: principals.map(toWireServicePrincipal) }
    },
  )

  app.post(
    base,
    {
      config: { access, audit: 'principals.create' },
      schema: { summary: `Create a principal ${of}`, body: NewPrincipalBody, response: { 201: NewCredentials } },
    },
    async (request, reply) => {
      const { accountType, accountId } = account(request)
      const wanted = parseNewPrincipal(parseJson(decodeText(bodyOf(request))), clock())
      const { principalId, clientSecret } = await registerPrincipal(deps, { accountType, accountId, ...wanted })
      request.audited = { target: principalId, details: { name: wanted.name, role: wanted.role } }
      const principal = await getPrincipal(store, accountId, principalId)
      return reply.code(201).send({ ...toWireServicePrincipal(principal), clientSecret })
    },
  )
}

function changes(app: App, deps: AppDependencies, { base, of, access, account }: Place): void {
  const { store, clock } = deps

  app.patch(
    `${base}/:id`,
    {
      config: { access, audit: 'principals.expire' },
      schema: { summary: `Let a principal ${of} expire`, body: ExpiryBody, response: { 200: WireServicePrincipal } },
    },
    async request => {
      const { accountId } = account(request)
      const principal = await getPrincipal(store, accountId, idOf(request.params))
      const expiresAt = parseExpiryBody(parseJson(decodeText(bodyOf(request))), clock())
      if (principal.id === callerOf(request).principalId) throw ownAccess()
      await setPrincipalExpiry(store, accountId, principal.id, expiresAt)
      request.audited = { target: principal.id, details: expiresAt === undefined ? {} : { expiresAt } }
      return toWireServicePrincipal(await getPrincipal(store, accountId, principal.id))
    },
  )

  app.post(
    `${base}/:id/rotate`,
    {
      config: { access, audit: 'principals.rotate' },
      schema: {
        summary: `Give a principal ${of} a new secret`,
        body: RotationBody,
        response: { 200: NewCredentials },
      },
    },
    async request => {
      const principal = await getPrincipal(store, account(request).accountId, idOf(request.params))
      const body = decodeText(bodyOf(request))
      const overlapMs = parseRotation(body.trim() === '' ? {} : parseJson(body))
      const clientSecret = await rotateSecret(deps, principal.id, overlapMs)
      request.audited = { target: principal.id, details: { overlapSeconds: overlapMs / 1000 } }
      return { ...toWireServicePrincipal(principal), clientSecret }
    },
  )

  app.post(
    `${base}/:id/disable`,
    {
      config: { access, audit: 'principals.disable' },
      schema: { summary: `Disable a principal ${of}`, response: { 200: WireServicePrincipal } },
    },
    async request => {
      const { accountId } = account(request)
      const principal = await getPrincipal(store, accountId, idOf(request.params))
      if (principal.id === callerOf(request).principalId) throw ownAccess()
      await disablePrincipal(store, accountId, principal.id, clock())
      request.audited = { target: principal.id }
      return toWireServicePrincipal(await getPrincipal(store, accountId, principal.id))
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
