import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { ackIdsAskedMax } from '../limits.ts'
import type { Parameters } from './parameters.ts'
import { textParameter } from './parameters.ts'

// The HTTP Event Collector's wire: what Splunk's own documents say under "Format events for HTTP Event Collector" and
// "services/collector" of its REST reference.

export const HecReply = Type.Object({
  text: Type.String(),
  code: Type.Integer({ description: '0: every event is durable' }),
  ackId: Type.Optional(Type.Integer({ description: 'where the request named a channel' })),
  rejectedCount: Type.Optional(
    Type.Integer({ description: 'events that no line could be made of (too long); kept for the operator' }),
  ),
})
export type HecReply = Static<typeof HecReply>

export const HecError = Type.Object({
  text: Type.String(),
  code: Type.Integer(),
  'invalid-event-number': Type.Optional(
    Type.Integer({ description: 'from 0: the events before it are durable, it and those behind it are not taken' }),
  ),
})
export type HecError = Static<typeof HecError>

const asked = { channel: 'for acknowledgements', host: '', source: '', sourcetype: '', index: '' }
const isDefault = 'for events that do not say it'

export const HecQuery = Type.Object(
  Object.fromEntries(
    Object.entries(asked).map(([name, description]) => [
      name,
      Type.Optional(Type.String({ description: description || isDefault })),
    ]),
  ),
)

/** What a request says beside its body; empty texts are none. */
export interface HecFacts {
  readonly channel: string | undefined
  readonly host: string | undefined
  readonly source: string | undefined
  readonly sourcetype: string | undefined
  readonly index: string | undefined
}

/** The channel's header comes before the parameter of that name. */
export function parseHecFacts(query: Parameters, channelHeader: unknown): HecFacts {
  const text = (name: keyof HecFacts) => textParameter(query, name) || undefined
  const channel = typeof channelHeader === 'string' && channelHeader !== '' ? channelHeader : text('channel')
  return {
    channel,
    ...{ host: text('host'), source: text('source'), sourcetype: text('sourcetype'), index: text('index') },
  }
}

/** A GUID says the document; clients also send their token, which here is none. */
export function isHecChannel(channel: string): boolean {
  return /^[\w.:{}-]{1,128}$/.test(channel)
}

export const HecAcksBody = Type.Object({
  acks: Type.Array(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), { maxItems: ackIdsAskedMax }),
})
export const HecAcksReply = Type.Object({ acks: Type.Record(Type.String(), Type.Boolean()) })

const hecAcksBody = Compile(HecAcksBody)

/** The ids asked about; undefined: the body is none of that kind. */
export function parseHecAcks(text: string): readonly number[] | undefined {
  try {
    const body: unknown = JSON.parse(text)
    return hecAcksBody.Check(body) ? body.acks : undefined
  } catch {
    return undefined
  }
}
