import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../../model/clock.ts'

// Time as an agent has it: passed in, so that a test runs at any speed. What a server takes to answer is real time.

export interface AgentEffects {
  readonly clock: Clock
  /** Resolves when the clock has gone on by `ms`, or at once when the signal aborts; never rejects. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
}

/** The clock's own time. */
export function realTime(clock: Clock): AgentEffects {
  return fastTime(clock, 1)
}

/** `clock` must run `factor` times as fast as real time. */
export function fastTime(clock: Clock, factor: number): AgentEffects {
  return {
    clock,
    async wait(ms, signal) {
      if (signal.aborted) return
      await delay(ms / factor, undefined, { signal }).catch(() => {})
    },
  }
}
