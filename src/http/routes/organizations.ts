import type { FastifyRequest } from 'fastify'
import { decodeText, parseJson } from '../../api/body.ts'
import { ManagedTenant, toManagedTenant } from '../../api/managed-tenants.ts'
import {
  NewOrganization,
  OrganizationList,
  parseNewOrganization,
  toWireOrganization,
  WireOrganization,
} from '../../api/organizations.ts'
import { NewCredentials, NewPrincipalBody, parseNewPrincipal, toWireServicePrincipal } from '../../api/principals.ts'
import { registerPrincipal } from '../../auth/register.ts'
import {
  findOrganization,
  insertOrganization,
  listOrganizations,
  putTenantOrganization,
} from '../../db/organizations.ts'
import { findPrincipal } from '../../db/principals.ts'
import { findTenant } from '../../db/tenants.ts'
import { AppError } from '../../model/errors.ts'
import { newId, parseUuid } from '../../model/ids.ts'
import type { Organization } from '../../model/organization.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { callerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'

// A partner groups its tenants into organizations and hands each its first principal; what the organization does from
// there is its own account's (principals.ts).

const base = '/lake/v1/organizations'
const reading = { kind: 'account', action: 'tenants.read' } as const
const writing = { kind: 'account', action: 'tenants.write' } as const
const granting = { kind: 'account', action: 'access.manage' } as const

export function organizationRoutes(app: App, deps: AppDependencies): void {
  const { store, clock } = deps

  /** An organization of another partner is not there. */
  async function get(request: FastifyRequest): Promise<Organization> {
    const found = await findOrganization(store, partnerOf(request), idIn(request, 'organizationId'))
    if (found === undefined) throw new AppError('not_found', 'there is no such organization')
    return found
  }

  app.get(
    base,
    { config: { access: reading }, schema: { summary: 'List organizations', response: { 200: OrganizationList } } },
    async request => ({ items: (await listOrganizations(store, partnerOf(request))).map(toWireOrganization) }),
  )

  app.post(
    base,
    {
      config: { access: writing, audit: 'organizations.create' },
      schema: { summary: 'Create an organization', body: NewOrganization, response: { 201: WireOrganization } },
    },
    async (request, reply) => {
      const partnerId = partnerOf(request)
      const { name } = parseNewOrganization(parseJson(decodeText(bodyOf(request))))
      const organization = { id: newId(), partnerId, name, createdAt: clock() }
      await insertOrganization(store, organization)
      request.audited = { target: organization.id, details: { name } }
      return reply.code(201).send(toWireOrganization(organization))
    },
  )

  app.post(
    `${base}/:organizationId/principals`,
    {
      config: { access: granting, audit: 'organizations.principal' },
      schema: {
        summary: 'Create a principal of an organization',
        body: NewPrincipalBody,
        response: { 201: NewCredentials },
      },
    },
    async (request, reply) => {
      const { id: accountId } = await get(request)
      const wanted = parseNewPrincipal(parseJson(decodeText(bodyOf(request))), clock())
      const made = await registerPrincipal(deps, { accountType: 'organization', accountId, ...wanted })
      const principal = await findPrincipal(store, made.principalId)
      if (principal === undefined) throw new AppError('internal', 'the new principal is not there')
      request.audited = { target: principal.id, details: { organizationId: accountId, ...wanted } }
      return reply.code(201).send({ ...toWireServicePrincipal(principal), clientSecret: made.clientSecret })
    },
  )

  const assign = async (request: FastifyRequest, isIn: boolean) => {
    const { id: organizationId } = await get(request)
    const tenantId = idIn(request, 'tenantId')
    const tenant = await findTenant(store, tenantId)
    const isThere = tenant?.partnerId === partnerOf(request) && (isIn || tenant.organizationId === organizationId)
    if (tenant === undefined || !isThere) throw new AppError('not_found', 'there is no such tenant')
    await putTenantOrganization(store, tenantId, isIn ? organizationId : undefined)
    request.audited = { tenantId, target: tenantId, details: { organizationId } }
    const { organizationId: _, ...rest } = tenant
    return toManagedTenant({ ...rest, organizationId: isIn ? organizationId : undefined })
  }
  const schema = (summary: string) => ({ summary, response: { 200: ManagedTenant } })
  app.put(
    `${base}/:organizationId/tenants/:tenantId`,
    { config: { access: writing, audit: 'organizations.tenant' }, schema: schema('Give an organization a tenant') },
    request => assign(request, true),
  )
  app.delete(
    `${base}/:organizationId/tenants/:tenantId`,
    {
      config: { access: writing, audit: 'organizations.tenant' },
      schema: schema('Take a tenant from an organization'),
    },
    request => assign(request, false),
  )
}

function partnerOf(request: FastifyRequest): string {
  const { accountType, accountId } = callerOf(request)
  if (accountType === 'partner') return accountId
  throw new AppError('permission_denied', 'only a partner has organizations', { details: { refused: 'account' } })
}

function idIn(request: FastifyRequest, name: 'organizationId' | 'tenantId'): string {
  const text = (request.params as Record<string, string>)[name] ?? ''
  return parseUuid(text) ?? ''
}
