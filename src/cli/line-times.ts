// When the events of result-log lines happened, read from their text: enough to tell a person where to look.

export interface TimeSpan {
  /** Seconds since the epoch, as osquery writes them. */
  readonly oldest: number
  readonly newest: number
}

const unixTimePattern = /"unixTime"\s*:\s*"?(\d{9,11})\b/g

/** The span of `unixTime` over the lines; undefined where none has one. */
export function timesOf(lines: Buffer): TimeSpan | undefined {
  let oldest = Number.POSITIVE_INFINITY
  let newest = Number.NEGATIVE_INFINITY
  for (const match of lines.toString('latin1').matchAll(unixTimePattern)) {
    const seconds = Number(match[1])
    if (seconds < oldest) oldest = seconds
    if (seconds > newest) newest = seconds
  }
  return newest < oldest ? undefined : { oldest, newest }
}

export function joinSpans(one: TimeSpan | undefined, other: TimeSpan | undefined): TimeSpan | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return { oldest: Math.min(one.oldest, other.oldest), newest: Math.max(one.newest, other.newest) }
}
