import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { AppError } from '../model/errors.ts'
import type { Principal } from '../model/principal.ts'
import { roles } from '../model/role.ts'
import { formatInstant } from '../model/time-range.ts'
import { dropNulls, firstError } from './body.ts'
import { present } from './query-runs.ts'
import { parseInstantText } from './time.ts'

// `/lake/v1/principals`: the service principals of one tenant. A secret is in the answer that made it and nowhere else.

export const WireServicePrincipal = Type.Object({
  id: Type.String(),
  clientId: Type.String(),
  name: Type.String(),
  role: Type.Enum([...roles]),
  createdAt: Type.String(),
  expiresAt: Type.Optional(Type.String({ description: 'absent: never' })),
  disabledAt: Type.Optional(Type.String()),
})
export type WireServicePrincipal = Static<typeof WireServicePrincipal>

export const ServicePrincipalList = Type.Object({ items: Type.Array(WireServicePrincipal) })

/** With its secret, which is shown this once. */
export const NewCredentials = Type.Interface([WireServicePrincipal], { clientSecret: Type.String() })

export function toWireServicePrincipal(principal: Principal): WireServicePrincipal {
  const { id, clientId, name, role, createdAt, expiresAt, disabledAt } = principal
  return {
    ...{ id, clientId, name, role, createdAt: formatInstant(createdAt) },
    ...present({
      expiresAt: expiresAt === undefined ? undefined : formatInstant(expiresAt),
      disabledAt: disabledAt === undefined ? undefined : formatInstant(disabledAt),
    }),
  }
}

export const NewPrincipalBody = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 300 }),
  role: Type.Enum([...roles]),
  expiresAt: Type.Optional(Type.String({ description: 'UTC timestamp; absent: never' })),
})

export const ExpiryBody = Type.Object({
  expiresAt: Type.Union([Type.String(), Type.Null()], { description: 'UTC timestamp; null: never' }),
})

const overlapSecondsMax = 30 * 86_400

export const RotationBody = Type.Object({
  overlapSeconds: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: overlapSecondsMax,
      description: 'how long older secrets stay valid; default 0',
    }),
  ),
})

const newPrincipalBody = Compile(NewPrincipalBody)
const expiryBody = Compile(ExpiryBody)
const rotationBody = Compile(RotationBody)

/** `expiresAt` in ms; it must lie in the future. */
export function parseNewPrincipal(body: unknown, now: number) {
  const members = dropNulls(body)
  if (!newPrincipalBody.Check(members)) throw refuse(firstError(newPrincipalBody.Errors(members)))
  const { name, role } = members
  return { name, role, ...present({ expiresAt: parseExpiry(members.expiresAt, now) }) }
}

/** The new end in ms; undefined: never. A body that does not say which must not make access endless. */
export function parseExpiryBody(body: unknown, now: number): number | undefined {
  if (!expiryBody.Check(body)) throw refuse('expiresAt must be a UTC timestamp in the future, or null for never')
  return parseExpiry(body.expiresAt ?? undefined, now)
}

/** How long older secrets stay valid, ms. */
export function parseRotation(body: unknown): number {
  const members = dropNulls(body)
  if (!rotationBody.Check(members)) throw refuse(firstError(rotationBody.Errors(members)))
  return (members.overlapSeconds ?? 0) * 1000
}

function parseExpiry(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined
  const at = parseInstantText(text)
  if (at === undefined || at <= now) throw refuse('expiresAt must be a UTC timestamp in the future')
  return at
}

function refuse(message: string): AppError {
  return new AppError('invalid_argument', message)
}
