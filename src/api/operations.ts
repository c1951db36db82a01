import Type from 'typebox'

// What the operator's routes answer.

export const Alive = Type.Object({ status: Type.Literal('alive') })

/** The same with 200 and with 503. */
export const Readiness = Type.Object({
  status: Type.Enum(['ready', 'not ready']),
  checks: Type.Record(
    Type.String(),
    Type.Object({ ok: Type.Boolean(), detail: Type.Optional(Type.String({ description: 'for an operator' })) }),
  ),
})

export const Version = Type.Object({ name: Type.String(), version: Type.String() })

/** RFC 7517 §5. */
export const KeySet = Type.Object({ keys: Type.Array(Type.Record(Type.String(), Type.Unknown())) })
