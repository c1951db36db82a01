import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { AppError } from '../model/errors.ts'
import type { Organization } from '../model/organization.ts'
import { formatInstant } from '../model/time-range.ts'
import { dropNulls, firstError } from './body.ts'

// `/lake/v1/organizations`: what a partner groups its tenants into.

export const WireOrganization = Type.Object({ id: Type.String(), name: Type.String(), createdAt: Type.String() })

export const OrganizationList = Type.Object({ items: Type.Array(WireOrganization) })

export const NewOrganization = Type.Object({ name: Type.String({ minLength: 1, maxLength: 300 }) })

const newOrganization = Compile(NewOrganization)

export function parseNewOrganization(body: unknown): Static<typeof NewOrganization> {
  const members = dropNulls(body)
  if (newOrganization.Check(members)) return { name: members.name }
  throw new AppError('invalid_argument', firstError(newOrganization.Errors(members)))
}

export function toWireOrganization({ id, name, createdAt }: Organization): Static<typeof WireOrganization> {
  return { id, name, createdAt: formatInstant(createdAt) }
}
