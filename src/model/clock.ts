// The only reader of the wall clock. Everything else is handed a `Clock`, so that a test owns time.

/** Milliseconds since the Unix epoch, UTC. */
export type Clock = () => number

export const systemClock: Clock = () => Date.now()
