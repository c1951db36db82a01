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
  labels: Type.Array(Type.String(), { description: 'given to hosts that enrol with it' }),
  environment: Type.Optional(Type.String()),
})
export type WireEnrollSecret = Static<typeof WireEnrollSecret>

export const EnrollSecretList = Type.Object({ items: Type.Array(WireEnrollSecret) })

export const NewEnrollSecretBody = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 300 }),
  secret: Type.Optional(
    Type.String({
      ...{ minLength: 8, maxLength: 255, pattern: '^[!-~]+$' },
      description: 'absent: a random one, which nobody guesses',
    }),
  ),
  labels: Type.Optional(Type.Array(Type.String(), { maxItems: 20 })),
  environment: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$',
      description: "id of osctrl's environment: its agents have `/<id>/enroll` and so on as paths",
    }),
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
  readonly labels: readonly string[]
  readonly environment: string | undefined
}

export function toWireEnrollSecret(shown: ShownEnrollSecret): WireEnrollSecret {
  const { id, name, secret, createdAt, disabledAt, labels, environment } = shown
  return {
    ...{ id, name, secret, createdAt: formatInstant(createdAt) },
    ...(disabledAt === undefined ? {} : { disabledAt: formatInstant(disabledAt) }),
    labels: [...labels],
    ...(environment === undefined ? {} : { environment }),
  }
}
