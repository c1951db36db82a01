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
    wait(ms, signal) {
      if (signal.aborted) return Promise.resolve()
      // Thousands of agents wait all the time: no error is made for the few that are woken.
      return new Promise(resolve => {
        const end = (): void => {
          clearTimeout(timer)
          signal.removeEventListener('abort', end)
          resolve()
        }
        const timer = setTimeout(end, ms / factor)
        signal.addEventListener('abort', end)
      })
    },
  }
}
