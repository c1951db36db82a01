import type { Clock } from '../../model/clock.ts'

/**
 * Times of receipt for events that say none, in seconds with six decimals, no two alike: two such events that read the
 * same came at two times, and must not be taken for one that was sent again.
 */
export function openReceiptTimes(clock: Clock): () => string {
  let last = 0
  return () => {
    last = Math.max(clock() * 1000, last + 1)
    return `${Math.floor(last / 1_000_000)}.${String(last % 1_000_000).padStart(6, '0')}`
  }
}
