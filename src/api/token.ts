import Type, { type Static } from 'typebox'
import { AppError } from '../model/errors.ts'

// The token service's request and reply. A form and JSON are both accepted, told apart by the body's first byte and not
// by the content type, which clients set wrongly; credentials come in the body or by HTTP Basic.

/** Exactly these seven: a known client's constructor accepts no other. */
export const TokenReply = Type.Object({
  access_token: Type.String(),
  errorCode: Type.Literal('success'),
  expires_in: Type.Integer({ description: 'seconds' }),
  message: Type.Literal('OK'),
  refresh_token: Type.String(),
  token_type: Type.Literal('bearer'),
  trackingId: Type.String(),
})
export type TokenReply = Static<typeof TokenReply>

export const TokenBody = Type.Object({
  grant_type: Type.Enum(['client_credentials', 'refresh_token']),
  client_id: Type.Optional(Type.String({ description: 'here or by HTTP Basic' })),
  client_secret: Type.Optional(Type.String({ description: 'here or by HTTP Basic' })),
  scope: Type.Optional(Type.Literal('token')),
  refresh_token: Type.Optional(Type.String()),
})

const names = ['grant_type', 'client_id', 'client_secret', 'scope', 'refresh_token'] as const
type Name = (typeof names)[number]

/** What a request holds; absent and empty members are undefined (RFC 6749 §3.2). */
export interface TokenFields {
  readonly grantType: string | undefined
  readonly clientId: string | undefined
  readonly clientSecret: string | undefined
  readonly scope: string | undefined
  readonly refreshToken: string | undefined
}

/**
 * The request's members from its body and its `Authorization` header. Throws `invalid_argument` with
 * `details.oauth = 'invalid_request'` for a malformed or contradictory request.
 */
export function parseTokenRequest(body: string, authorization: string | undefined): TokenFields {
  const fields = body.trimStart().startsWith('{') ? parseJsonFields(body) : parseFormFields(body)
  const basic = authorization === undefined ? undefined : parseBasic(authorization)
  return {
    grantType: fields.get('grant_type'),
    clientId: agreed('client_id', basic?.clientId, fields.get('client_id')),
    clientSecret: agreed('client_secret', basic?.clientSecret, fields.get('client_secret')),
    scope: fields.get('scope'),
    refreshToken: fields.get('refresh_token'),
  }
}

function parseFormFields(body: string): ReadonlyMap<Name, string> {
  const form = new URLSearchParams(body)
  const fields = new Map<Name, string>()
  for (const name of names) {
    const values = form.getAll(name)
    // RFC 6749 §3.2: parameters must not be included more than once.
    if (values.length > 1) throw malformed(`${name} is given more than once`)
    if (values[0] !== undefined && values[0] !== '') fields.set(name, values[0])
  }
  return fields
}

function parseJsonFields(body: string): ReadonlyMap<Name, string> {
  let members: Record<string, unknown>
  try {
    members = JSON.parse(body)
  } catch {
    throw malformed('the body is neither a form nor JSON')
  }
  const fields = new Map<Name, string>()
  for (const name of names) {
    const value = members[name]
    if (value === undefined || value === null || value === '') continue
    if (typeof value !== 'string') throw malformed(`${name} must be a string`)
    fields.set(name, value)
  }
  return fields
}

/** RFC 6749 §2.3.1: both halves are form-encoded before they are joined. Other schemes are not ours to judge. */
function parseBasic(authorization: string): { clientId: string; clientSecret: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=]+) *$/i.exec(authorization)?.[1]
  if (encoded === undefined) return undefined
  const decoded = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  if (colon < 0) throw malformed('the Basic credentials have no colon')
  return { clientId: formDecode(decoded.slice(0, colon)), clientSecret: formDecode(decoded.slice(colon + 1)) }
}

function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

/** RFC 6749 §2.3: one way of authentication a request; the same credentials twice do no harm. */
function agreed(name: Name, fromBasic: string | undefined, fromBody: string | undefined): string | undefined {
  if (fromBasic !== undefined && fromBody !== undefined && fromBasic !== fromBody) {
    throw malformed(`${name} differs between the Authorization header and the body`)
  }
  return fromBasic === '' ? fromBody : (fromBasic ?? fromBody)
}

function malformed(message: string): AppError {
  return new AppError('invalid_argument', message, { details: { oauth: 'invalid_request' } })
}
