import Type, { type Static } from 'typebox'

// The error bodies of the three kinds of routes. Which status goes with what is known in http/ only.

/** Of every route of the vendor's API but the token service. Never has a null member. */
export const XdrError = Type.Object({
  error: Type.String({ description: 'a code-like word' }),
  message: Type.String(),
  correlationId: Type.String(),
  requestId: Type.String(),
  createdAt: Type.String(),
  code: Type.String({ description: 'the HTTP status, as a string' }),
  details: Type.Optional(Type.Unknown({ description: 'facts to act on: a position in SQL, a limit, seconds to wait' })),
})
export type XdrError = Static<typeof XdrError>

/** Of the token service: exactly these three. */
export const TokenError = Type.Object({
  errorCode: Type.String({ description: '`oauth.` and the error word of RFC 6749 §5.2' }),
  message: Type.String(),
  trackingId: Type.String(),
})
export type TokenError = Static<typeof TokenError>

/** RFC 9457, of everything below `/lake/v1` and of the operator's routes. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  code: Type.String({ description: 'what kind of error it is; a closed list' }),
  requestId: Type.String(),
  details: Type.Optional(Type.Unknown()),
})
export type Problem = Static<typeof Problem>
