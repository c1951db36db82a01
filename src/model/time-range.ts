// Ranges of time are half-open everywhere inside: start inclusive, end exclusive, milliseconds since the epoch.
// The wire's inclusive `to` is converted in api/.

export interface TimeRange {
  /** Inclusive. */
  readonly start: number
  /** Exclusive; undefined: no upper bound. */
  readonly end: number | undefined
}

export const dayMs = 86_400_000

/** `YYYY-MM-DDTHH:MM:SS.mmmZ`, exactly three fraction digits: several clients cut or match at fixed places. */
export function formatInstant(ms: number): string {
  return new Date(ms).toISOString()
}
