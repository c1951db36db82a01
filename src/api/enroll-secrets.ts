import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { AppError } from '../model/errors.ts'
import { formatInstant } from '../model/time-range.ts'
import { dropNulls, firstError } from './body.ts'

// `/lake/v1/enroll-secrets`: what an agent shows to join a tenant. A moved fleet keeps its own, so one can be given.

export const WireEnrollSecret = Type.Object({
  id: Type.String(),
  name: Type.String(),
  secret: Type.String(),
  createdAt: Type.String(),
  disabledAt: Type.Optional(Type.String()),
})
export type WireEnrollSecret = Static<typeof WireEnrollSecret>

export const EnrollSecretList = Type.Object({ items: Type.Array(WireEnrollSecret) })

export const NewEnrollSecretBody = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 300 }),
  secret: Type.Optional(
    Type.String({ minLength: 16, maxLength: 255, pattern: '^[!-~]+$', description: 'absent: a random one' }),
  ),
})

const newEnrollSecretBody = Compile(NewEnrollSecretBody)

export function parseNewEnrollSecret(body: unknown): Static<typeof NewEnrollSecretBody> {
  const members = dropNulls(body)
  if (newEnrollSecretBody.Check(members)) return members
  throw new AppError('invalid_argument', firstError(newEnrollSecretBody.Errors(members)))
}

/** What `db/enroll-secrets.ts` keeps, as far as it is shown. */
export interface ShownEnrollSecret {
  readonly id: string
  readonly name: string
  readonly secret: string
  readonly createdAt: number
  readonly disabledAt: number | undefined
}

export function toWireEnrollSecret({ id, name, secret, createdAt, disabledAt }: ShownEnrollSecret): WireEnrollSecret {
  return {
    ...{ id, name, secret, createdAt: formatInstant(createdAt) },
    ...(disabledAt === undefined ? {} : { disabledAt: formatInstant(disabledAt) }),
  }
}
