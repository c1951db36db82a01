import type { Clock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import type { Answer, ApiRequest, Transport } from './transport.ts'

// Calls in the name of one service principal: fetches a token, renews it before it ends, and after a 401 once more. Or
// in the name of a source, which has a token that does not end.

export interface Credentials {
  readonly clientId: string
  readonly clientSecret: string
}

export interface Session {
  /** As Transport.send, with the bearer token. A refused token is renewed once per request. */
  send(request: ApiRequest): Promise<Answer>
}

/** Calls in the name of a source: its ingest token is sent as it is, and only stores rows. */
export function openSourceSession(transport: Transport, ingestToken: string): Session {
  return {
    send: ({ headers, ...request }) =>
      transport.send({ ...request, headers: { ...headers, authorization: `Bearer ${ingestToken}` } }),
  }
}

/** A token is renewed this long before it ends. */
const marginMs = 60_000

interface Token {
  readonly value: string
  readonly endsAt: number
}

/** Requests at once share one token and one renewal. */
export function openSession(transport: Transport, credentials: Credentials, clock: Clock): Session {
  let current: Promise<Token> | undefined

  async function token(signal: AbortSignal | undefined): Promise<Token> {
    const seen = current
    const known = await seen
    if (known !== undefined && clock() < known.endsAt - marginMs) return known
    return renew(seen, signal)
  }

  /** Only the first of several callers that saw `stale` fetches; a failed fetch is forgotten. */
  function renew(stale: Promise<Token> | undefined, signal: AbortSignal | undefined): Promise<Token> {
    if (current !== stale && current !== undefined) return current
    const fresh = fetchToken(transport, credentials, clock, signal)
    current = fresh
    fresh.catch(() => {
      if (current === fresh) current = undefined
    })
    return fresh
  }

  function withToken(request: ApiRequest, { value }: Token): ApiRequest {
    return { ...request, headers: { ...request.headers, authorization: `Bearer ${value}` } }
  }

  return {
    async send(request) {
      const used = await token(request.signal)
      const answer = await transport.send(withToken(request, used), [401])
      if (answer.status !== 401) return answer
      // Where another caller has renewed it meanwhile, that token is the fresh one.
      const seen = current
      const isStale = seen === undefined || (await seen) === used
      const fresh = isStale ? await renew(seen, request.signal) : await token(request.signal)
      return transport.send(withToken(request, fresh))
    },
  }
}

/** RFC 6749 §4.4 with the secret in the body, as the wire contract's clients do. */
async function fetchToken(
  transport: Transport,
  credentials: Credentials,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<Token> {
  const askedAt = clock()
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    scope: 'token',
    client_id: credentials.clientId,
    client_secret: credentials.clientSecret,
  })
  const answer = await transport.send({
    method: 'POST',
    path: '/api/v2/oauth2/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
    isRepeatable: true,
    signal,
  })
  return parseToken(answer.text, askedAt)
}

function parseToken(text: string, askedAt: number): Token {
  const members = JSON.parse(text) as { access_token?: unknown; expires_in?: unknown }
  if (typeof members.access_token !== 'string' || typeof members.expires_in !== 'number') {
    throw new AppError('internal', 'the token service answered without a token')
  }
  return { value: members.access_token, endsAt: askedAt + members.expires_in * 1000 }
}
