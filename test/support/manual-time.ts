import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AgentEffects } from '../../src/simulator/agent/agent-effects.ts'

// Time that goes on only when a test says so.

export interface ManualTime extends AgentEffects {
  /** Every wait that was asked for, in ms, in order. */
  readonly waits: readonly number[]
  /** How many wait now. */
  readonly waiting: number
  /** Resolves when `count` wait at once: everything else has come to rest. */
  rest(count: number): Promise<void>
  /**
   * Goes on by `ms`, stopping at every wait that ends in between until `count` wait again: whatever it led to, requests
   * and all, is done by then.
   */
  advance(ms: number, count: number): Promise<void>
}

interface Waiter {
  readonly dueAt: number
  end(): void
}

/** Real time that something may take to come to rest. */
const restMsMax = 20_000

export function manualTime(start: number): ManualTime {
  let now = start
  const waits: number[] = []
  const waiters = new Set<Waiter>()

  async function rest(count: number): Promise<void> {
    const patience = performance.now() + restMsMax
    while (waiters.size < count) {
      if (performance.now() > patience) throw new Error(`${waiters.size} of ${count} wait`)
      await nextTurn()
    }
  }

  return {
    clock: () => now,
    waits,
    get waiting() {
      return waiters.size
    },
    wait(ms, signal) {
      waits.push(ms)
      if (signal.aborted) return Promise.resolve()
      return new Promise(resolve => {
        const waiter: Waiter = {
          dueAt: now + ms,
          end() {
            waiters.delete(waiter)
            signal.removeEventListener('abort', waiter.end)
            resolve()
          },
        }
        waiters.add(waiter)
        signal.addEventListener('abort', waiter.end)
      })
    },
    rest,
    async advance(ms, count) {
      const until = now + ms
      await rest(count)
      for (;;) {
        const [next] = [...waiters].sort((one, other) => one.dueAt - other.dueAt)
        if (next === undefined || next.dueAt > until) break
        now = Math.max(now, next.dueAt)
        next.end()
        await rest(count)
      }
      now = until
    },
  }
}

/** Waits are over at once, and have taken their time by the clock. */
export function skippedTime(start: number): AgentEffects & { readonly waits: readonly number[] } {
  let now = start
  const waits: number[] = []
  return {
    clock: () => now,
    waits,
    async wait(ms) {
      waits.push(ms)
      now += ms
    },
  }
}
