import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { countParameter, type Parameters } from '../api/parameters.ts'
import { waitSecondsMax } from '../limits.ts'
import { isTerminal, type QueryRun } from '../model/query-run.ts'

// `GET …/runs/{id}?wait=30`: the answer comes when the run has ended or the time is over, whichever is first. Counts as
// one call. It ends early, with the run as it is, when the client is gone or the server stops.

/** Pauses grow by a quarter: where nobody tells of an end, it is heard at most that much later than it came. */
const firstPauseMs = 4
const pauseGrowth = 1.25
const pauseMsMax = 500

/** Milliseconds to wait; 0 without the parameter. Longer waits are cut to the bound. */
export function parseWait(parameters: Parameters): number {
  return Math.min(countParameter(parameters, 'wait', 0) ?? 0, waitSecondsMax) * 1000
}

/** Says when it may be time to ask again; what it returns ends that. */
export type Watch = (listener: () => void) => () => void

/** Asked for that rarely where `watch` tells: it may miss an end that came before it listened. */
const watchedPauseMs = 500

/** The run, asked for again when `watch` says so, until it has ended or `waitMs` has passed. */
export async function untilEnded(
  find: () => Promise<QueryRun>,
  waitMs: number,
  stopping: AbortSignal,
  socket: Socket,
  watch: Watch,
): Promise<QueryRun> {
  let wake: () => void = () => undefined
  let hasEnded = false
  const stopWatching = watch(() => {
    hasEnded = true
    wake()
  })
  try {
    let run = await find()
    for (let left = waitMs; left > 0 && !isTerminal(run.state); run = await find()) {
      const startedAt = performance.now()
      const pause = new AbortController()
      wake = () => pause.abort()
      if (hasEnded) wake()
      hasEnded = false
      const signal = AbortSignal.any([stopping, pause.signal])
      // Stopping is no failure: the client hears how far the run is.
      await delay(Math.min(watchedPauseMs, left), undefined, { signal }).catch(() => undefined)
      if (stopping.aborted || socket.destroyed) break
      left -= Math.max(1, Math.round(performance.now() - startedAt))
    }
    return run
  } finally {
    stopWatching()
  }
}

/** Whatever gets ready, asked for again with growing pauses until it is or `waitMs` has passed. */
export async function untilReady<Found>(
  find: () => Promise<Found>,
  isReady: (found: Found) => boolean,
  waitMs: number,
  stopping: AbortSignal,
  socket: Socket,
): Promise<Found> {
  let run = await find()
  let left = waitMs
  for (let pause = firstPauseMs; left > 0 && !isReady(run); pause = Math.min(pause * pauseGrowth, pauseMsMax)) {
    const ms = Math.min(pause, left)
    // Stopping is no failure: the client hears how far the run is.
    await delay(ms, undefined, { signal: stopping }).catch(() => undefined)
    if (stopping.aborted || socket.destroyed) break
    left -= ms
    run = await find()
  }
  return run
}
