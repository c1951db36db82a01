import { AppError } from '../model/errors.ts'
import { failureOf, unreachable } from './failure.ts'

// One HTTP exchange with the API: repeats what may be repeated, a bounded number of times, and turns every other
// outcome into one error.

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  /** Members that are undefined are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer>
  /** True where sending it twice does no harm: then a lost connection is answered by a repeat. */
  readonly isRepeatable: boolean
  readonly signal?: AbortSignal | undefined
  /** True where a reply with a 2xx status is a file and not text. */
  readonly isFile?: boolean
}

export interface Answer {
  readonly status: number
  /** Empty where `file` is set. */
  readonly text: string
  readonly file?: Blob
}

/** The parts of the outside world a transport uses; tests bring their own. */
export interface TransportEffects {
  readonly fetch: typeof fetch
  /** Resolves after `ms`; rejects when `signal` aborts. */
  readonly wait: (ms: number, signal: AbortSignal | undefined) => Promise<void>
  /** From 0 to 1; spreads the repeats of many clients. */
  readonly random: () => number
}

export interface Transport {
  readonly origin: string
  /**
   * The answer with a 2xx status, or any status in `expected`. Errors: the server's refusal by its status;
   * `unavailable` when there was no answer after all repeats; `canceled` when the signal aborted.
   */
  send(request: ApiRequest, expected?: readonly number[]): Promise<Answer>
}

/** Repeats of one request after 429, 503 or a lost connection. */
const repeatsMax = 6
const firstWaitMs = 250
const waitMsMax = 30_000

export function openTransport(origin: string, effects: TransportEffects): Transport {
  const base = origin.replace(/\/+$/, '')
  return {
    origin: base,
    async send(request, expected = []) {
      for (let repeats = 0; ; repeats += 1) {
        const outcome = await exchange(base, request, effects)
        if (outcome.kind === 'answer' && isWanted(outcome.status, expected)) return outcome
        if (repeats >= repeatsMax || !mayRepeat(outcome, request)) throw errorOf(outcome, base)
        await wait(effects, waitMs(outcome, repeats, effects.random()), request.signal)
      }
    },
  }
}

type Outcome =
  | (Answer & { readonly kind: 'answer'; readonly retryAfterMs?: number })
  | { readonly kind: 'lost'; readonly cause: unknown }

async function exchange(base: string, request: ApiRequest, effects: TransportEffects): Promise<Outcome> {
  try {
    const response = await effects.fetch(urlOf(base, request), {
      method: request.method,
      headers: { accept: 'application/json', ...request.headers },
      body: request.body ?? null,
      signal: request.signal ?? null,
      redirect: 'error',
    })
    const body =
      request.isFile === true && response.ok
        ? { text: '', file: await response.blob() }
        : { text: await response.text() }
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
    const retryAfterMs = Number.isFinite(seconds) && seconds >= 0 ? { retryAfterMs: seconds * 1000 } : {}
    return { kind: 'answer', status: response.status, ...body, ...retryAfterMs }
  } catch (cause) {
    throwIfCanceled(request.signal)
    return { kind: 'lost', cause }
  }
}

function urlOf(base: string, request: ApiRequest): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) query.set(name, String(value))
  }
  return query.size === 0 ? `${base}${request.path}` : `${base}${request.path}?${query}`
}

function isWanted(status: number, expected: readonly number[]): boolean {
  return (status >= 200 && status < 300) || expected.includes(status)
}

/** 429 and 503 are refusals before any work; a lost connection says nothing, so only harmless requests go again. */
function mayRepeat(outcome: Outcome, request: ApiRequest): boolean {
  return outcome.kind === 'lost' ? request.isRepeatable : outcome.status === 429 || outcome.status === 503
}

/** The server's own wish where it has one, else doubling with full jitter above a floor of one half. */
function waitMs(outcome: Outcome, repeats: number, random: number): number {
  const wished = outcome.kind === 'answer' ? outcome.retryAfterMs : undefined
  return Math.min(waitMsMax, wished ?? firstWaitMs * 2 ** repeats * (0.5 + random / 2))
}

function errorOf(outcome: Outcome, base: string): AppError {
  return outcome.kind === 'lost' ? unreachable(base, outcome.cause) : failureOf(outcome.status, outcome.text)
}

async function wait(effects: TransportEffects, ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await effects.wait(ms, signal)
  } finally {
    throwIfCanceled(signal)
  }
}

function throwIfCanceled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AppError('canceled', 'canceled', { cause: signal.reason })
}
