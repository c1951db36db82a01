import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { failedLoginsPerAddressMax, failedLoginsPerMinuteMax } from '../../limits.ts'
import type { Clock } from '../../model/clock.ts'
import { AppError } from '../../model/errors.ts'
import type { Caller } from '../../model/principal.ts'
import { formatInstant } from '../../model/time-range.ts'
import type { CallLimits } from '../dependencies.ts'

// Windows over calls, kept in memory: a restart forgets them. They count per (principal, tenant), so a partner that
// walks over hundreds of tenants is not one busy caller. A refusal says which window and until when.

export interface CallCounter {
  /** Counts one call; throws `rate_limited` when a window is full. */
  count(caller: Caller, tenantId: string | undefined): Promise<void>
  /** Counts one started run, beside the call. */
  countRun(caller: Caller, tenantId: string): Promise<void>
  /** Counts one live run of the tenant, beside the call: hosts are asked, whoever asks them. */
  countLiveRun(tenantId: string): Promise<void>
}

interface Window {
  readonly name: string
  readonly limiter: RateLimiterMemory
}

export function openCallCounter(limits: CallLimits | undefined, clock: Clock): CallCounter {
  const calls = [
    ...openWindow('second', limits?.perSecond, 1),
    ...openWindow('hour', limits?.perHour, 3_600),
    ...openWindow('day', limits?.perDay, 86_400),
  ]
  const minute = openWindow('minute', limits?.perMinute, 60)
  const burst = openWindow('burst', limits?.burst, 300)
  const runs = [
    ...openWindow('runs-minute', limits?.runsPerMinute, 60),
    ...openWindow('runs-day', limits?.runsPerDay, 86_400),
  ]
  const liveRuns = [
    ...openWindow('live-runs-minute', limits?.liveRunsPerMinute, 60),
    ...openWindow('live-runs-day', limits?.liveRunsPerDay, 86_400),
  ]
  return {
    async count(caller, tenantId) {
      const key = `${caller.principalId}/${tenantId ?? caller.accountId}`
      for (const window of calls) await take(window, key, clock)
      await takeFromEither(minute, burst, key, clock)
    },
    async countRun(caller, tenantId) {
      for (const window of runs) await take(window, `${caller.principalId}/${tenantId}`, clock)
    },
    async countLiveRun(tenantId) {
      for (const window of liveRuns) await take(window, tenantId, clock)
    },
  }
}

function openWindow(name: string, points: number | undefined, duration: number): readonly Window[] {
  return points === undefined || points === 0 ? [] : [{ name, limiter: new RateLimiterMemory({ points, duration }) }]
}

/** The burst window holds what the first one cannot; a call is refused when both are full. */
async function takeFromEither(
  first: readonly Window[],
  burst: readonly Window[],
  key: string,
  clock: Clock,
): Promise<void> {
  for (const window of first) {
    try {
      await take(window, key, clock)
    } catch (error) {
      const reserve = burst[0]
      if (reserve === undefined || !(await isTaken(reserve, key))) throw error
    }
  }
}

async function isTaken(window: Window, key: string): Promise<boolean> {
  return (await refusalOf(window.limiter, key)) === undefined
}

async function take(window: Window, key: string, clock: Clock): Promise<void> {
  const refusal = await refusalOf(window.limiter, key)
  if (refusal !== undefined) throw rateLimited(window.name, window.limiter.points, refusal.msBeforeNext, clock)
}

/** undefined when the call was counted. The library throws its result object to say no. */
async function refusalOf(limiter: RateLimiterMemory, key: string): Promise<RateLimiterRes | undefined> {
  try {
    await limiter.consume(key)
    return undefined
  } catch (thrown) {
    if (thrown instanceof RateLimiterRes) return thrown
    throw thrown
  }
}

function rateLimited(window: string, limit: number, waitMs: number, clock: Clock): AppError {
  const until = formatInstant(clock() + waitMs)
  return new AppError('rate_limited', `too many calls: window '${window}' allows ${limit}, try again at ${until}`, {
    details: { window, limit, until, retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) },
  })
}

export interface LoginThrottle {
  /** Throws `rate_limited` when this client id from this address, or the address, has failed too often. */
  check(clientId: string, address: string): Promise<void>
  countFailure(clientId: string, address: string): Promise<void>
}

/**
 * Slows down guessing. Only failures count, so an honest client is never slowed by its own logins; and a client id is
 * only ever closed to one address, so nobody can lock out another. Unknown client ids count like known ones.
 * only ever closed to one address, so nobody can lock out another. Unknown client ids count like known ones.
 */
export function openLoginThrottle(clock: Clock): LoginThrottle {
  const pairs = new RateLimiterMemory({ points: failedLoginsPerMinuteMax, duration: 60 })
  const addresses = new RateLimiterMemory({ points: failedLoginsPerAddressMax, duration: 60 })
  const pairKey = (clientId: string, address: string) => `${address} ${clientId.slice(0, 64)}`
  return {
    async check(clientId, address) {
      for (const [limiter, key] of [
        [pairs, pairKey(clientId, address)],
        [addresses, address],
      ] as const) {
        const state = await limiter.get(key)
        if (state === null || state.consumedPoints < limiter.points) continue
        throw rateLimited('failed logins', limiter.points, state.msBeforeNext, clock)
      }
    },
    async countFailure(clientId, address) {
      await refusalOf(pairs, pairKey(clientId, address))
      await refusalOf(addresses, address)
    },
  }
}
