import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { AppError } from '../model/errors.ts'
import { formatInstant } from '../model/time-range.ts'
import { dropNulls, firstError } from './body.ts'
import { present } from './query-runs.ts'

// `/lake/v1/ingest-tokens`: one a source, good for nothing but storing rows of this tenant. The token is in the answer
// that made it and nowhere else.

export const WireIngestToken = Type.Object({
  id: Type.String(),
  name: Type.String({ description: 'the source it is for' }),
  createdAt: Type.String(),
  lastUsedAt: Type.Optional(Type.String({ description: 'to a minute' })),
  revokedAt: Type.Optional(Type.String()),
})
export type WireIngestToken = Static<typeof WireIngestToken>

export const IngestTokenList = Type.Object({ items: Type.Array(WireIngestToken) })

export const NewIngestToken = Type.Interface([WireIngestToken], {
  token: Type.String({ description: 'sent as a bearer token; shown this once' }),
})

export const NewIngestTokenBody = Type.Object({ name: Type.String({ minLength: 1, maxLength: 300 }) })

const newIngestTokenBody = Compile(NewIngestTokenBody)

export function parseNewIngestToken(body: unknown): Static<typeof NewIngestTokenBody> {
  const members = dropNulls(body)
  if (newIngestTokenBody.Check(members)) return members
  throw new AppError('invalid_argument', firstError(newIngestTokenBody.Errors(members)))
}

/** What `db/ingest-tokens.ts` keeps, as far as it is shown. */
export interface ShownIngestToken {
  readonly id: string
  readonly name: string
  readonly createdAt: number
  readonly lastUsedAt: number | undefined
  readonly revokedAt: number | undefined
}

export function toWireIngestToken({ id, name, createdAt, lastUsedAt, revokedAt }: ShownIngestToken): WireIngestToken {
  const instant = (ms: number | undefined) => (ms === undefined ? undefined : formatInstant(ms))
  return {
    ...{ id, name, createdAt: formatInstant(createdAt) },
    ...present({ lastUsedAt: instant(lastUsedAt), revokedAt: instant(revokedAt) }),
  }
}
