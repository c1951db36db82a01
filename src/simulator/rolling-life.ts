import type { SimulatedHost } from './hosts.ts'
import { liveProcesses, type Process } from './processes.ts'
import { openRandom } from './random.ts'

// What runs on a machine whose agent runs with no end in sight: drawn an hour at a time, as the time comes.

export interface RollingLife {
  /**
   * Every process up to `now` (seconds) and the rest of its hour, in order of their start; those that ended more than
   * a day before may be gone. `now` never goes back by more than that.
   */
  processesAt(now: number): readonly Process[]
}

const hourSeconds = 3_600
const keptSeconds = 24 * hourSeconds

/** `start` in seconds: the agent's first look. The same seed, host and start live the same life. */
export function openRollingLife(host: SimulatedHost, seed: string, start: number): RollingLife {
  let end = Math.floor(start / hourSeconds) * hourSeconds
  let processes: readonly Process[] = []

  function liveAnHour(): void {
    const span = { start: end, end: end + hourSeconds }
    const random = openRandom(`${seed}/${host.identifier}/${end}`)
    const kept = processes.filter(process => process.endedAt > end - keptSeconds)
    processes = [...kept, ...liveProcesses(host, random, span, [], kept)]
    end = span.end
  }

  return {
    processesAt(now) {
      // A clock that jumps ahead by days skips what nobody looked at.
      if (now - end > keptSeconds) end = Math.floor(now / hourSeconds) * hourSeconds
      while (end <= now) liveAnHour()
      return processes
    },
  }
}
