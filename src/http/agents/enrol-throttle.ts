import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { rightSecretRememberedMs, secretsRememberedMax, wrongSecretsPerAddressMax } from '../../limits.ts'
import type { Clock } from '../../model/clock.ts'
import { AppError } from '../../model/errors.ts'
import { sha256Hex } from '../../model/ids.ts'

// Slows down guessing of enroll secrets. A fleet behind one address may have thousands of agents with one wrong secret,
// which are no guesses: so each wrong secret counts once. A guesser has ever new ones, and is refused when there were
// too many; even then a secret that has enrolled from that address passes, so that a guesser inside a network cannot
// lock its fleet out.

export interface EnrolThrottle {
  /** Throws `rate_limited` where the address has guessed too often and the secret is not one it has enrolled with. */
  check(address: string, secret: string): Promise<void>
  /** The secret let an agent in. */
  passed(address: string, secret: string): void
  /** It did not. */
  failed(address: string, secret: string): Promise<void>
}

const windowSeconds = 60

export function openEnrolThrottle(clock: Clock): EnrolThrottle {
  const guesses = new RateLimiterMemory({ points: wrongSecretsPerAddressMax, duration: windowSeconds })
  /** `<address> <hash>` → when it passed. */
  const right = new Map<string, number>()
  const wrong = new Map<string, number>()
  const keyOf = (address: string, secret: string) => `${address} ${sha256Hex(secret)}`

  function remember(map: Map<string, number>, key: string): void {
    map.delete(key)
    if (map.size >= secretsRememberedMax) map.delete(map.keys().next().value!)
    map.set(key, clock())
  }

  return {
    async check(address, secret) {
      const state = await guesses.get(address)
      if (state === null || state.consumedPoints < guesses.points) return
      const passedAt = right.get(keyOf(address, secret))
      if (passedAt !== undefined && clock() - passedAt < rightSecretRememberedMs) return
      throw new AppError('rate_limited', 'too many wrong enroll secrets from this address', {
        details: { retryAfterSeconds: Math.max(1, Math.ceil(state.msBeforeNext / 1000)) },
      })
    },
    passed: (address, secret) => remember(right, keyOf(address, secret)),
    async failed(address, secret) {
      const key = keyOf(address, secret)
      const before = wrong.get(key)
      remember(wrong, key)
      if (before !== undefined && clock() - before < windowSeconds * 1000) return
      // The library throws its result object to say that there are too many.
      await guesses.consume(address).catch((thrown: unknown) => {
        if (!(thrown instanceof RateLimiterRes)) throw thrown
      })
    },
  }
}
