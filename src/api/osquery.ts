import Type from 'typebox'

// osquery's remote protocol, for the reference: what is taken of a body, and more leniently than a schema can say, is
// the business of osquery/. Agents look at no status.

const nodeKey = { node_key: Type.Optional(Type.String({ description: 'or in `Authorization: NodeKey …`' })) }

export const AgentEnrolBody = Type.Object({
  enroll_secret: Type.String(),
  host_identifier: Type.Optional(Type.String()),
  platform_type: Type.Optional(Type.String({ description: 'a number of bits, as text' })),
  host_details: Type.Optional(Type.Object({}, { additionalProperties: true })),
})

/** An agent that must enroll, or whose enrolment was refused: told with status 200, as osquery reads nothing else. */
const AgentRefused = Type.Object({
  error: Type.String(),
  node_invalid: Type.Literal(true),
  requestId: Type.String(),
})

export const AgentEnrolReply = Type.Union([Type.Object({ node_key: Type.String() }), AgentRefused])

export const AgentKeyBody = Type.Object(nodeKey)

export const AgentConfigReply = Type.Object({}, { additionalProperties: true, description: "osquery's configuration" })

export const AgentLogBody = Type.Object({
  ...nodeKey,
  log_type: Type.Enum(['result', 'status']),
  data: Type.Array(Type.Object({}, { additionalProperties: true })),
})

export const AgentReadReply = Type.Union([
  Type.Object({
    queries: Type.Record(Type.String(), Type.String()),
    discovery: Type.Optional(Type.Record(Type.String(), Type.String())),
    accelerate: Type.Optional(Type.Integer({ description: 'seconds' })),
  }),
  AgentRefused,
])

export const AgentWriteBody = Type.Object({
  ...nodeKey,
  queries: Type.Record(Type.String(), Type.Array(Type.Object({}, { additionalProperties: true }))),
  statuses: Type.Optional(Type.Record(Type.String(), Type.Integer())),
  messages: Type.Optional(Type.Record(Type.String(), Type.String())),
})

export const AgentDone = Type.Object({})

/** Every answer that is none of the above: whatever the status, and only this is looked at. */
export const AgentError = Type.Object({
  error: Type.String(),
  requestId: Type.String(),
  node_invalid: Type.Optional(Type.Literal(true, { description: 'the agent must enrol (again)' })),
})
